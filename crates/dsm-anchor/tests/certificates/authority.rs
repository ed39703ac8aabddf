//! Makes certificates.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256,
    PublicKeyData, SerialNumber, SignatureAlgorithm, date_time_ymd,
};

/// 2030, in seconds: when everything holds.
pub(crate) const NOW: u64 = 1_893_456_000;
/// Made for these tests, and used nowhere else.
const RSA: &[u8] = include_bytes!("rsa.pkcs8");

/// A kind of key.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    P256,
    P384,
    Rsa,
}

impl Kind {
    fn algorithm(self) -> &'static SignatureAlgorithm {
        match self {
            Self::P256 => &PKCS_ECDSA_P256_SHA256,
            Self::P384 => &PKCS_ECDSA_P384_SHA384,
            Self::Rsa => &PKCS_RSA_SHA256,
        }
    }

    fn key(self) -> KeyPair {
        match self {
            Self::Rsa => KeyPair::from_pkcs8_der_and_sign_algo(&RSA.into(), self.algorithm())
                .expect("made here"),
            _ => KeyPair::generate_for(self.algorithm()).expect("made here"),
        }
    }
}

/// A certificate and its key.
pub(crate) struct Made {
    pub(crate) key: KeyPair,
    pub(crate) params: CertificateParams,
    pub(crate) der: Vec<u8>,
}

/// What an authority says of itself.
pub(crate) fn authority(name: &str) -> CertificateParams {
    let mut params = plain(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// A certificate that issues nothing.
pub(crate) fn plain(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params.serial_number = Some(SerialNumber::from_slice(&[0x0a, 0x01]));
    params
}

/// An extension.
pub(crate) fn extension(kind: &[u64], content: Vec<u8>, critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(kind, content);
    extension.set_criticality(critical);
    extension
}

impl Made {
    pub(crate) fn root(name: &str, kind: Kind) -> Self {
        let (key, params) = (kind.key(), authority(name));
        let der = params.self_signed(&key).expect("made here").der().to_vec();
        Self { key, params, der }
    }

    pub(crate) fn issue(&self, params: CertificateParams, kind: Kind) -> Self {
        self.issue_for(params, kind.key())
    }

    pub(crate) fn issue_for(&self, params: CertificateParams, key: KeyPair) -> Self {
        let der = self.certify(params.clone(), &key);
        Self { key, params, der }
    }

    /// A certificate of a key that only its holder has.
    pub(crate) fn certify(&self, params: CertificateParams, key: &impl PublicKeyData) -> Vec<u8> {
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(key, &issuer).expect("made here").der().to_vec()
    }
}
