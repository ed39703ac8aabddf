//! A TPM as what absorbs the heads of one log, and goes on after a crash (`spec/anchors.md`, crashes).
//!
//! After a crash the chip is first asked to sign the digest of the session that was durable: that changes nothing and tells which commands were
//! executed. Only the rest is sent.
//!
//! Always true: a head is absorbed only in a session that is durable, and a session is ended only once all that it absorbed is.

use dsm_crypto::Digest;
use dsm_log::{AbsorbError, Absorber, Chip, ChipEvidence};

use crate::tpm::TpmError;
use crate::{Session, Tpm, Wire};

/// A TPM with the session in which it absorbs.
#[derive(Debug)]
pub struct TpmAbsorber<W: Wire> {
    tpm: Tpm<W>,
    /// None before the first use, and after anything went wrong: then it is not known what the chip did.
    session: Option<Session>,
    /// Where it stood after the last head that was attested before something went wrong.
    stood: Vec<u8>,
}

/// How far a chip came with heads that are to be absorbed.
struct Reached {
    /// So many are absorbed.
    whole: usize,
    /// So many commands of the next one were executed.
    part: usize,
    session: Session,
}

impl<W: Wire> TpmAbsorber<W> {
    /// A chip that was loaded.
    pub fn new(tpm: Tpm<W>) -> Self {
        Self { tpm, session: None, stood: Vec::new() }
    }

    /// The chip.
    pub fn tpm(&mut self) -> &mut Tpm<W> {
        &mut self.tpm
    }

    /// How far it came, if the session that stood there is still one of the chip's.
    fn reached(
        &mut self,
        stand: &[u8],
        first: u64,
        heads: &[Digest],
    ) -> Result<Option<Reached>, TpmError> {
        let Some(stood) = Session::from_stand(stand) else { return Ok(None) };
        let before = first.checked_sub(1).and_then(|index| self.tpm.chip().value(index));
        if before != Some(stood.value()) {
            return Ok(None);
        }
        let attestation = match self.tpm.quote(&stood) {
            Ok((attestation, _)) => attestation,
            // There is no such session any more.
            Err(error @ TpmError::Refused(_)) if !error.is_passing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let digest = attestation.get(72..104).ok_or(TpmError::Malformed)?;
        let chip = self.tpm.chip();
        let mut session = stood;
        for (whole, head) in heads.iter().enumerate() {
            for part in 0..3 {
                if session.digest() == *digest {
                    return Ok(Some(Reached { whole, part, session }));
                }
                session.does(chip, part, head);
            }
        }
        let whole = heads.len();
        let all = session.digest() == *digest;
        Ok(all.then_some(Reached { whole, part: 0, session }))
    }

    /// Goes on from where the chip stands; gives the evidence of the heads that it had absorbed.
    fn resume(
        &mut self,
        stand: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Option<ChipEvidence>, AbsorbError> {
        let stand = stand.unwrap_or_default();
        let reached = self.reached(stand, first, heads).map_err(failed)?;
        let Some(Reached { mut whole, part, mut session }) = reached else {
            return self.begin(first).map(|()| None);
        };
        // A head that was stirred after others that have no evidence yet, and one whose increment was executed: in this session or never.
        if part == 2 || (part == 1 && whole > 0) {
            if part == 1 {
                self.tpm.increment(&mut session).map_err(failed)?;
            }
            self.tpm.read(&mut session).map_err(failed)?;
            whole = whole.saturating_add(1);
            self.stands_after(&session, first, whole)?;
        }
        let done = heads.get(..whole).unwrap_or_default();
        let start = Session::from_stand(stand).map(|stood| stood.start()).unwrap_or_default();
        let evidence = match done {
            [] => None,
            done => Some(self.tpm.attest(&session, first, done, start).map_err(failed)?),
        };
        if whole == 0 {
            self.stands_before(first)?;
            if part == 1 {
                // It is stirred again, in another session: nothing was absorbed in this one.
                return self.anew(session, first).map(|()| None);
            }
        }
        self.session = Some(session);
        Ok(evidence)
    }

    /// Ends a session of which all that it absorbed is durable, and begins another one.
    fn anew(&mut self, session: Session, first: u64) -> Result<(), AbsorbError> {
        self.tpm.end(session).map_err(failed)?;
        self.begin(first)
    }

    /// Begins a session, if the counter stands before an entry.
    fn begin(&mut self, first: u64) -> Result<(), AbsorbError> {
        self.stands_before(first)?;
        self.session = Some(self.tpm.begin().map_err(failed)?);
        Ok(())
    }

    fn stands_before(&mut self, first: u64) -> Result<(), AbsorbError> {
        let wanted = first.checked_sub(1).and_then(|index| self.tpm.chip().value(index));
        let found = self.tpm.value().map_err(failed)?;
        match wanted {
            Some(wanted) if found == wanted => Ok(()),
            // A counter that was defined anew begins above, so this one is not the same.
            Some(wanted) if found < wanted => Err(AbsorbError::Foreign),
            _ => Err(AbsorbError::Ended { index: first }),
        }
    }

    /// Whether the counter was moved by the own increment, and by no other.
    fn stands_after(&self, session: &Session, first: u64, whole: usize) -> Result<(), AbsorbError> {
        let count = u64::try_from(whole).unwrap_or(u64::MAX);
        let last = first.saturating_add(count).saturating_sub(1);
        if self.tpm.chip().value(last) == Some(session.value()) {
            return Ok(());
        }
        Err(AbsorbError::Ended { index: last })
    }

    fn one(
        &mut self,
        session: &mut Session,
        index: u64,
        head: &Digest,
    ) -> Result<ChipEvidence, AbsorbError> {
        let start = session.start();
        self.tpm.absorb(session, index, head).map_err(|error| match error {
            TpmError::Moved { .. } => AbsorbError::Ended { index },
            error => failed(error),
        })?;
        self.tpm.attest(session, index, std::slice::from_ref(head), start).map_err(failed)
    }
}

impl<W: Wire + std::fmt::Debug + Send + Sync> Absorber for TpmAbsorber<W> {
    fn stand(&self) -> Vec<u8> {
        self.session.as_ref().map_or_else(|| self.stood.clone(), Session::to_stand)
    }

    fn absorb(
        &mut self,
        stand: Option<&[u8]>,
        first: u64,
        heads: &[Digest],
    ) -> Result<Vec<ChipEvidence>, AbsorbError> {
        // Whatever goes wrong leaves it open what the chip did.
        let Some(mut session) = self.session.take() else {
            return Ok(self.resume(stand, first, heads)?.into_iter().collect());
        };
        if stand != Some(session.to_stand().as_slice()) {
            self.session = Some(session);
            return Ok(Vec::new());
        }
        if session.nonce.is_empty() && !heads.is_empty() {
            // What the chip said last is not known, so nothing more can be authorised here.
            self.anew(session, first)?;
            return Ok(Vec::new());
        }
        let mut evidence = Vec::new();
        for (index, head) in (first..).zip(heads) {
            self.stood = session.to_stand();
            match self.one(&mut session, index, head) {
                Ok(piece) => evidence.push(piece),
                Err(error) if evidence.is_empty() => return Err(error),
                // What has evidence is durable first; what went wrong shows when it is looked for after that.
                Err(_) => return Ok(evidence),
            }
        }
        self.session = Some(session);
        Ok(evidence)
    }
}

fn failed(error: TpmError) -> AbsorbError {
    match error {
        TpmError::Foreign => AbsorbError::Foreign,
        error => AbsorbError::Failed(error.to_string()),
    }
}

impl Session {
    /// What a command of absorbing a head makes of the digest.
    fn does(&mut self, chip: &Chip, part: usize, head: &Digest) {
        match part {
            0 => self.was_stirred(head),
            1 => self.was_incremented(chip),
            _ => self.was_read(chip, self.value().saturating_add(1)),
        }
    }
}
