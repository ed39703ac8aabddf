//! Bitcoin's networks: what differs between their rules, and where a chain of each begins (`spec/headers.md`,
//! networks).

use dsm_encoding::choice;

use crate::waypoint::{Times, Waypoint};
use crate::{BlockHash, Header, Target, Work};

/// How many blocks one target lasts.
pub const PERIOD: u32 = 2016;

/// A network of Bitcoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BitcoinNetwork {
    /// The network whose coins have a price.
    Main,
    /// The fourth network for trials: anybody mines.
    Testnet4,
    /// A network for trials whose blocks are signed. All signets share their first block and these rules; who may
    /// sign (the challenge) stands in no header, so headers alone do not prove it.
    Signet,
    /// The network of one machine: a block takes two hashes.
    Regtest,
}
choice! { BitcoinNetwork { 0 => Main {}, 1 => Testnet4 {}, 2 => Signet {}, 3 => Regtest {} } }

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The easiest target, compact.
    pub(crate) limit: u32,
    /// Whether the target changes after a period.
    pub(crate) retargets: bool,
    /// Whether a block twenty minutes after the one before may have the easiest target.
    pub(crate) min_difficulty: bool,
    /// Whether the target of a period follows from its first block's, and its first time is bounded (BIP 94).
    pub(crate) bip94: bool,
    /// The heights from which a version of at least 2, 3 and 4 is needed (BIP 34, 66, 65).
    pub(crate) versions: [u32; 3],
}

impl BitcoinNetwork {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Main, Self::Testnet4, Self::Signet, Self::Regtest];

    pub(crate) const fn rules(self) -> Rules {
        let (limit, retargets, min_difficulty, bip94) = match self {
            Self::Main => (0x1d00_ffff, true, false, false),
            Self::Testnet4 => (0x1d00_ffff, true, true, true),
            Self::Signet => (0x1e03_77ae, true, false, false),
            Self::Regtest => (0x207f_ffff, false, true, false),
        };
        let versions = match self {
            Self::Main => [227_931, 363_725, 388_381],
            Self::Testnet4 | Self::Signet | Self::Regtest => [1, 1, 1],
        };
        Rules { limit, retargets, min_difficulty, bip94, versions }
    }

    /// The first block's header (Bitcoin Core, `chainparams.cpp`).
    #[must_use]
    pub fn genesis(self) -> Header {
        const SATOSHI: [u8; 32] = [
            0x3b, 0xa3, 0xed, 0xfd, 0x7a, 0x7b, 0x12, 0xb2, 0x7a, 0xc7, 0x2c, 0x3e, 0x67, 0x76,
            0x8f, 0x61, 0x7f, 0xc8, 0x1b, 0xc3, 0x88, 0x8a, 0x51, 0x32, 0x3a, 0x9f, 0xb8, 0xaa,
            0x4b, 0x1e, 0x5e, 0x4a,
        ];
        const TESTNET4: [u8; 32] = [
            0x4e, 0x7b, 0x2b, 0x91, 0x28, 0xfe, 0x02, 0x91, 0xdb, 0x06, 0x93, 0xaf, 0x2a, 0xe4,
            0x18, 0xb7, 0x67, 0xe6, 0x57, 0xcd, 0x40, 0x7e, 0x80, 0xcb, 0x14, 0x34, 0x22, 0x1e,
            0xae, 0xa7, 0xa0, 0x7a,
        ];
        let (merkle_root, time, nonce) = match self {
            Self::Main => (SATOSHI, 1_231_006_505, 2_083_236_893),
            Self::Testnet4 => (TESTNET4, 1_714_777_860, 393_743_547),
            Self::Signet => (SATOSHI, 1_598_918_400, 52_613_770),
            Self::Regtest => (SATOSHI, 1_296_688_602, 2),
        };
        let previous = BlockHash([0; 32]);
        Header { version: 1, previous, merkle_root, time, bits: self.rules().limit, nonce }
    }

    /// Where a chain begins that was told nothing: on the main network the block at height 822,528 of 22 December
    /// 2023, elsewhere the first block. That this block is in Bitcoin's chain is believed because it stands here.
    #[must_use]
    pub fn checkpoint(self) -> Waypoint {
        match self {
            Self::Main => main_checkpoint(),
            Self::Testnet4 | Self::Signet | Self::Regtest => Waypoint::genesis(self),
        }
    }
}

/// The first block of a period, with the work of all before it, as published with the wallets of the project
/// bitcoinj. The times of the ten blocks before it are not known; see [`Times`].
fn main_checkpoint() -> Waypoint {
    let header = Header {
        version: 0x3fff_e000,
        previous: BlockHash([
            0x82, 0xf7, 0xaa, 0xcf, 0x60, 0xfa, 0xc3, 0x87, 0x3b, 0x0b, 0xea, 0xde, 0x61, 0xd0,
            0x70, 0x16, 0x39, 0x09, 0x0a, 0xe5, 0xf4, 0x78, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00,
        ]),
        merkle_root: [
            0xac, 0xbc, 0x1b, 0x33, 0x81, 0xc6, 0x71, 0xb2, 0xb7, 0x75, 0x3b, 0xb2, 0x25, 0x2d,
            0x3e, 0xbd, 0x69, 0x00, 0x48, 0x6e, 0xc8, 0x15, 0x3c, 0xeb, 0x10, 0xe9, 0x54, 0xa8,
            0x6e, 0x3f, 0x9e, 0x14,
        ],
        time: 0x6586_7868,
        bits: 0x1703_e8b3,
        nonce: 0x4916_17f5,
    };
    Waypoint::first_of_period(822_528, &header, Work::from(0x624c_5a3c_876e_3e6f_ffd9_c800))
}

impl Waypoint {
    /// The first block of a network.
    #[must_use]
    pub fn genesis(network: BitcoinNetwork) -> Self {
        let header = network.genesis();
        let work = Target::from_compact(header.bits).map_or(Work::NONE, |target| target.work());
        Self::first_of_period(0, &header, work)
    }

    /// The first block of a period, of which nothing before is known but the work of all up to it.
    fn first_of_period(height: u32, header: &Header, work: Work) -> Self {
        Self {
            height,
            hash: header.hash(),
            bits: header.bits,
            times: Times::of(header.time),
            period_time: header.time,
            period_bits: header.bits,
            hard_bits: header.bits,
            work,
        }
    }
}
