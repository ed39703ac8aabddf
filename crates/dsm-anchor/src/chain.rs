//! Chains of certificates that makers of chips give out: whether a chain leads to a root that the receiver configures.
//!
//! Always true: everything is bounded before it is read. Of a root only its name, its key and its limits count, not its dates: whoever configures one
//! decides how long. Whether a certificate was revoked is not seen here.

mod p521;

use std::time::Duration;

use dsm_crypto::sha256;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring, spki_for_anchor};

/// The most certificates of a chain.
pub const MAX_CHAIN: usize = 8;
/// The longest certificate.
pub const MAX_CERTIFICATE: usize = 4096;
/// The most roots.
pub const MAX_ROOTS: usize = 128;

/// What certificates may be signed with.
const ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    ring::ECDSA_P256_SHA256,
    ring::ECDSA_P256_SHA384,
    ring::ECDSA_P384_SHA256,
    ring::ECDSA_P384_SHA384,
    &p521::P521,
    ring::RSA_PKCS1_2048_8192_SHA256,
    ring::RSA_PKCS1_2048_8192_SHA384,
    ring::RSA_PKCS1_2048_8192_SHA512,
];

/// Why a chain shows nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadChain {
    /// No certificates, too many, or one that is too long.
    #[error("there are no certificates, too many, or one that is too long")]
    Size,
    /// It leads to no root, or does not hold.
    #[error("the chain of certificates does not hold: {0}")]
    Broken(webpki::Error),
}

/// The roots that a receiver configures.
#[derive(Clone, Debug, Default)]
pub struct Roots(Vec<TrustAnchor<'static>>);

impl Roots {
    /// Reads them, each a certificate in DER.
    ///
    /// # Errors
    /// [`BadChain`].
    pub fn read(roots: &[&[u8]]) -> Result<Self, BadChain> {
        if roots.len() > MAX_ROOTS {
            return Err(BadChain::Size);
        }
        let read = |root: &&[u8]| {
            let root = bounded(root)?;
            Ok(anchor_from_trusted_cert(&root).map_err(BadChain::Broken)?.to_owned())
        };
        Ok(Self(roots.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// SHA-256 of the public key (the whole SubjectPublicKeyInfo) of each.
    pub fn keys(&self) -> impl Iterator<Item = [u8; 32]> {
        self.0.iter().map(key)
    }

    /// These and others.
    ///
    /// # Errors
    /// [`BadChain::Size`] if they are too many.
    pub fn and(mut self, others: Self) -> Result<Self, BadChain> {
        self.0.extend(others.0);
        if self.0.len() > MAX_ROOTS { Err(BadChain::Size) } else { Ok(self) }
    }

    /// Checks a chain, its leaf first and the others in any order, at a time in seconds since 1970; the root may be there or missing.
    /// A certificate that says what its key is for must name `usage`, an object identifier as it is written. Gives SHA-256 of
    /// the root's public key (the whole SubjectPublicKeyInfo).
    ///
    /// # Errors
    /// [`BadChain`].
    pub fn verify(
        &self,
        chain: &[&[u8]],
        at: u64,
        usage: &'static [u8],
    ) -> Result<[u8; 32], BadChain> {
        if chain.len() > MAX_CHAIN {
            return Err(BadChain::Size);
        }
        let chain = chain.iter().map(|bytes| bounded(bytes)).collect::<Result<Vec<_>, _>>()?;
        let (leaf, others) = chain.split_first().ok_or(BadChain::Size)?;
        let leaf = EndEntityCert::try_from(leaf).map_err(BadChain::Broken)?;
        let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
        let usage = KeyUsage::required_if_present(usage);
        let path = leaf.verify_for_usage(ALGORITHMS, &self.0, others, at, usage, None, None);
        let path = path.map_err(BadChain::Broken)?;
        Ok(key(path.anchor()))
    }
}

fn key(root: &TrustAnchor<'_>) -> [u8; 32] {
    sha256(&[&spki_for_anchor(root)])
}

fn bounded(certificate: &[u8]) -> Result<CertificateDer<'_>, BadChain> {
    if certificate.len() > MAX_CERTIFICATE {
        return Err(BadChain::Size);
    }
    Ok(CertificateDer::from(certificate))
}
