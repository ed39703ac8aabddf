//! What secure hardware says of a key, as it is written in a certificate.

use x509_cert::der::asn1::{AnyRef, OctetStringRef};
use x509_cert::der::{Decode, Error, Reader, SliceReader, Tag, Tagged};

use super::{BadKey, Level};

/// The numbers of what may be said of a key.
pub(super) mod tag {
    pub(in crate::android) const PURPOSE: u32 = 1;
    pub(in crate::android) const ALGORITHM: u32 = 2;
    pub(in crate::android) const KEY_SIZE: u32 = 3;
    pub(in crate::android) const DIGEST: u32 = 5;
    pub(in crate::android) const EC_CURVE: u32 = 10;
    pub(in crate::android) const ROLLBACK_RESISTANCE: u32 = 303;
    pub(in crate::android) const USAGE_COUNT_LIMIT: u32 = 405;
    pub(in crate::android) const ORIGIN: u32 = 702;
    pub(in crate::android) const ROOT_OF_TRUST: u32 = 704;
    pub(in crate::android) const OS_VERSION: u32 = 705;
    pub(in crate::android) const OS_PATCHLEVEL: u32 = 706;
    pub(in crate::android) const VENDOR_PATCHLEVEL: u32 = 718;
    pub(in crate::android) const BOOT_PATCHLEVEL: u32 = 719;

    /// What software may enforce: times, the body and the screen (all narrow the use of a key), when it was made, by which app, and which
    /// modules run.
    pub(in crate::android) const BY_SOFTWARE: [u32; 8] = [400, 401, 402, 506, 509, 701, 709, 724];

    /// What hardware may enforce beside what is asked for: times, authentication and presence (all narrow the use of a key), when it was
    /// made, and names of the device.
    pub(in crate::android) const BY_HARDWARE: [u32; 32] = [
        PURPOSE,
        ALGORITHM,
        KEY_SIZE,
        DIGEST,
        EC_CURVE,
        ROLLBACK_RESISTANCE,
        400,
        401,
        402,
        USAGE_COUNT_LIMIT,
        503,
        504,
        505,
        506,
        507,
        508,
        509,
        701,
        ORIGIN,
        ROOT_OF_TRUST,
        OS_VERSION,
        OS_PATCHLEVEL,
        710,
        711,
        712,
        713,
        714,
        715,
        716,
        717,
        VENDOR_PATCHLEVEL,
        BOOT_PATCHLEVEL,
    ];
}

/// The versions of descriptions that know of a limit of uses: KeyMint 1 to 4.
const VERSIONS: [u32; 4] = [100, 200, 300, 400];

/// A description.
pub(super) struct Description<'a> {
    pub(super) level: Level,
    pub(super) challenge: &'a [u8],
    pub(super) software: List<'a>,
    pub(super) hardware: List<'a>,
}

impl<'a> Description<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, BadKey> {
        let parts = parts(bytes).map_err(form)?;
        let [version, level, made_by, made_at, challenge, _unique, software, hardware] =
            <[AnyRef<'a>; 8]>::try_from(parts).map_err(|_| BadKey::Form(0))?;
        for version in [version, made_by] {
            if !VERSIONS.contains(&version.decode_as().map_err(form)?) {
                return Err(BadKey::Version);
            }
        }
        let level = match (choice(level)?, choice(made_at)?) {
            (1, 1) => Level::TrustedEnvironment,
            (2, 2) => Level::StrongBox,
            _ => return Err(BadKey::Level),
        };
        Ok(Self {
            level,
            challenge: octets(challenge)?,
            software: List::read(software)?,
            hardware: List::read(hardware)?,
        })
    }
}

/// What is enforced: each by its number, once.
pub(super) struct List<'a>(Vec<(u32, AnyRef<'a>)>);

impl<'a> List<'a> {
    fn read(list: AnyRef<'a>) -> Result<Self, BadKey> {
        let mut read: Vec<(u32, AnyRef<'a>)> = Vec::new();
        for part in all(list).map_err(form)? {
            let Tag::ContextSpecific { constructed: true, number } = part.tag() else {
                return Err(BadKey::Form(0));
            };
            if read.iter().any(|(before, _)| *before == number.value()) {
                return Err(BadKey::Tag(number.value()));
            }
            read.push((number.value(), AnyRef::from_der(part.value()).map_err(form)?));
        }
        Ok(Self(read))
    }

    /// Whether all are of these numbers; else the first that is not.
    pub(super) fn only_of(&self, known: &[u32]) -> Result<(), u32> {
        let unknown = self.0.iter().find(|(number, _)| !known.contains(number));
        unknown.map_or(Ok(()), |(number, _)| Err(*number))
    }

    fn get(&self, number: u32) -> Option<AnyRef<'a>> {
        self.0.iter().find(|(of, _)| *of == number).map(|(_, value)| *value)
    }

    /// A number.
    pub(super) fn number(&self, number: u32) -> Result<Option<u32>, BadKey> {
        self.get(number).map(|value| value.decode_as().map_err(form)).transpose()
    }

    /// The number of a set of one; none of an empty or a larger set.
    pub(super) fn only(&self, number: u32) -> Result<Option<u32>, BadKey> {
        let Some(value) = self.get(number) else { return Ok(None) };
        if value.tag() != Tag::Set {
            return Err(BadKey::Form(0));
        }
        let values = values(value.value()).map_err(form)?;
        let [one] = values.as_slice() else { return Ok(None) };
        Ok(Some(one.decode_as().map_err(form)?))
    }

    /// Whether it is said at all.
    pub(super) fn is_set(&self, number: u32) -> Result<bool, BadKey> {
        match self.get(number) {
            None => Ok(false),
            Some(value) if value.is_null() => Ok(true),
            Some(_) => Err(BadKey::Form(0)),
        }
    }

    /// What was started.
    pub(super) fn boot(&self) -> Result<Boot, BadKey> {
        let value = self.get(tag::ROOT_OF_TRUST).ok_or(BadKey::Unrooted)?;
        let [key, locked, state, hash] =
            <[AnyRef<'a>; 4]>::try_from(all(value).map_err(form)?).map_err(|_| BadKey::Form(0))?;
        let digest = |value| octets(value)?.try_into().map_err(|_| BadKey::Form(0));
        Ok(Boot {
            key: digest(key)?,
            locked: locked.decode_as().map_err(form)?,
            verified: choice(state)? == 0,
            hash: digest(hash)?,
        })
    }
}

/// The system that was started.
pub(super) struct Boot {
    pub(super) key: [u8; 32],
    pub(super) locked: bool,
    pub(super) verified: bool,
    pub(super) hash: [u8; 32],
}

fn form(_: Error) -> BadKey {
    BadKey::Form(0)
}

/// The parts of a sequence that is all there is.
fn parts(bytes: &[u8]) -> Result<Vec<AnyRef<'_>>, Error> {
    all(AnyRef::from_der(bytes)?)
}

/// The parts of a sequence.
fn all(sequence: AnyRef<'_>) -> Result<Vec<AnyRef<'_>>, Error> {
    sequence.tag().assert_eq(Tag::Sequence)?;
    values(sequence.value())
}

/// One value after the other.
fn values(bytes: &[u8]) -> Result<Vec<AnyRef<'_>>, Error> {
    let mut reader = SliceReader::new(bytes)?;
    let mut values = Vec::new();
    while !reader.is_finished() {
        values.push(AnyRef::decode(&mut reader)?);
    }
    Ok(values)
}

fn octets(value: AnyRef<'_>) -> Result<&[u8], BadKey> {
    Ok(value.decode_as::<&OctetStringRef>().map_err(form)?.as_bytes())
}

/// One of few that are numbered.
fn choice(value: AnyRef<'_>) -> Result<u8, BadKey> {
    match (value.tag(), value.value()) {
        (Tag::Enumerated, [choice]) => Ok(*choice),
        _ => Err(BadKey::Form(0)),
    }
}
