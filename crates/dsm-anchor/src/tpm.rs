//! A TPM 2.0: its key and counter, and how heads are absorbed (`spec/anchors.md`, absorbing).

mod endorsement;

use std::thread::sleep;
use std::time::Duration;

use dsm_crypto::{ChipKey, ChipSignature, Digest, sha256};
use dsm_log::{BadEvidence, Chip, ChipEvidence};

use crate::command::{
    Answer, Code, ENDORSEMENT, Malformed, NULL, OWNER, answer, command, password, sized,
};
use crate::{Session, Wire, area};

pub use endorsement::EndorsementKind;

mod room;

use room::{Kind, with_room};

/// Where a counter lies if nobody says otherwise.
pub(crate) const COUNTER: u32 = 0x0180_d5d0;
/// How many wallets may share a chip.
const COUNTERS: usize = 16;
/// An answer that says that there is an index already.
const DEFINED: u32 = 0x14c;
/// Answers that ask to be asked again: rate of writing, retry, testing, yielded.
const AGAIN: [u32; 4] = [0x920, 0x922, 0x90a, 0x908];
/// How often and how long one waits then.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(50);

/// Why a chip does not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TpmError {
    /// It cannot be reached.
    #[error("the chip cannot be reached: {0}")]
    Wire(#[from] std::io::Error),
    /// It answered with an error of its own.
    #[error("the chip refuses with code {0:#x}")]
    Refused(u32),
    /// Its answer does not have its form.
    #[error("the chip's answer does not have its form")]
    Malformed,
    /// Its counter is not where it should be: somebody else moved it, or the files here are a copy.
    #[error("the chip's counter is at {found}, not at {wanted}: this log cannot go on")]
    Moved {
        /// Where it is.
        found: u64,
        /// Where it should be.
        wanted: u64,
    },
    /// It holds another key or counter than the descriptor names: it was cleared or replaced.
    #[error("this is not the chip of this device, or it was cleared")]
    Foreign,
    /// Its maker left no certificate in it.
    #[error("the chip holds no endorsement certificate")]
    Unendorsed,
    /// Every place for a counter is taken.
    #[error("every place for a wallet's counter is taken in this chip")]
    Full,
    /// What it attested does not verify.
    #[error("the chip attested something else: {0}")]
    Evidence(BadEvidence),
    /// The system gives no fresh bytes.
    #[error("the system gives no fresh bytes: {0}")]
    Fresh(getrandom::Error),
}

impl TpmError {
    /// Whether it says something of the moment, and nothing of what the chip holds: it has not started, is testing itself, has no room, or cannot
    /// write now.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Refused(0x100 | 0x101 | 0x901..=0x90a | 0x920..=0x923))
    }
}

impl From<Malformed> for TpmError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// A chip, its key loaded.
#[derive(Debug)]
pub struct Tpm<W: Wire> {
    wire: W,
    key: u32,
    chip: Chip,
}

impl<W: Wire> Drop for Tpm<W> {
    fn drop(&mut self) {
        // Whoever comes next finds it in the way; if the chip is gone, nobody does.
        let _ = say(&mut self.wire, Code::FlushContext, &[], &[], &self.key.to_be_bytes());
    }
}

impl<W: Wire> Tpm<W> {
    /// Makes the key and a fresh counter in place of any at this handle, and increments it once.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn provision(wire: W, counter: Option<u32>) -> Result<Self, TpmError> {
        let counter = counter.unwrap_or(COUNTER);
        let mut tpm = Self::keyed(wire)?;
        // Whatever was there ends; its value is never reached again.
        let _ = say(&mut tpm.wire, Code::NvUndefineSpace, &[OWNER, counter], &[password()], &[]);
        tpm.define(counter)?;
        Ok(tpm)
    }

    /// The same with a counter beside all that the chip has: another wallet may have one.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn provision_beside(wire: W) -> Result<Self, TpmError> {
        let mut tpm = Self::keyed(wire)?;
        for counter in (COUNTER..).take(COUNTERS) {
            // It is not looked for a free place first: somebody else may look at once.
            match tpm.define(counter) {
                Err(TpmError::Refused(DEFINED)) => {}
                done => return done.map(|()| tpm),
            }
        }
        Err(TpmError::Full)
    }

    /// A chip with its key, and no counter yet.
    fn keyed(mut wire: W) -> Result<Self, TpmError> {
        let (key, public) = create_key(&mut wire)?;
        Ok(Self { wire, key, chip: Chip { key: public, counter: 0, first_value: 0 } })
    }

    /// Defines a counter where none is, and increments it once.
    fn define(&mut self, counter: u32) -> Result<(), TpmError> {
        let public_area =
            [&counter.to_be_bytes()[..], &[0, 0x0b], &[0x02, 0x04, 0x00, 0x14], &[0, 0], &[0, 8]]
                .concat();
        let define = [&[0, 0][..], &sized(&public_area)].concat();
        say(&mut self.wire, Code::NvDefineSpace, &[OWNER], &[password()], &define)?;
        say(&mut self.wire, Code::NvIncrement, &[counter, counter], &[password()], &[])?;
        let first_value = read(&mut self.wire, counter)?;
        self.chip = Chip { counter, first_value, ..self.chip.clone() };
        Ok(())
    }

    /// Loads the key of a chip that was made before, and looks whether it is that one.
    ///
    /// # Errors
    /// [`TpmError::Foreign`] if its key or counter is another one.
    pub fn load(mut wire: W, chip: Chip) -> Result<Self, TpmError> {
        let (key, public) = create_key(&mut wire)?;
        let found = say(&mut wire, Code::NvReadPublic, &[chip.counter], &[], &[]);
        let found = found.map_err(|error| match error {
            TpmError::Refused(_) if !error.is_passing() => TpmError::Foreign,
            other => other,
        })?;
        let mut from = Answer::new(&found);
        let (_, name) = (from.sized()?, from.sized()?);
        if public != chip.key || name != chip.counter_name() {
            return Err(TpmError::Foreign);
        }
        Ok(Self { wire, key, chip })
    }

    /// What a descriptor names.
    #[must_use]
    pub fn chip(&self) -> &Chip {
        &self.chip
    }

    /// The wire, for whoever wants to say something else to the chip.
    pub fn wire(&mut self) -> &mut W {
        &mut self.wire
    }

    /// The counter's value.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn value(&mut self) -> Result<u64, TpmError> {
        read(&mut self.wire, self.chip.counter)
    }

    /// Begins an audit session, in which the counter is read first.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn begin(&mut self) -> Result<Session, TpmError> {
        let nonce = fresh_nonce()?;
        let parameters = [&sized(&nonce)[..], &[0, 0], &[0], &[0, 0x10], &[0, 0x0b]].concat();
        let begun = with_room(&mut self.wire, Kind::Sessions, &[], |wire| {
            say(wire, Code::StartAuthSession, &[NULL, NULL], &[], &parameters)
        })?;
        let mut from = Answer::new(&begun);
        let (handle, nonce) = (from.u32()?, from.sized()?.to_vec());
        let mut session = Session::begun(handle, nonce);
        self.read(&mut session)?;
        Ok(session)
    }

    /// Absorbs the head of an entry: at the value of that entry, or not at all.
    ///
    /// # Errors
    /// [`TpmError::Moved`] before anything is done if the counter is elsewhere, and after it if somebody else moved it meanwhile; then this
    /// entry never gets evidence.
    pub fn absorb(
        &mut self,
        session: &mut Session,
        index: u64,
        head: &Digest,
    ) -> Result<(), TpmError> {
        let wanted = index.checked_sub(1).and_then(|before| self.chip.value(before));
        let wanted = wanted.ok_or(TpmError::Evidence(BadEvidence::Range))?;
        if session.value() != wanted {
            return Err(TpmError::Moved { found: session.value(), wanted });
        }
        self.stir(session, head)?;
        self.increment(session)?;
        self.read(session)?;
        let wanted = wanted.saturating_add(1);
        let found = session.value();
        if found == wanted { Ok(()) } else { Err(TpmError::Moved { found, wanted }) }
    }

    /// Has the chip sign the session's digest: evidence of the heads of the entries from `first` on, which were absorbed since the session had
    /// the start `start`. Asking again is harmless.
    ///
    /// # Errors
    /// [`TpmError`]; what is given verifies.
    pub fn attest(
        &mut self,
        session: &Session,
        first: u64,
        heads: &[Digest],
        start: [u8; 32],
    ) -> Result<ChipEvidence, TpmError> {
        let (attestation, signature) = self.quote(session)?;
        let mut beside = [0; 26];
        beside.copy_from_slice(attestation.get(44..70).ok_or(TpmError::Malformed)?);
        let count = u64::try_from(heads.len()).unwrap_or(u64::MAX);
        let last = first.saturating_add(count).saturating_sub(1);
        let evidence = ChipEvidence { first, last, start, beside, signature };
        evidence.verify(&self.chip, heads).map_err(TpmError::Evidence)?;
        Ok(evidence)
    }

    /// The session's digest as the chip signs it, whatever the session holds, and the signature.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn quote(&mut self, session: &Session) -> Result<(Vec<u8>, ChipSignature), TpmError> {
        let handles = [ENDORSEMENT, self.key, session.handle];
        // No qualifying data; the scheme is the key's.
        let sessions = [password(), password()];
        let signed = say(
            &mut self.wire,
            Code::GetSessionAuditDigest,
            &handles,
            &sessions,
            &[0, 0, 0, 0x10],
        )?;
        let mut from = Answer::new(&signed);
        let attestation = from.sized()?.to_vec();
        let (_, _, r, s) = (from.u16()?, from.u16()?, from.sized()?, from.sized()?);
        let signature = ChipSignature::from_bytes(&[padded(r)?, padded(s)?].concat());
        Ok((attestation, signature.map_err(|_| TpmError::Malformed)?))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn end(&mut self, session: Session) -> Result<(), TpmError> {
        say(&mut self.wire, Code::FlushContext, &[], &[], &session.handle.to_be_bytes()).map(drop)
    }

    /// Stirs a head, in an audit session: a part of [`Self::absorb`].
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn stir(&mut self, session: &mut Session, head: &Digest) -> Result<(), TpmError> {
        self.audited(session, Code::StirRandom, &[], &sized(head.as_bytes()))?;
        session.was_stirred(head);
        Ok(())
    }

    /// Increments the counter, in an audit session: a part of [`Self::absorb`].
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn increment(&mut self, session: &mut Session) -> Result<(), TpmError> {
        let counter = self.chip.counter;
        self.audited(session, Code::NvIncrement, &[counter, counter], &[])?;
        session.was_incremented(&self.chip);
        Ok(())
    }

    /// Reads the counter, in an audit session: a part of [`Self::absorb`].
    ///
    /// # Errors
    /// [`TpmError`].
    pub fn read(&mut self, session: &mut Session) -> Result<(), TpmError> {
        let counter = self.chip.counter;
        let data = self.audited(session, Code::NvRead, &[counter, counter], &[0, 8, 0, 0])?;
        let value = counted(&data)?;
        session.was_read(&self.chip, value);
        Ok(())
    }

    /// Says something in an audit session; gives the answer's parameters.
    fn audited(
        &mut self,
        session: &mut Session,
        code: Code,
        handles: &[u32],
        parameters: &[u8],
    ) -> Result<Vec<u8>, TpmError> {
        let name = self.chip.counter_name();
        let names: Vec<u8> = handles.iter().flat_map(|_| name).collect();
        let hash = sha256(&[&(code as u32).to_be_bytes(), &names, parameters]);
        let authorised = session.authorise(&hash, &fresh_nonce()?);
        let bytes = tell(&mut self.wire, &command(code, handles, &[authorised], parameters))?;
        let (_, _, mut from) = answer(&bytes)?;
        let length = usize::try_from(from.u32()?).unwrap_or(usize::MAX);
        let parameters = from.take(length)?.to_vec();
        session.nonce = from.sized()?.to_vec();
        Ok(parameters)
    }
}

/// The primary key of the owner hierarchy with which a chip attests: always the same one until the chip is cleared.
fn create_key(wire: &mut impl Wire) -> Result<(u32, ChipKey), TpmError> {
    // The first thing that is loaded here, so what fills the chip is left over.
    let area = area::attesting(&[], &[]);
    let (key, public) = with_room(wire, Kind::Keys, &[], |wire| create(wire, OWNER, &area))?;
    let mut public = Answer::new(&public);
    public.take(20)?;
    let (x, y) = (public.sized()?, public.sized()?);
    let point = [padded(x)?, padded(y)?].concat();
    let public = ChipKey::from_bytes(&point).map_err(|_| TpmError::Malformed)?;
    Ok((key, public))
}

/// Makes a primary key by its template; gives its handle and its public area.
fn create(
    wire: &mut impl Wire,
    hierarchy: u32,
    template: &[u8],
) -> Result<(u32, Vec<u8>), TpmError> {
    let sensitive = sized(&[0, 0, 0, 0]);
    let parameters = [&sensitive[..], &sized(template), &[0, 0], &[0, 0, 0, 0]].concat();
    let create = command(Code::CreatePrimary, &[hierarchy], &[password()], &parameters);
    let bytes = tell(wire, &create)?;
    let (_, _, mut from) = answer(&bytes)?;
    let (key, _) = (from.u32()?, from.u32()?);
    Ok((key, from.sized()?.to_vec()))
}

fn read(wire: &mut impl Wire, counter: u32) -> Result<u64, TpmError> {
    counted(&say(wire, Code::NvRead, &[counter, counter], &[password()], &[0, 8, 0, 0])?)
}

/// A counter's value, of what was read.
fn counted(data: &[u8]) -> Result<u64, TpmError> {
    let value = Answer::new(data).sized()?.try_into().map_err(|_| TpmError::Malformed)?;
    Ok(u64::from_be_bytes(value))
}

/// A number of 32 bytes that may have come without its zeros.
fn padded(number: &[u8]) -> Result<Vec<u8>, TpmError> {
    let missing = 32_usize.checked_sub(number.len()).ok_or(TpmError::Malformed)?;
    Ok([&vec![0; missing][..], number].concat())
}

fn fresh_nonce() -> Result<[u8; 32], TpmError> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).map_err(TpmError::Fresh)?;
    Ok(nonce)
}

/// Says something outside of any audit session; gives the answer's handles and parameters.
fn say(
    wire: &mut impl Wire,
    code: Code,
    handles: &[u32],
    sessions: &[Vec<u8>],
    parameters: &[u8],
) -> Result<Vec<u8>, TpmError> {
    let bytes = tell(wire, &command(code, handles, sessions, parameters))?;
    let (_, with_sessions, mut from) = answer(&bytes)?;
    let length = match with_sessions {
        true => usize::try_from(from.u32()?).unwrap_or(usize::MAX),
        false => bytes.len().saturating_sub(10),
    };
    Ok(from.take(length)?.to_vec())
}

/// Sends a command, again while the chip asks for that; the answer's code is 0.
fn tell(wire: &mut impl Wire, command: &[u8]) -> Result<Vec<u8>, TpmError> {
    let mut refused = 0;
    for _ in 0..TRIES {
        let bytes = wire.exchange(command)?;
        let (code, _, _) = answer(&bytes)?;
        match code {
            0 => return Ok(bytes),
            code if AGAIN.contains(&code) => sleep(PAUSE),
            code => return Err(TpmError::Refused(code)),
        }
        refused = code;
    }
    Err(TpmError::Refused(refused))
}
