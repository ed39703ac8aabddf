//! Keys of Android devices that sign once: what the secure hardware attests of them (`docs/anchors-beyond-tpm.md`).
//!
//! Nothing here was tried on a device, and nothing of it makes a device anchored: that a key signs once is what the hardware claims, and the document
//! says how a known implementation breaks the claim.
//!
//! Always true: everything is bounded before it is read, and no input makes this panic; what is not understood is refused, for it might
//! widen what a key may do; only the leaf is attested, so no attested key attests another one.

mod description;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use dsm_crypto::ChipKey;
use x509_cert::der::Decode as _;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::oid::AssociatedOid as _;
use x509_cert::ext::pkix::KeyUsage;
use x509_cert::{Certificate, TbsCertificate};

use crate::{BadChain, Roots};
use description::{Description, List, tag};

/// The extension that describes a key (1.3.6.1.4.1.11129.2.1.17), and as it is written.
const ATTESTATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.1.17");
const ATTESTATION_WRITTEN: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 1, 17];
/// The same in its other form, as a token.
const TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.1.25");
const EC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// What hardware must enforce, and each as its only value.
const SIGN: u32 = 2;
const EC: u32 = 3;
const BITS: u32 = 256;
const CURVE_P256: u32 = 1;
const SHA256: u32 = 4;
const GENERATED: u32 = 0;
const ONCE: u32 = 1;

/// Where a key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// In a part of the main processor that the system cannot reach.
    TrustedEnvironment,
    /// In a chip of its own.
    StrongBox,
}

/// What a receiver wants to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The roots that it believes.
    pub roots: &'a Roots,
    /// The serial numbers of certificates that it does not believe, in hexadecimal: lower case, no zeros ahead.
    pub revoked: &'a BTreeSet<String>,
    /// The time in seconds since 1970.
    pub at: u64,
    /// What the key was made for; never empty.
    pub challenge: &'a [u8],
}

/// A key that, as its hardware claims, was made in it, never leaves it and signs one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleUseKey {
    /// The key. One that is no point of the curve verifies nothing.
    pub key: ChipKey,
    /// Where it lives.
    pub level: Level,
    /// Whether hardware promises that the key, once deleted, does not come back with a copy of its file.
    pub rollback_resistant: bool,
    /// SHA-256 of the key that vouches for the system that was started.
    pub boot_key: [u8; 32],
    /// The digest of that system.
    pub boot_hash: [u8; 32],
    /// The system's version and the month or day of its mends, as the hardware was told them.
    pub versions: Versions,
    /// SHA-256 of the public key (the whole SubjectPublicKeyInfo) of the root that vouches.
    pub root: [u8; 32],
}

/// Versions, in the numbers of Android: `160000`, `202611` or `20261105`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The system.
    pub system: Option<u32>,
    /// Its mends.
    pub system_patch: Option<u32>,
    /// Those of the maker's part.
    pub vendor_patch: Option<u32>,
    /// Those of what starts the system.
    pub boot_patch: Option<u32>,
}

/// Why a key does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadKey {
    /// The chain does not lead to a root.
    #[error(transparent)]
    Chain(#[from] BadChain),
    /// A certificate or the description does not have its form. The number is the certificate's place.
    #[error("certificate {0} does not have its form")]
    Form(usize),
    /// A certificate was revoked.
    #[error("certificate {0} was revoked")]
    Revoked(usize),
    /// A certificate's key is for something else than what it does in the chain.
    #[error("the key of certificate {0} is for something else")]
    Usage(usize),
    /// The leaf does not describe its key, or does so twice.
    #[error("the key is not attested")]
    Unattested,
    /// Another certificate than the leaf is of an attested key: an app's key issues keys.
    #[error("certificate {0} is of an attested key itself")]
    Extended(usize),
    /// The description has a version that is not known here.
    #[error("the attestation has an unknown version")]
    Version,
    /// The key is not in hardware, or whoever attests it is not.
    #[error("the key is not held and attested by hardware")]
    Level,
    /// It was made for another challenge.
    #[error("the key was made for another challenge")]
    Challenge,
    /// A tag that is not known here stands in what hardware enforces, or one stands twice.
    #[error("tag {0} is unknown or stands twice")]
    Tag(u32),
    /// A tag that hardware must enforce is left to software.
    #[error("tag {0} is left to software")]
    Software(u32),
    /// The key may do other things than signing.
    #[error("the key is not for signing alone")]
    Purpose,
    /// It is of another kind than ECDSA with SHA-256 on P-256.
    #[error("the key is not for ECDSA with SHA-256 on P-256")]
    Algorithm,
    /// It was not made in the hardware.
    #[error("the key was not made in the hardware")]
    Origin,
    /// Hardware does not limit it to one use.
    #[error("hardware does not limit the key to one use")]
    Limit,
    /// It is not said what system was started.
    #[error("it is not said what system was started")]
    Unrooted,
    /// The device starts any system.
    #[error("the device is unlocked")]
    Unlocked,
    /// The system that was started was not verified by the maker's key.
    #[error("the system was not verified at its start")]
    Unverified,
}

impl SingleUseKey {
    /// Checks a chain of certificates, DER, leaf first, the root there or missing.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn attested(chain: &[&[u8]], wanted: &Wanted<'_>) -> Result<Self, BadKey> {
        let root = wanted.roots.verify(chain, wanted.at, ATTESTATION_WRITTEN)?;
        let read = |(place, bytes): (usize, &&[u8])| {
            Certificate::from_der(bytes).map_err(|_| BadKey::Form(place))
        };
        let chain = chain.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        for (place, certificate) in chain.iter().enumerate() {
            in_its_place(place, certificate.tbs_certificate(), wanted.revoked)?;
        }
        let leaf = chain.first().ok_or(BadKey::Unattested)?.tbs_certificate();
        let said = content(leaf, ATTESTATION).ok_or(BadKey::Unattested)?;
        let said = Description::read(said)?;
        if wanted.challenge.is_empty() || said.challenge != wanted.challenge {
            return Err(BadKey::Challenge);
        }
        limited(&said)?;
        let boot = said.hardware.boot()?;
        if !boot.locked {
            return Err(BadKey::Unlocked);
        }
        if !boot.verified {
            return Err(BadKey::Unverified);
        }
        Ok(Self {
            key: key_of(leaf)?,
            level: said.level,
            rollback_resistant: said.hardware.is_set(tag::ROLLBACK_RESISTANCE)?,
            boot_key: boot.key,
            boot_hash: boot.hash,
            versions: versions(&said.hardware)?,
            root,
        })
    }
}

/// Checks what a certificate says for its place in the chain, the leaf's or another.
fn in_its_place(
    place: usize,
    certificate: &TbsCertificate,
    revoked: &BTreeSet<String>,
) -> Result<(), BadKey> {
    if revoked.contains(&serial(certificate)) {
        return Err(BadKey::Revoked(place));
    }
    let leaf = place == 0;
    let attestations = count(certificate, ATTESTATION);
    if leaf && (attestations != 1 || count(certificate, TOKEN) != 0) {
        return Err(BadKey::Unattested);
    }
    if !leaf && attestations + count(certificate, TOKEN) != 0 {
        return Err(BadKey::Extended(place));
    }
    if let Some(usage) = content(certificate, KeyUsage::OID) {
        let usage = KeyUsage::from_der(usage).map_err(|_| BadKey::Form(place))?;
        if usage.key_cert_sign() == leaf || (leaf && !usage.digital_signature()) {
            return Err(BadKey::Usage(place));
        }
    }
    Ok(())
}

/// Checks that hardware lets the key sign, once, and nothing else, and leaves none of it to software.
fn limited(said: &Description<'_>) -> Result<(), BadKey> {
    said.software.only_of(&tag::BY_SOFTWARE).map_err(BadKey::Software)?;
    said.hardware.only_of(&tag::BY_HARDWARE).map_err(BadKey::Tag)?;
    let hardware = &said.hardware;
    if hardware.only(tag::PURPOSE)? != Some(SIGN) {
        return Err(BadKey::Purpose);
    }
    let kind = [tag::ALGORITHM, tag::KEY_SIZE, tag::EC_CURVE].map(|kind| hardware.number(kind));
    if kind != [Ok(Some(EC)), Ok(Some(BITS)), Ok(Some(CURVE_P256))]
        || hardware.only(tag::DIGEST)? != Some(SHA256)
    {
        return Err(BadKey::Algorithm);
    }
    if hardware.number(tag::ORIGIN)? != Some(GENERATED) {
        return Err(BadKey::Origin);
    }
    if hardware.number(tag::USAGE_COUNT_LIMIT)? != Some(ONCE) {
        return Err(BadKey::Limit);
    }
    Ok(())
}

fn versions(hardware: &List<'_>) -> Result<Versions, BadKey> {
    Ok(Versions {
        system: hardware.number(tag::OS_VERSION)?,
        system_patch: hardware.number(tag::OS_PATCHLEVEL)?,
        vendor_patch: hardware.number(tag::VENDOR_PATCHLEVEL)?,
        boot_patch: hardware.number(tag::BOOT_PATCHLEVEL)?,
    })
}

/// The key of a certificate, if it is one on P-256.
fn key_of(certificate: &TbsCertificate) -> Result<ChipKey, BadKey> {
    let info = certificate.subject_public_key_info();
    let curve = info.algorithm.parameters.as_ref();
    let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    match (info.algorithm.oid, curve, info.subject_public_key.as_bytes()) {
        (EC_KEY, Some(P256), Some([4, point @ ..])) => {
            ChipKey::from_bytes(point).map_err(|_| BadKey::Algorithm)
        }
        _ => Err(BadKey::Algorithm),
    }
}

fn extensions(certificate: &TbsCertificate) -> &[x509_cert::ext::Extension] {
    certificate.extensions().map_or(&[], Vec::as_slice)
}

fn count(certificate: &TbsCertificate, kind: ObjectIdentifier) -> usize {
    extensions(certificate).iter().filter(|extension| extension.extn_id == kind).count()
}

fn content(certificate: &TbsCertificate, kind: ObjectIdentifier) -> Option<&[u8]> {
    let found = extensions(certificate).iter().find(|extension| extension.extn_id == kind);
    found.map(|extension| extension.extn_value.as_bytes())
}

/// A serial number, as lists of revoked ones have it.
fn serial(certificate: &TbsCertificate) -> String {
    let mut text = String::new();
    for byte in certificate.serial_number().as_bytes() {
        // Writing to text does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text.trim_start_matches('0').to_owned()
}
