//! Makers that tests invent: authorities, and the endorsement certificates that they write.

use dsm_anchor::EndorsementKey;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
    PublicKeyData, SignatureAlgorithm, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// A maker of chips, Infineon by its letters, and its usual model.
pub(crate) const HARDWARE: [&str; 2] = ["id:49465800", "SLB9670"];
/// What `swtpm` says of itself.
pub(crate) const EMULATOR: [&str; 2] = ["id:00001014", "swtpm"];

/// Somebody who signs certificates.
pub(crate) struct Authority {
    params: CertificateParams,
    pub(crate) key: KeyPair,
    certificate: Certificate,
}

/// A key as a certificate carries it.
struct Public(Vec<u8>, &'static SignatureAlgorithm);

impl PublicKeyData for Public {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.1
    }
}

/// A tag, a length and what it holds.
pub(crate) fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let inner = parts.concat();
    let length = match inner.len() {
        short @ 0..128 => vec![short as u8],
        long => [&[0x82][..], &(long as u16).to_be_bytes()].concat(),
    };
    [&[tag][..], &length, &inner].concat()
}

/// The name under which a certificate says who made the chip.
fn words(words: [&str; 2]) -> CustomExtension {
    let word = |last, text: &str| {
        let kind = tagged(6, &[&[0x67, 0x81, 0x05, 0x02, last]]);
        tagged(0x31, &[&tagged(0x30, &[&kind, &tagged(12, &[text.as_bytes()])])])
    };
    let name = tagged(0x30, &[&word(1, words[0]), &word(2, words[1])]);
    let names = tagged(0x30, &[&tagged(0xa4, &[&name])]);
    let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 17], names);
    extension.set_criticality(true);
    extension
}

pub(crate) fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        let (params, key) = (named(name), KeyPair::generate().expect("a key"));
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { params, key, certificate }
    }

    /// Another one, whom this one certifies.
    pub(crate) fn certify(&self, params: CertificateParams, key: KeyPair) -> Self {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        Self { params, key, certificate }
    }

    pub(crate) fn below(&self, name: &str) -> Self {
        self.certify(named(name), KeyPair::generate().expect("a key"))
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.certificate.der().to_vec()
    }

    /// The certificate of a chip.
    pub(crate) fn endorse(&self, key: &EndorsementKey, words: [&str; 2]) -> Vec<u8> {
        self.endorse_with(key, words, |_| ())
    }

    /// The same, with something otherwise.
    pub(crate) fn endorse_with(
        &self,
        key: &EndorsementKey,
        said: [&str; 2],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Vec<u8> {
        let public = match key {
            EndorsementKey::P256(point) => {
                Public([&[4], &point.as_bytes()[..]].concat(), &PKCS_ECDSA_P256_SHA256)
            }
            EndorsementKey::Rsa2048(modulus) => Public(rsa(&modulus[..], 65537), &PKCS_RSA_SHA256),
        };
        self.sign(&public, said, change)
    }

    /// The certificate of a chip whose key is these bytes, as RSA keys are written.
    pub(crate) fn endorse_rsa(&self, key: Vec<u8>) -> Vec<u8> {
        self.sign(&Public(key, &PKCS_RSA_SHA256), HARDWARE, |_| ())
    }

    /// The certificate of a key of another kind.
    pub(crate) fn endorse_key(&self, key: &KeyPair) -> Vec<u8> {
        self.sign(key, HARDWARE, |_| ())
    }

    fn sign(
        &self,
        public: &impl PublicKeyData,
        said: [&str; 2],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Vec<u8> {
        let mut params = named("a chip");
        params.distinguished_name = DistinguishedName::new();
        params.is_ca = IsCa::ExplicitNoCa;
        params.not_before = date_time_ymd(2024, 1, 1);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(vec![2, 23, 133, 8, 1])];
        params.custom_extensions = vec![words(said)];
        change(&mut params);
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(public, &issuer).expect("a certificate").der().to_vec()
    }
}

/// An RSA key as it is written in certificates.
pub(crate) fn rsa(modulus: &[u8], exponent: u32) -> Vec<u8> {
    let exponent = exponent.to_be_bytes();
    let zeros = exponent.iter().take_while(|byte| **byte == 0).count();
    let number = tagged(2, &[&[0], modulus]);
    tagged(0x30, &[&number, &tagged(2, &[&exponent[zeros..]])])
}

/// The certificate in a file.
pub(crate) fn certificate(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate").to_vec()
}
