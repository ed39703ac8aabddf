//! A chip's endorsement: its certificates, the key that they name, and the answer to a challenge.

use dsm_crypto::ChipKey;

use super::room::{Kind, with_room};
use super::{Tpm, TpmError, create, fresh_nonce, padded, say};
use crate::challenge::{CIPHERTEXT, POINT, SEALED};
use crate::command::{Answer, Code, ENDORSEMENT, NULL, password, sized};
use crate::{EndorsementKey, Wire, area};

/// Where makers leave the certificate of the key on P-256, and of the RSA key (PC Client credential profile).
const CERTIFICATES: [u32; 2] = [0x01c0_000a, 0x01c0_0002];
/// Where they leave the certificates above it, one after the other, over as many indices as that takes.
const CHAIN: std::ops::Range<u32> = 0x01c0_0100..0x01c0_0110;
/// The longest content of an index that is read, and how much at a time: less than any chip's limit.
const MAX_INDEX: usize = 4096;
const PIECE: u16 = 512;
/// The most bytes of a chain.
const MAX_CHAIN: usize = 16 * 1024;
/// A session that begins as a policy.
const POLICY: u8 = 1;

/// The kinds of endorsement keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndorsementKind {
    /// ECC on P-256.
    P256,
    /// RSA of 2048 bits.
    Rsa2048,
}

impl<W: Wire> Tpm<W> {
    /// The endorsement certificate that the maker left in the chip, for the key on P-256 rather than for the RSA key, and what it left of
    /// the chain above, as DER. Nothing of it is checked here: [`crate::Makers::check`] does that.
    ///
    /// # Errors
    /// [`TpmError::Unendorsed`] if there is none.
    pub fn certificates(&mut self) -> Result<Vec<Vec<u8>>, TpmError> {
        let mut own = None;
        for index in CERTIFICATES {
            if own.is_none() {
                own = self.content(index)?.and_then(|bytes| split(&bytes).into_iter().next());
            }
        }
        let mut all = vec![own.ok_or(TpmError::Unendorsed)?];
        let mut above = Vec::new();
        for index in CHAIN {
            let Some(bytes) = self.content(index)? else { break };
            above.extend(bytes);
            if above.len() > MAX_CHAIN {
                return Err(TpmError::Malformed);
            }
        }
        all.extend(split(&above));
        Ok(all)
    }

    /// The endorsement key that the chip makes by the default template. Whose certificate names another one cannot answer for it.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn endorsement_key(&mut self, kind: EndorsementKind) -> Result<EndorsementKey, TpmError> {
        let (handle, key) = self.endorsement(kind)?;
        self.flush(handle)?;
        Ok(key)
    }

    /// Answers a challenge: the secret that was sealed for this chip and its key, 32 bytes.
    ///
    /// # Errors
    /// [`TpmError::Refused`] if it is for another chip or key; [`TpmError::Malformed`] if it has another length.
    pub fn activate(&mut self, credential: &[u8]) -> Result<[u8; 32], TpmError> {
        let kind = match credential.len().checked_sub(SEALED) {
            Some(POINT) => EndorsementKind::P256,
            Some(CIPHERTEXT) => EndorsementKind::Rsa2048,
            _ => return Err(TpmError::Malformed),
        };
        let (handle, _) = self.endorsement(kind)?;
        let opened = self.open(handle, credential);
        self.flush(handle)?;
        let opened = opened?;
        let secret = Answer::new(&opened).sized()?;
        secret.try_into().map_err(|_| TpmError::Malformed)
    }

    /// Opens a credential by the loaded endorsement key.
    fn open(&mut self, handle: u32, credential: &[u8]) -> Result<Vec<u8>, TpmError> {
        let session = self.policy()?;
        let permitted = self.permit(session);
        // Used once: it ends with the command, unless that is refused.
        let once = [&session.to_be_bytes()[..], &[0, 0], &[0], &[0, 0]].concat();
        let handles = [self.key, handle];
        let sessions = [password(), once];
        let opened = permitted.and_then(|()| {
            say(&mut self.wire, Code::ActivateCredential, &handles, &sessions, credential)
        });
        if opened.is_err() {
            self.flush(session)?;
        }
        opened
    }

    fn policy(&mut self) -> Result<u32, TpmError> {
        let nonce = sized(&fresh_nonce()?);
        let parameters = [&nonce[..], &[0, 0], &[POLICY], &[0, 0x10], &[0, 0x0b]].concat();
        let begun = with_room(&mut self.wire, Kind::Sessions, &[], |wire| {
            say(wire, Code::StartAuthSession, &[NULL, NULL], &[], &parameters)
        })?;
        Ok(Answer::new(&begun).u32()?)
    }

    /// Shows the session that one knows the secret of the endorsement hierarchy, which is empty.
    fn permit(&mut self, session: u32) -> Result<(), TpmError> {
        let handles = [ENDORSEMENT, session];
        say(&mut self.wire, Code::PolicySecret, &handles, &[password()], &[0; 10]).map(drop)
    }

    fn endorsement(&mut self, kind: EndorsementKind) -> Result<(u32, EndorsementKey), TpmError> {
        let template = match kind {
            EndorsementKind::P256 => area::endorsing_p256(),
            EndorsementKind::Rsa2048 => area::endorsing_rsa(),
        };
        let kept = [self.key];
        let (handle, public) = with_room(&mut self.wire, Kind::Keys, &kept, |wire| {
            create(wire, ENDORSEMENT, &template)
        })?;
        let key = public_key(kind, &template, &public);
        if key.is_err() {
            self.flush(handle)?;
        }
        Ok((handle, key?))
    }

    fn flush(&mut self, handle: u32) -> Result<(), TpmError> {
        say(&mut self.wire, Code::FlushContext, &[], &[], &handle.to_be_bytes()).map(drop)
    }

    /// What an index holds; nothing if it is not there.
    fn content(&mut self, index: u32) -> Result<Option<Vec<u8>>, TpmError> {
        let public = match say(&mut self.wire, Code::NvReadPublic, &[index], &[], &[]) {
            Ok(public) => public,
            Err(TpmError::Refused(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut from = Answer::new(Answer::new(&public).sized()?);
        let (_, _, _, _) = (from.u32()?, from.u16()?, from.u32()?, from.sized()?);
        let length = usize::from(from.u16()?);
        if length > MAX_INDEX {
            return Err(TpmError::Malformed);
        }
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let left = u16::try_from(length.saturating_sub(bytes.len())).unwrap_or(PIECE);
            let offset = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
            let what = [left.min(PIECE).to_be_bytes(), offset.to_be_bytes()].concat();
            let piece = say(&mut self.wire, Code::NvRead, &[index, index], &[password()], &what)?;
            let piece = Answer::new(&piece).sized()?;
            if piece.is_empty() {
                return Err(TpmError::Malformed);
            }
            bytes.extend(piece);
        }
        Ok(Some(bytes))
    }
}

/// The key in a public area, which begins as its template does.
fn public_key(
    kind: EndorsementKind,
    template: &[u8],
    public: &[u8],
) -> Result<EndorsementKey, TpmError> {
    let unique = match kind {
        EndorsementKind::P256 => 68,
        EndorsementKind::Rsa2048 => 258,
    };
    let fixed = template.len().checked_sub(unique).ok_or(TpmError::Malformed)?;
    let mut from = Answer::new(public);
    if Some(from.take(fixed)?) != template.get(..fixed) {
        return Err(TpmError::Malformed);
    }
    match kind {
        EndorsementKind::P256 => {
            let point = [padded(from.sized()?)?, padded(from.sized()?)?].concat();
            let point = ChipKey::from_bytes(&point).map_err(|_| TpmError::Malformed)?;
            Ok(EndorsementKey::P256(point))
        }
        EndorsementKind::Rsa2048 => {
            let modulus: [u8; 256] = from.sized()?.try_into().map_err(|_| TpmError::Malformed)?;
            Ok(EndorsementKey::Rsa2048(Box::new(modulus)))
        }
    }
}

/// Certificates that lie one after the other, as far as they have the form: what fills up an index does not.
fn split(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    while let [0x30, 0x82, high, low, ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low])).saturating_add(4);
        let Some((own, rest)) = bytes.split_at_checked(length) else { break };
        all.push(own.to_vec());
        bytes = rest;
    }
    all
}
