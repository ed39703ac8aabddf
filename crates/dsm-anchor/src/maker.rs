//! Who made a chip (`spec/anchors.md`, who vouches): the chain of its endorsement certificate up to a root that the receiver configured.
//!
//! A root vouches for all that was ever signed below it. Chips outlive certificates, and who is offline has no
//! clock that it believes: a chain is checked as of the day on which the endorsement certificate begins, and no end of it counts later. A
//! root that is no longer trusted is taken out of the configuration.
//!
//! Always true: nothing is parsed that is longer than the bounds below; emulators and virtual machines are refused by the words in their
//! certificates, which is a help against mistakes and no proof: the roots are what is trusted.

mod certificate;
mod emulator;

use dsm_crypto::ChipKey;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::chain::{BadChain, MAX_CERTIFICATE, MAX_CHAIN, MAX_ROOTS, Roots};
use certificate::Parsed;

/// The longest file of roots.
const MAX_PEM: usize = 512 * 1024;

/// Who makes chips: SHA-256 of the public key (the whole SubjectPublicKeyInfo) of a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Maker([u8; 32]);

impl Maker {
    /// A maker by its hash.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The key of a chip that only decrypts, and that its maker certified: it names one chip for life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndorsementKey {
    /// On P-256, by its coordinates.
    P256(ChipKey),
    /// RSA of 2048 bits, by its modulus; the exponent is 65537.
    Rsa2048(Box<[u8; 256]>),
}

/// Why nobody vouches for a chip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakerError {
    /// The file of roots is longer than the bound, has more roots than it, or is not PEM.
    #[error("this is no file of certificates")]
    Pem,
    /// A root is no authority of certificates.
    #[error("a root is not the certificate of an authority")]
    Root,
    /// A certificate does not have its form.
    #[error("a certificate does not have its form")]
    Form,
    /// The chain is empty or too long, leads to no root, or does not hold.
    #[error(transparent)]
    Chain(#[from] BadChain),
    /// It does not say that it endorses a chip.
    #[error("the certificate is not one for the endorsement of a chip")]
    Usage,
    /// Its key is of no kind that can be challenged.
    #[error("the endorsement key is of an unknown kind")]
    Key,
    /// It does not say who made the chip.
    #[error("the certificate does not say who made the chip")]
    Nameless,
    /// It is of an emulator or a virtual machine, whose state is a file.
    #[error("the chip is an emulator or that of a virtual machine: {0}")]
    Emulator(String),
}

/// The makers that a receiver configured, by their roots.
#[derive(Clone, Debug, Default)]
pub struct Makers {
    roots: Roots,
    /// Those that may vouch for emulators.
    emulators: Vec<Maker>,
}

impl Makers {
    /// Reads the certificates of a file. The root of an emulator, by the words in its name, is refused.
    ///
    /// # Errors
    /// [`MakerError`].
    pub fn from_pem(text: &str) -> Result<Self, MakerError> {
        let certificates = read(text)?;
        for certificate in &certificates {
            emulator::refuse_name(&Parsed::of(certificate)?.subject())?;
        }
        Ok(Self { roots: roots(&certificates)?, emulators: Vec::new() })
    }

    /// Adds roots that may vouch for emulators too: whoever has the files of such a chip has as many heads as it likes. For tests.
    ///
    /// # Errors
    /// [`MakerError`].
    pub fn danger_with_emulators(self, text: &str) -> Result<Self, MakerError> {
        let others = roots(&read(text)?)?;
        let mut emulators = self.emulators;
        emulators.extend(others.keys().map(Maker));
        Ok(Self { roots: self.roots.and(others)?, emulators })
    }

    /// Who is trusted.
    pub fn iter(&self) -> impl Iterator<Item = Maker> {
        self.roots.keys().map(Maker)
    }

    /// Checks the chain of an endorsement certificate, as DER, the endorsement certificate first and the others in any order; the root may be
    /// missing. Gives who vouches, and the key to challenge.
    ///
    /// # Errors
    /// [`MakerError`].
    pub fn check(&self, chain: &[Vec<u8>]) -> Result<(Maker, EndorsementKey), MakerError> {
        let long = |certificate: &Vec<u8>| certificate.len() > MAX_CERTIFICATE;
        if chain.len() > MAX_CHAIN || chain.iter().any(long) {
            return Err(BadChain::Size.into());
        }
        let parsed = Parsed::of(chain.first().ok_or(BadChain::Size)?)?;
        let slices: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let root = self.roots.verify(&slices, parsed.begins(), certificate::ENDORSES)?;
        let maker = Maker(root);
        if !parsed.endorses()? {
            return Err(MakerError::Usage);
        }
        if !self.emulators.contains(&maker) {
            emulator::refuse(&parsed.chip()?)?;
            for certificate in chain {
                emulator::refuse_name(&Parsed::of(certificate)?.subject())?;
            }
        }
        Ok((maker, parsed.key()?))
    }
}

/// The certificates of a file, as DER. Nothing of them is checked.
///
/// # Errors
/// [`MakerError::Pem`].
pub fn certificates_of_pem(text: &str) -> Result<Vec<Vec<u8>>, MakerError> {
    Ok(read(text)?.into_iter().map(|certificate| certificate.to_vec()).collect())
}

/// The certificates of a file, each of an authority.
fn read(text: &str) -> Result<Vec<CertificateDer<'static>>, MakerError> {
    if text.len() > MAX_PEM {
        return Err(MakerError::Pem);
    }
    let mut all = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = certificate.map_err(|_| MakerError::Pem)?;
        if all.len() >= MAX_ROOTS || certificate.len() > MAX_CERTIFICATE {
            return Err(MakerError::Pem);
        }
        if !Parsed::of(&certificate)?.is_authority()? {
            return Err(MakerError::Root);
        }
        all.push(certificate);
    }
    if all.is_empty() { Err(MakerError::Pem) } else { Ok(all) }
}

fn roots(certificates: &[CertificateDer<'static>]) -> Result<Roots, MakerError> {
    let slices: Vec<&[u8]> = certificates.iter().map(AsRef::as_ref).collect();
    Ok(Roots::read(&slices)?)
}
