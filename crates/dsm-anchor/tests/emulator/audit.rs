//! Audit sessions of which everything can be otherwise than the driver has it.

use dsm_anchor::Socket;
use dsm_crypto::{ChipSignature, Digest, sha256};
use dsm_log::Chip;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::raw::{ENDORSEMENT, NULL, password, send, sized, sized_at, u32_at};
use crate::shown::Quoted;

/// Attributes: it goes on; what it audits begins anew; it decrypts what it is told; it encrypts what it answers; it audits.
pub(crate) const GOES_ON: u8 = 0x01;
pub(crate) const ANEW: u8 = 0x04;
pub(crate) const DECRYPTS: u8 = 0x20;
pub(crate) const ENCRYPTS: u8 = 0x40;
pub(crate) const AUDITS: u8 = 0x80;

pub(crate) const STIR_RANDOM: u32 = 0x146;
pub(crate) const NV_READ: u32 = 0x14e;
pub(crate) const NV_INCREMENT: u32 = 0x134;

/// How a session begins: its kind, and its cipher.
pub(crate) const HMAC: u8 = 0;
pub(crate) const POLICY: u8 = 1;
pub(crate) const NO_CIPHER: [u8; 2] = [0, 0x10];
pub(crate) const CIPHER: [u8; 6] = [0, 6, 0, 0x80, 0, 0x43];

/// A session, and the digest that the chip must hold.
#[derive(Clone)]
pub(crate) struct Audited {
    pub(crate) handle: u32,
    pub(crate) nonce: Vec<u8>,
    pub(crate) digest: [u8; 32],
    /// Every digest that it ever had.
    pub(crate) starts: Vec<[u8; 32]>,
}

impl Audited {
    pub(crate) fn begin(wire: &mut Socket) -> Self {
        Self::begin_as(wire, HMAC, &NO_CIPHER)
    }

    pub(crate) fn begin_as(wire: &mut Socket, kind: u8, cipher: &[u8]) -> Self {
        let parameters = [&sized(&[7; 32])[..], &[0, 0], &[kind], cipher, &[0, 0x0b]].concat();
        let begun = send(wire, 0x176, &[NULL, NULL], &[], &parameters).expect("a session");
        let nonce = sized_at(&begun, 4).to_vec();
        Self { handle: u32_at(&begun, 0), nonce, digest: [0; 32], starts: vec![[0; 32]] }
    }

    /// What authorises one command, once.
    pub(crate) fn authorise(
        &self,
        code: u32,
        attributes: u8,
        names: &[u8],
        parameters: &[u8],
    ) -> Vec<u8> {
        let command = sha256(&[&code.to_be_bytes(), names, parameters]);
        let ours = [9; 32];
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&[]).expect("any key");
        let mac = mac.chain_update(command).chain_update(ours).chain_update(&self.nonce);
        let mac = mac.chain_update([attributes]).finalize().into_bytes();
        [&self.handle.to_be_bytes()[..], &sized(&ours), &[attributes], &sized(&mac)].concat()
    }

    /// Says something, with other sessions before this one; gives the parameters of the answer.
    pub(crate) fn say(
        &mut self,
        wire: &mut Socket,
        (code, attributes): (u32, u8),
        (handles, names): (&[u32], &[u8]),
        before: &[Vec<u8>],
        parameters: &[u8],
    ) -> Result<Vec<u8>, u32> {
        let command = sha256(&[&code.to_be_bytes(), names, parameters]);
        let own = self.authorise(code, attributes, names, parameters);
        let sessions = [before, &[own]].concat();
        let answer = send(wire, code, handles, &sessions, parameters)?;
        let length = u32_at(&answer, 0) as usize;
        let said = answer[4..4 + length].to_vec();
        // A password's part is five bytes: no nonce, attributes, no MAC.
        self.nonce = sized_at(&answer, 4 + length + 5 * before.len()).to_vec();
        if attributes & AUDITS != 0 {
            let from = if attributes & ANEW == 0 { self.digest } else { [0; 32] };
            let response = sha256(&[&[0; 4], &code.to_be_bytes(), &said]);
            self.digest = sha256(&[&from, &command, &response]);
            self.starts.push(self.digest);
        }
        Ok(said)
    }

    pub(crate) fn read(&mut self, wire: &mut Socket, chip: &Chip) -> Result<Vec<u8>, u32> {
        self.read_as(wire, chip, GOES_ON | AUDITS)
    }

    pub(crate) fn read_as(
        &mut self,
        wire: &mut Socket,
        chip: &Chip,
        attributes: u8,
    ) -> Result<Vec<u8>, u32> {
        let names = chip.counter_name().repeat(2);
        let at = (&[chip.counter; 2][..], &names[..]);
        self.say(wire, (NV_READ, attributes), at, &[], &[0, 8, 0, 0])
    }

    pub(crate) fn stir(&mut self, wire: &mut Socket, head: Digest) -> Result<(), u32> {
        self.stir_as(wire, head, GOES_ON | AUDITS)
    }

    pub(crate) fn stir_as(
        &mut self,
        wire: &mut Socket,
        head: Digest,
        attributes: u8,
    ) -> Result<(), u32> {
        let at = (&[][..], &[][..]);
        self.say(wire, (STIR_RANDOM, attributes), at, &[], &sized(head.as_bytes())).map(drop)
    }

    pub(crate) fn increment(&mut self, wire: &mut Socket, chip: &Chip) -> Result<(), u32> {
        self.increment_as(wire, chip, GOES_ON | AUDITS)
    }

    pub(crate) fn increment_as(
        &mut self,
        wire: &mut Socket,
        chip: &Chip,
        attributes: u8,
    ) -> Result<(), u32> {
        let names = chip.counter_name().repeat(2);
        let at = (&[chip.counter; 2][..], &names[..]);
        self.say(wire, (NV_INCREMENT, attributes), at, &[], &[]).map(drop)
    }

    /// Reads, stirs, increments, reads: as an honest wallet does.
    pub(crate) fn absorb(
        &mut self,
        wire: &mut Socket,
        chip: &Chip,
        head: Digest,
    ) -> Result<(), u32> {
        self.read(wire, chip)?;
        self.stir(wire, head)?;
        self.increment(wire, chip)?;
        self.read(wire, chip).map(drop)
    }

    /// Has a key sign the digest.
    pub(crate) fn quote(&self, wire: &mut Socket, key: u32) -> Result<Quoted, u32> {
        quote(wire, key, self.handle)
    }
}

pub(crate) fn quote(wire: &mut Socket, key: u32, session: u32) -> Result<Quoted, u32> {
    let handles = [ENDORSEMENT, key, session];
    let signed = send(wire, 0x14d, &handles, &[password(), password()], &[0, 0, 0, 0x10])?;
    let attestation = sized_at(&signed, 4).to_vec();
    let at = 4 + 2 + attestation.len() + 4;
    let r = sized_at(&signed, at).to_vec();
    let s = sized_at(&signed, at + 2 + r.len()).to_vec();
    let wide = |number: &[u8]| [&vec![0; 32 - number.len()][..], number].concat();
    let signature = ChipSignature::from_bytes(&[wide(&r), wide(&s)].concat()).expect("64 bytes");
    Ok((attestation, signature))
}
