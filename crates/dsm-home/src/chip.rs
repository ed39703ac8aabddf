//! The chip of a wallet: where it is reached, and how a wallet is bound to it.
//!
//! The file `chip` says where. It is no secret, and nothing rests on it: whatever answers there must hold the key and the counter that the wallet's
//! own name commits to.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use dsm_anchor::{Device, Socket, Tpm, TpmAbsorber, TpmError, Wire};
use dsm_log::{AbsorbError, Anchor, Chip};
use dsm_store::{FileKv, StoreError, Wallet};

use crate::{Home, HomeError};

/// The file that says where the chip is.
const CHIP: &str = "chip";
/// The longest line that says where a chip is.
const MAX_PLACE: u64 = 4096;

/// Where a TPM is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChipPlace {
    /// A device of the system, as `/dev/tpmrm0`.
    Device(PathBuf),
    /// An emulator that takes commands on a socket, `tcp:ADDRESS:PORT`.
    Socket(SocketAddr),
}

impl ChipPlace {
    /// The kernel's resource manager, where most machines have it.
    pub const USUAL: &str = "/dev/tpmrm0";

    fn wire(&self) -> io::Result<AnyWire> {
        match self {
            Self::Device(path) => Device::open(path).map(AnyWire::Device),
            Self::Socket(address) => Socket::connect(*address).map(AnyWire::Socket),
        }
    }
}

impl FromStr for ChipPlace {
    type Err = NoChipPlace;

    fn from_str(text: &str) -> Result<Self, NoChipPlace> {
        match text.strip_prefix("tcp:") {
            Some(address) => address.parse().map(Self::Socket).map_err(|_| NoChipPlace),
            None if text.starts_with('/') => Ok(Self::Device(PathBuf::from(text))),
            None => Err(NoChipPlace),
        }
    }
}

impl fmt::Display for ChipPlace {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => write!(to, "{}", path.display()),
            Self::Socket(address) => write!(to, "tcp:{address}"),
        }
    }
}

/// No chip is reached in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoChipPlace;

impl fmt::Display for NoChipPlace {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "a chip is reached at a path as {}, or at tcp:ADDRESS:PORT", ChipPlace::USUAL)
    }
}

impl std::error::Error for NoChipPlace {}

/// Either way to a chip.
#[derive(Debug)]
pub enum AnyWire {
    /// Of the system.
    Device(Device),
    /// Of an emulator.
    Socket(Socket),
}

impl Wire for AnyWire {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Self::Device(wire) => wire.exchange(command),
            Self::Socket(wire) => wire.exchange(command),
        }
    }
}

impl Home {
    fn chip_path(&self) -> PathBuf {
        self.path().join(CHIP)
    }

    fn chip(&self, place: impl fmt::Display, source: impl Into<TpmError>) -> HomeError {
        HomeError::Chip { place: place.to_string(), source: source.into() }
    }

    fn ended(&self, source: AbsorbError) -> HomeError {
        HomeError::Ended { path: self.path().to_owned(), source }
    }

    /// Makes a key and a counter in a chip, for a wallet that is about to be made.
    pub(crate) fn provision(&self, place: &ChipPlace) -> Result<Anchor, HomeError> {
        let wire = place.wire().map_err(|error| self.chip(place, error))?;
        let tpm = Tpm::provision_beside(wire).map_err(|error| self.chip(place, error))?;
        Ok(Anchor::Tpm2 { chip: tpm.chip().clone() })
    }

    /// Says where the chip of the wallet is from now on.
    ///
    /// # Errors
    /// What the system says.
    pub fn write_chip(&self, place: &ChipPlace) -> Result<(), HomeError> {
        self.replace(CHIP, format!("{place}\n").as_bytes())
    }

    /// Where the chip of the wallet is.
    ///
    /// # Errors
    /// [`HomeError::ChipPlace`].
    pub fn chip_place(&self) -> Result<ChipPlace, HomeError> {
        let path = self.chip_path();
        let mut text = String::new();
        let read =
            File::open(&path).and_then(|file| file.take(MAX_PLACE).read_to_string(&mut text));
        let place = read.ok().and_then(|_| text.trim_end().parse().ok());
        place.ok_or(HomeError::ChipPlace { path })
    }

    /// The chip of a wallet, loaded; none if it has none.
    ///
    /// # Errors
    /// It cannot be reached, or is another one.
    pub fn tpm(&self, wallet: &Wallet<FileKv>) -> Result<Option<Tpm<AnyWire>>, HomeError> {
        let Some(chip) = wallet.founding().descriptor.anchor.chip() else { return Ok(None) };
        self.load(chip).map(Some)
    }

    fn load(&self, chip: &Chip) -> Result<Tpm<AnyWire>, HomeError> {
        let place = self.chip_place()?;
        let wire = place.wire().map_err(|error| self.chip(&place, error))?;
        Tpm::load(wire, chip.clone()).map_err(|error| match error {
            TpmError::Foreign => self.ended(AbsorbError::Foreign),
            error => self.chip(&place, error),
        })
    }

    /// The wallet with its chip, if it has one: what was written before a crash is absorbed.
    pub(crate) fn anchored(&self, wallet: Wallet<FileKv>) -> Result<Wallet<FileKv>, HomeError> {
        let Some(tpm) = self.tpm(&wallet)? else { return Ok(wallet) };
        wallet.anchored(Box::new(TpmAbsorber::new(tpm))).map_err(|error| match error {
            StoreError::Chip(error @ (AbsorbError::Ended { .. } | AbsorbError::Foreign)) => {
                self.ended(error)
            }
            error => HomeError::Store { path: self.path().to_owned(), source: error },
        })
    }
}
