use std::collections::BTreeSet;

use dsm_anchor::{BadChain, BadKey, Level, Roots, SingleUseKey, Versions, Wanted};
use rcgen::{
    CertificateParams, IsCa, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PublicKeyData, SerialNumber,
    SignatureAlgorithm,
};

use super::authority::{Kind, Made, NOW, authority, extension, plain};
use super::description::{Said, boot, number, set, value};

const ATTESTATION: &[u64] = &[1, 3, 6, 1, 4, 1, 11129, 2, 1, 17];
const TOKEN: &[u64] = &[1, 3, 6, 1, 4, 1, 11129, 2, 1, 25];
const CHALLENGE: &[u8] = &[9; 32];

/// The keys of a maker, and of a device.
struct Device {
    root: Made,
    maker: Made,
    device: Made,
}

impl Device {
    fn new() -> Self {
        Self::of(Kind::P384)
    }

    fn of(kind: Kind) -> Self {
        let root = Made::root("root", kind);
        let maker = root.issue(authority("maker"), Kind::P384);
        let mut params = authority("device");
        params.serial_number = Some(SerialNumber::from_slice(&[0x0b, 0x02]));
        let device = maker.issue(params, Kind::P256);
        Self { root, maker, device }
    }

    fn attest(&self, said: &Said) -> Made {
        self.device.issue(leaf(said), Kind::P256)
    }

    fn chain<'a>(&'a self, leaf: &'a Made) -> [&'a [u8]; 3] {
        self.chain_of(&leaf.der)
    }

    fn chain_of<'a>(&'a self, leaf: &'a [u8]) -> [&'a [u8]; 3] {
        [leaf, &self.device.der, &self.maker.der]
    }

    fn check(&self, leaf: &Made) -> Result<SingleUseKey, BadKey> {
        check(&self.chain(leaf), &self.root)
    }

    fn says(&self, said: &Said) -> Result<SingleUseKey, BadKey> {
        self.check(&self.attest(said))
    }
}

fn leaf(said: &Said) -> CertificateParams {
    let mut params = plain("Android Keystore Key");
    params.serial_number = Some(SerialNumber::from_slice(&[1]));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.custom_extensions.push(extension(ATTESTATION, said.written(), false));
    params
}

fn check(chain: &[&[u8]], root: &Made) -> Result<SingleUseKey, BadKey> {
    check_as(chain, root, CHALLENGE, &[])
}

fn check_as(
    chain: &[&[u8]],
    root: &Made,
    challenge: &[u8],
    revoked: &[&str],
) -> Result<SingleUseKey, BadKey> {
    let roots = Roots::read(&[&root.der]).expect("a root");
    let revoked: BTreeSet<String> = revoked.iter().map(|serial| (*serial).to_owned()).collect();
    let wanted = Wanted { roots: &roots, revoked: &revoked, at: NOW, challenge };
    SingleUseKey::attested(chain, &wanted)
}

fn good() -> Said {
    Said::good(CHALLENGE)
}

#[test]
fn a_key_that_hardware_limits_to_one_use_is_found_and_is_the_leaf_s() {
    for kind in [Kind::P256, Kind::P384, Kind::Rsa] {
        let device = Device::of(kind);
        let leaf = device.attest(&good());
        let key = device.check(&leaf).unwrap();
        assert_eq!(key.key.as_bytes()[..], leaf.key.der_bytes()[1..]);
        assert_eq!((key.level, key.rollback_resistant), (Level::TrustedEnvironment, false));
        assert_eq!((key.boot_key, key.boot_hash), ([7; 32], [8; 32]));
        let versions = Versions {
            system: Some(160_000),
            system_patch: Some(202_611),
            vendor_patch: Some(20_261_105),
            boot_patch: Some(20_261_101),
        };
        assert_eq!(key.versions, versions);
        let with_root = [&leaf.der[..], &device.device.der, &device.maker.der, &device.root.der];
        assert_eq!(check(&with_root, &device.root), Ok(key));
    }
}

#[test]
fn what_more_the_hardware_says_is_told() {
    let device = Device::new();
    let mut said = good().with(303, Some(value(5, &[])));
    (said.head[1], said.head[3]) = (value(10, &[2]), value(10, &[2]));
    let key = device.says(&said).unwrap();
    assert_eq!((key.level, key.rollback_resistant), (Level::StrongBox, true));
    let mut said = good();
    said.hardware.retain(|(tag, _)| !(705..=719).contains(tag));
    assert_eq!(device.says(&said).unwrap().versions, Versions::default());
}

#[test]
fn a_chain_to_no_root_or_with_a_revoked_certificate_shows_nothing() {
    let device = Device::new();
    let leaf = device.attest(&good());
    let other = Made::root("other", Kind::P384);
    let chain = device.chain(&leaf);
    assert!(matches!(check(&chain, &other), Err(BadKey::Chain(BadChain::Broken(_)))));
    assert_eq!(check(&[], &device.root), Err(BadKey::Chain(BadChain::Size)));
    for (serial, place) in [("1", 0), ("b02", 1), ("a01", 2)] {
        let revoked = check_as(&chain, &device.root, CHALLENGE, &["c0ffee", serial]);
        assert_eq!(revoked, Err(BadKey::Revoked(place)));
    }
    assert!(check_as(&chain, &device.root, CHALLENGE, &["0b02", "01"]).is_ok());
}

#[test]
fn an_attested_key_attests_no_other_key() {
    let device = Device::new();
    // An app's key that may sign certificates, and says so, is attested; what it attests is whatever the app likes.
    for kind in [ATTESTATION, TOKEN] {
        let mut params = authority("app");
        params.custom_extensions.push(extension(kind, good().written(), false));
        let app = device.device.issue(params, Kind::P256);
        let leaf = app.issue(leaf(&good()), Kind::P256);
        let chain = [&leaf.der[..], &app.der, &device.device.der, &device.maker.der];
        assert_eq!(check(&chain, &device.root), Err(BadKey::Extended(1)));
    }
    // One that may not sign certificates does so all the same.
    let app = device.attest(&good());
    let leaf = app.issue(leaf(&good()), Kind::P256);
    let chain = [&leaf.der[..], &app.der, &device.device.der, &device.maker.der];
    assert!(matches!(check(&chain, &device.root), Err(BadKey::Chain(_))));
}

#[test]
fn the_leaf_is_attested_once_and_issues_nothing() {
    let device = Device::new();
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = leaf(&good());
        change(&mut params);
        device.check(&device.device.issue(params, Kind::P256))
    };
    let again = |params: &mut CertificateParams| {
        params.custom_extensions.push(extension(ATTESTATION, good().written(), false));
    };
    assert_eq!(with(again), Err(BadKey::Unattested));
    assert_eq!(with(|params| params.custom_extensions.clear()), Err(BadKey::Unattested));
    let token = |params: &mut CertificateParams| {
        params.custom_extensions.push(extension(TOKEN, vec![5, 0], false));
    };
    assert_eq!(with(token), Err(BadKey::Unattested));
    let signs = |params: &mut CertificateParams| {
        params.key_usages.push(KeyUsagePurpose::KeyCertSign);
    };
    assert_eq!(with(signs), Err(BadKey::Usage(0)));
    let other = |params: &mut CertificateParams| {
        params.key_usages = vec![KeyUsagePurpose::KeyAgreement];
    };
    assert_eq!(with(other), Err(BadKey::Usage(0)));
    let authority = |params: &mut CertificateParams| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    assert!(matches!(with(authority), Err(BadKey::Chain(_))));
    let mut params = super::authority::authority("device");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let no_issuer = device.maker.issue(params, Kind::P256);
    let leaf = no_issuer.issue(leaf(&good()), Kind::P256);
    let chain = [&leaf.der[..], &no_issuer.der, &device.maker.der];
    assert_eq!(check(&chain, &device.root), Err(BadKey::Usage(1)));
}

#[test]
fn the_key_is_on_the_curve_that_is_said() {
    let device = Device::new();
    let other = device.device.issue(leaf(&good()), Kind::P384);
    assert_eq!(device.check(&other), Err(BadKey::Algorithm));
    let point = device.root.key.der_bytes()[..65].to_vec();
    let der = device.device.certify(leaf(&good()), &Elsewhere(point));
    assert_eq!(check(&device.chain_of(&der), &device.root), Err(BadKey::Algorithm));
}

/// As many bytes as a point of P-256 has, said to be on another curve.
struct Elsewhere(Vec<u8>);

impl PublicKeyData for Elsewhere {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P384_SHA384
    }
}

#[test]
fn a_key_is_for_its_challenge_alone_and_there_is_one() {
    let device = Device::new();
    assert_eq!(device.says(&Said::good(&[8; 32])), Err(BadKey::Challenge));
    assert_eq!(device.says(&Said::good(&CHALLENGE[1..])), Err(BadKey::Challenge));
    let leaf = device.attest(&Said::good(&[]));
    let empty = check_as(&device.chain(&leaf), &device.root, &[], &[]);
    assert_eq!(empty, Err(BadKey::Challenge));
}

#[test]
fn only_hardware_counts_and_only_known_versions() {
    let device = Device::new();
    let head = |at: usize, value: Vec<u8>| {
        let mut said = good();
        said.head[at] = value;
        device.says(&said)
    };
    for level in [0, 2, 3, 255] {
        assert_eq!(head(1, value(10, &[level])), Err(BadKey::Level));
        assert_eq!(head(3, value(10, &[level])), Err(BadKey::Level));
    }
    let mut software = good();
    (software.head[1], software.head[3]) = (value(10, &[0]), value(10, &[0]));
    assert_eq!(device.says(&software), Err(BadKey::Level));
    // Versions before 100 know no limit of uses.
    for version in [0, 4, 41, 99, 101, 500] {
        assert_eq!(head(0, number(version)), Err(BadKey::Version));
        assert_eq!(head(2, number(version)), Err(BadKey::Version));
    }
    for version in [100, 200, 300, 400] {
        assert!(head(0, number(version)).is_ok());
    }
}

#[test]
fn each_thing_that_hardware_must_enforce_has_its_one_value() {
    let device = Device::new();
    let wrong = [
        (1, set(&[]), BadKey::Purpose),
        (1, set(&[2, 3]), BadKey::Purpose),
        (1, set(&[7]), BadKey::Purpose),
        (2, number(1), BadKey::Algorithm),
        (3, number(384), BadKey::Algorithm),
        (10, number(2), BadKey::Algorithm),
        (5, set(&[0]), BadKey::Algorithm),
        (5, set(&[0, 4]), BadKey::Algorithm),
        (702, number(2), BadKey::Origin),
        (405, number(0), BadKey::Limit),
        (405, number(2), BadKey::Limit),
        (405, number(u32::MAX), BadKey::Limit),
        (704, boot(false, 0), BadKey::Unlocked),
        (704, boot(true, 1), BadKey::Unverified),
        (704, boot(true, 2), BadKey::Unverified),
        (704, boot(true, 3), BadKey::Unverified),
    ];
    for (tag, value, why) in wrong {
        assert_eq!(device.says(&good().with(tag, Some(value))), Err(why), "{tag}");
    }
    let missing = [
        (1, BadKey::Purpose),
        (2, BadKey::Algorithm),
        (3, BadKey::Algorithm),
        (5, BadKey::Algorithm),
        (10, BadKey::Algorithm),
        (405, BadKey::Limit),
        (702, BadKey::Origin),
        (704, BadKey::Unrooted),
    ];
    for (tag, why) in missing {
        assert_eq!(device.says(&good().with(tag, None)), Err(why.clone()), "{tag}");
        // Left to software it counts no more, there alone or there too.
        let said = good().hardware.iter().find(|(of, _)| *of == tag).cloned().unwrap();
        for mut left in [good().with(tag, None), good()] {
            left.software.push(said.clone());
            assert_eq!(device.says(&left), Err(BadKey::Software(tag)));
        }
    }
}

#[test]
fn what_is_unknown_or_stands_twice_is_refused() {
    let device = Device::new();
    for tag in [7, 30, 31, 127, 200, 302, 305, 404, 720, 725, 16_383] {
        let said = good().with(tag, Some(value(5, &[])));
        assert_eq!(device.says(&said), Err(BadKey::Tag(tag)));
        let mut said = good();
        said.software.push((tag, value(5, &[])));
        assert_eq!(device.says(&said), Err(BadKey::Software(tag)));
    }
    for number in [0, 1] {
        let mut said = good();
        said.hardware.push((405, super::description::number(number)));
        assert_eq!(device.says(&said), Err(BadKey::Tag(405)));
    }
}

#[test]
fn what_does_not_have_its_form_is_refused() {
    let device = Device::new();
    let of = |bytes: Vec<u8>| {
        let mut params = leaf(&good());
        params.custom_extensions = vec![extension(ATTESTATION, bytes, false)];
        device.check(&device.device.issue(params, Kind::P256))
    };
    let written = good().written();
    assert!(of(written.clone()).is_ok());
    for at in 0..written.len() {
        assert_eq!(of(written[..at].to_vec()), Err(BadKey::Form(0)), "cut at {at}");
    }
    assert_eq!(of([&written[..], &[0]].concat()), Err(BadKey::Form(0)));
    // The tag of the limit, of a value that has no parts.
    let mut flat = written;
    let limit = flat.windows(3).position(|part| part == [0xbf, 0x83, 0x15]).expect("a limit");
    flat[limit] = 0x9f;
    assert_eq!(of(flat), Err(BadKey::Form(0)));
    let mut longer = good();
    longer.head.push(value(5, &[]));
    let wrong = [
        longer,
        good().with(405, Some(value(4, &[1]))),
        good().with(405, Some(value(2, &[0, 1]))),
        good().with(405, Some([number(1), number(1)].concat())),
        good().with(405, Some(Vec::new())),
        good().with(1, Some(number(2))),
        good().with(303, Some(number(1))),
        good().with(704, Some(value(0x30, &[]))),
        good().with(704, Some(number(1))),
    ];
    for said in wrong {
        assert_eq!(device.says(&said), Err(BadKey::Form(0)));
    }
}

/// A small generator of numbers, always the same ones.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn no_certificate_can_be_cut_or_changed() {
    let device = Device::new();
    let leaf = device.attest(&good());
    let chain = device.chain(&leaf);
    let refused = |which: usize, bytes: &[u8]| {
        let mut changed = chain;
        changed[which] = bytes;
        assert!(check(&changed, &device.root).is_err());
    };
    for (which, bytes) in chain.into_iter().enumerate() {
        for at in 0..bytes.len() {
            refused(which, &bytes[..at]);
            refused(which, &[&bytes[..at], &bytes[at + 1..]].concat());
        }
    }
    let mut state = 1;
    for _ in 0..6_000 {
        let which = next(&mut state) % 3;
        let mut bytes = chain[which].to_vec();
        for _ in 0..=next(&mut state) % 4 {
            let at = next(&mut state) % bytes.len();
            bytes[at] = (next(&mut state) & 0xff) as u8;
        }
        if bytes != chain[which] {
            refused(which, &bytes);
        }
    }
}

/// The device signs whatever it is told: what it says is read, and only what is right is taken.
#[test]
fn no_description_makes_it_panic_and_none_is_taken_for_a_limited_key_that_is_not_one() {
    let device = Device::new();
    let written = good().written();
    let limit = [0xbf, 0x83, 0x15, 3, 2, 1, 1];
    let mut state = 2;
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..2_000 {
        let mut bytes = written.clone();
        for _ in 0..=next(&mut state) % 3 {
            let at = next(&mut state) % bytes.len();
            bytes[at] = (next(&mut state) & 0xff) as u8;
        }
        let mut params = leaf(&good());
        params.custom_extensions = vec![extension(ATTESTATION, bytes.clone(), false)];
        match device.check(&device.device.issue(params, Kind::P256)) {
            Ok(_) => {
                taken += 1;
                assert_eq!(bytes.windows(limit.len()).filter(|part| *part == limit).count(), 1);
            }
            Err(_) => refused += 1,
        }
    }
    // Versions, names and digests are free.
    assert!(taken > 50 && refused > 500, "{taken} taken, {refused} refused");
}
