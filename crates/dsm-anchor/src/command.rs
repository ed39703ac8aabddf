//! The few commands that are needed, as bytes (TPM 2.0 Library, parts 2 and 3).

/// A command without sessions, or an answer to one.
const NO_SESSIONS: u16 = 0x8001;
/// A command with sessions, or an answer to one.
const SESSIONS: u16 = 0x8002;
/// A password session.
const PASSWORD: u32 = 0x4000_0009;

/// The hierarchies.
pub(crate) const OWNER: u32 = 0x4000_0001;
pub(crate) const NULL: u32 = 0x4000_0007;
pub(crate) const ENDORSEMENT: u32 = 0x4000_000b;

/// The commands, by their codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Code {
    NvUndefineSpace = 0x122,
    NvDefineSpace = 0x12a,
    CreatePrimary = 0x131,
    NvIncrement = 0x134,
    StirRandom = 0x146,
    ActivateCredential = 0x147,
    GetSessionAuditDigest = 0x14d,
    NvRead = 0x14e,
    PolicySecret = 0x151,
    FlushContext = 0x165,
    NvReadPublic = 0x169,
    StartAuthSession = 0x176,
    GetCapability = 0x17a,
}

/// Bytes that begin with their length.
pub(crate) fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

/// A command: its handles, the sessions that authorise it, its parameters.
pub(crate) fn command(
    code: Code,
    handles: &[u32],
    sessions: &[Vec<u8>],
    parameters: &[u8],
) -> Vec<u8> {
    let mut body: Vec<u8> = handles.iter().flat_map(|handle| handle.to_be_bytes()).collect();
    let tag = if sessions.is_empty() { NO_SESSIONS } else { SESSIONS };
    if !sessions.is_empty() {
        let area = sessions.concat();
        body.extend(u32::try_from(area.len()).unwrap_or(u32::MAX).to_be_bytes());
        body.extend(area);
    }
    body.extend(parameters);
    let length = u32::try_from(body.len().saturating_add(10)).unwrap_or(u32::MAX);
    [&tag.to_be_bytes()[..], &length.to_be_bytes(), &(code as u32).to_be_bytes(), &body].concat()
}

/// A session with an empty password.
pub(crate) fn password() -> Vec<u8> {
    [&PASSWORD.to_be_bytes()[..], &[0, 0, 1, 0, 0]].concat()
}

/// An answer that is read from the front.
#[derive(Clone, Debug)]
pub(crate) struct Answer<'a>(&'a [u8]);

/// An answer that does not have its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Answer<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn sized(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u16()?;
        self.take(usize::from(length))
    }

    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

/// What an answer holds: its code, and if that is 0 what follows, with whether there are sessions in it.
pub(crate) fn answer(bytes: &[u8]) -> Result<(u32, bool, Answer<'_>), Malformed> {
    let mut from = Answer(bytes);
    let (tag, length, code) = (from.u16()?, from.u32()?, from.u32()?);
    let whole = usize::try_from(length).is_ok_and(|length| length == bytes.len());
    match (tag, whole) {
        (NO_SESSIONS | SESSIONS, true) => Ok((code, tag == SESSIONS, from)),
        _ => Err(Malformed),
    }
}
