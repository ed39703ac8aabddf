//! What an endorsement certificate says, beside who signed it.

use dsm_crypto::ChipKey;
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::asn1::{Any, ObjectIdentifier, UintRef};
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;

use super::{EndorsementKey, MakerError};

/// That a certificate endorses a chip (2.23.133.8.1), as it is written.
pub(super) const ENDORSES: &[u8] = &[0x67, 0x81, 0x05, 0x08, 0x01];
const ENDORSEMENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.8.1");
/// The words about a chip: who made it, its model, its version.
const MANUFACTURER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.1");
const MODEL: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.2.2");
/// The kinds of keys. Some makers write that an RSA key is for OAEP only.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_OAEP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.7");
const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// What a certificate says about its chip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Who made it, as `id:` and eight hexadecimal digits.
    pub(super) manufacturers: Vec<String>,
    pub(super) models: Vec<String>,
}

/// A certificate that has its form.
#[derive(Debug)]
pub(super) struct Parsed(CertificateInner<Raw>);

impl Parsed {
    pub(super) fn of(certificate: &[u8]) -> Result<Self, MakerError> {
        CertificateInner::from_der(certificate).map(Self).map_err(|_| MakerError::Form)
    }

    /// When it begins, in seconds since 1970.
    pub(super) fn begins(&self) -> u64 {
        self.0.tbs_certificate().validity().not_before.to_unix_duration().as_secs()
    }

    fn extension<T>(&self) -> Result<Option<T>, MakerError>
    where
        T: for<'a> Decode<'a> + AssociatedOid,
    {
        let found = self.0.tbs_certificate().get_extension::<T>();
        found.map(|found| found.map(|(_, value)| value)).map_err(|_| MakerError::Form)
    }

    /// It may sign other certificates.
    pub(super) fn is_authority(&self) -> Result<bool, MakerError> {
        let constraints = self.extension::<BasicConstraints>()?;
        Ok(constraints.is_some_and(|constraints| constraints.ca))
    }

    /// It says that it endorses a chip.
    pub(super) fn endorses(&self) -> Result<bool, MakerError> {
        let usage = self.extension::<ExtendedKeyUsage>()?;
        Ok(usage.is_some_and(|usage| usage.0.contains(&ENDORSEMENT)))
    }

    /// All words in its subject's name, in one line.
    pub(super) fn subject(&self) -> String {
        let subject = self.0.tbs_certificate().subject();
        subject.iter().map(|word| text(&word.value)).collect::<Vec<_>>().join(", ")
    }

    /// What it says about the chip: in the alternative name, as the profile has it, or in the subject.
    pub(super) fn chip(&self) -> Result<Words, MakerError> {
        let mut words = Words::default();
        collect(&mut words, self.0.tbs_certificate().subject());
        let names = self.extension::<SubjectAltName>()?.map(|names| names.0).unwrap_or_default();
        for name in &names {
            if let GeneralName::DirectoryName(name) = name {
                collect(&mut words, name);
            }
        }
        Ok(words)
    }

    /// The key.
    pub(super) fn key(&self) -> Result<EndorsementKey, MakerError> {
        let info = self.0.tbs_certificate().subject_public_key_info();
        let bits = info.subject_public_key.as_bytes().ok_or(MakerError::Key)?;
        match info.algorithm.oid {
            ELLIPTIC => {
                let curve = info.algorithm.parameters.as_ref();
                let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
                match (curve, bits) {
                    (Some(P256), [4, point @ ..]) => point_of(bits, point),
                    _ => Err(MakerError::Key),
                }
            }
            RSA | RSA_OAEP => modulus(bits).map(EndorsementKey::Rsa2048),
            _ => Err(MakerError::Key),
        }
    }
}

/// A point of the curve, by its coordinates.
fn point_of(bits: &[u8], point: &[u8]) -> Result<EndorsementKey, MakerError> {
    p256::PublicKey::from_sec1_bytes(bits).map_err(|_| MakerError::Key)?;
    ChipKey::from_bytes(point).map(EndorsementKey::P256).map_err(|_| MakerError::Key)
}

/// The modulus of a key of 2048 bits with the exponent 65537.
fn modulus(bits: &[u8]) -> Result<Box<[u8; 256]>, MakerError> {
    let read = |bits| {
        let mut reader = SliceReader::new(bits)?;
        let pair = reader.sequence(|inner| {
            let (modulus, exponent) = (UintRef::decode(inner)?, UintRef::decode(inner)?);
            Ok::<_, x509_cert::der::Error>((modulus, exponent))
        })?;
        reader.finish()?;
        Ok::<_, x509_cert::der::Error>(pair)
    };
    let (modulus, exponent) = read(bits).map_err(|_| MakerError::Key)?;
    let modulus: [u8; 256] = modulus.as_bytes().try_into().map_err(|_| MakerError::Key)?;
    match (&modulus, exponent.as_bytes()) {
        ([first, .., last], [1, 0, 1]) if first >> 7 == 1 && last & 1 == 1 => Ok(Box::new(modulus)),
        _ => Err(MakerError::Key),
    }
}

fn collect(words: &mut Words, name: &Name) {
    for word in name.iter() {
        let into = match word.oid {
            MANUFACTURER => &mut words.manufacturers,
            MODEL => &mut words.models,
            _ => continue,
        };
        into.push(text(&word.value));
    }
}

/// A string of any of the kinds that names are written in; what is no text has no words.
fn text(value: &Any) -> String {
    String::from_utf8_lossy(value.value()).into_owned()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm};

    use super::*;

    struct Rsa(Vec<u8>);

    impl PublicKeyData for Rsa {
        fn der_bytes(&self) -> &[u8] {
            &self.0
        }

        fn algorithm(&self) -> &'static SignatureAlgorithm {
            &PKCS_RSA_SHA256
        }
    }

    #[test]
    fn an_rsa_key_that_is_said_to_be_for_oaep_only_is_read_too() {
        let number = [&[0x02, 0x82, 1, 1, 0][..], &[0xab; 256], &[2, 3, 1, 0, 1]].concat();
        let key = Rsa([&[0x30, 0x82, 1, 10][..], &number].concat());
        let issuer = KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(CertificateParams::default(), issuer);
        let made = CertificateParams::default().signed_by(&key, &issuer).unwrap();
        let mut bytes = made.der().to_vec();
        let expected = EndorsementKey::Rsa2048(Box::new([0xab; 256]));
        assert_eq!(Parsed::of(&bytes).unwrap().key().unwrap(), expected);
        let plain = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
        let at = bytes.windows(9).position(|part| part == plain).unwrap();
        bytes[at + 8] = 7;
        assert_eq!(Parsed::of(&bytes).unwrap().key().unwrap(), expected);
        bytes[at + 8] = 10;
        assert!(matches!(Parsed::of(&bytes).unwrap().key(), Err(MakerError::Key)));
    }
}
