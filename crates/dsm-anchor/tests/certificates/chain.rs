use dsm_anchor::{BadChain, MAX_CERTIFICATE, MAX_CHAIN, MAX_ROOTS, Roots};
use rcgen::{BasicConstraints, CertificateParams, IsCa, date_time_ymd};
use webpki::Error;

use super::authority::{Kind, Made, NOW, authority, extension, plain};

/// What is not registered anywhere.
const STRANGE: &[u64] = &[1, 3, 6, 1, 4, 1, 99999, 1];
/// A usage that no certificate here names.
const USAGE: &[u8] = &[0x2a, 3, 4];

fn roots(root: &Made) -> Roots {
    Roots::read(&[&root.der]).expect("a root")
}

fn verify_at(chain: &[&Made], root: &Made, at: u64) -> Result<[u8; 32], BadChain> {
    let chain: Vec<_> = chain.iter().map(|made| made.der.as_slice()).collect();
    roots(root).verify(&chain, at, USAGE)
}

fn verify(chain: &[&Made], root: &Made) -> Result<[u8; 32], BadChain> {
    verify_at(chain, root, NOW)
}

fn why(chain: &[&Made], root: &Made) -> Error {
    let error = verify(chain, root).expect_err("broken");
    assert_ne!(error, BadChain::Size);
    if let BadChain::Broken(error) = error { error } else { Error::BadDer }
}

/// A root, and what it issued: another authority, and by that one a leaf.
fn three(
    middle: impl FnOnce(&mut CertificateParams),
    leaf: impl FnOnce(&mut CertificateParams),
) -> [Made; 3] {
    let root = Made::root("root", Kind::P384);
    let mut params = authority("middle");
    middle(&mut params);
    let middle = root.issue(params, Kind::P256);
    let mut params = plain("leaf");
    leaf(&mut params);
    let leaf = middle.issue(params, Kind::P256);
    [leaf, middle, root]
}

#[test]
fn a_chain_verifies_with_its_root_and_without_and_whatever_the_keys() {
    for kind in [Kind::P256, Kind::P384, Kind::Rsa] {
        let root = Made::root("root", kind);
        let middle = root.issue(authority("middle"), kind);
        let leaf = middle.issue(plain("leaf"), Kind::P256);
        let with = verify(&[&leaf, &middle, &root], &root).unwrap();
        assert_eq!(verify(&[&leaf, &middle], &root), Ok(with));
        let direct = root.issue(plain("leaf"), Kind::P384);
        assert_eq!(verify(&[&direct], &root), Ok(with));
        let other = Made::root("other", Kind::P256);
        let its_own = other.issue(plain("leaf"), Kind::P256);
        assert_ne!(verify(&[&its_own], &other), Ok(with));
    }
}

#[test]
fn a_root_that_is_not_configured_does_not_count() {
    let [leaf, middle, root] = three(|_| {}, |_| {});
    let other = Made::root("other", Kind::P384);
    assert_eq!(why(&[&leaf, &middle, &root], &other), Error::UnknownIssuer);
    let same_name = Made::root("root", Kind::P384);
    assert_eq!(why(&[&leaf, &middle], &same_name), Error::InvalidSignatureForPublicKey);
    assert_eq!(why(&[&leaf], &root), Error::UnknownIssuer);
    let none = Roots::default().verify(&[&leaf.der, &middle.der], NOW, USAGE);
    assert_eq!(none, Err(BadChain::Broken(Error::UnknownIssuer)));
    // A root alone shows nothing.
    assert_eq!(why(&[&root], &root), Error::CaUsedAsEndEntity);
}

#[test]
fn a_chain_is_bounded_before_it_is_read() {
    let [leaf, _, root] = three(|_| {}, |_| {});
    assert_eq!(verify(&[], &root), Err(BadChain::Size));
    let long = vec![0; MAX_CERTIFICATE + 1];
    assert_eq!(roots(&root).verify(&[&long], NOW, USAGE), Err(BadChain::Size));
    assert_eq!(verify(&[&leaf; MAX_CHAIN + 1], &root), Err(BadChain::Size));
    assert_eq!(Roots::read(&[&long]).err(), Some(BadChain::Size));
    let many = vec![root.der.as_slice(); MAX_ROOTS + 1];
    assert_eq!(Roots::read(&many).err(), Some(BadChain::Size));
    assert!(matches!(Roots::read(&[&[]]), Err(BadChain::Broken(_))));
}

#[test]
fn a_certificate_counts_from_its_first_second_to_its_last() {
    let early = |middle: &mut CertificateParams| middle.not_after = date_time_ymd(2030, 1, 1);
    let [leaf, middle, root] = three(early, |_| {});
    // The first second of 2026, and of 2030.
    for (at, holds) in
        [(1_767_225_599, false), (1_767_225_600, true), (NOW, true), (NOW + 1, false)]
    {
        assert_eq!(verify_at(&[&leaf, &middle], &root, at).is_ok(), holds, "{at}");
    }
    assert!(verify_at(&[&leaf, &middle], &root, u64::MAX).is_err());
}

#[test]
fn only_an_authority_issues_and_no_further_than_it_may() {
    for none in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let [leaf, middle, root] = three(|middle| middle.is_ca = none, |_| {});
        assert_eq!(why(&[&leaf, &middle], &root), Error::EndEntityUsedAsCa);
    }
    let narrow =
        |params: &mut CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let [_, middle, root] = three(narrow, |_| {});
    let second = middle.issue(authority("second"), Kind::P256);
    let leaf = second.issue(plain("leaf"), Kind::P256);
    assert_eq!(why(&[&leaf, &second, &middle], &root), Error::PathLenConstraintViolated);
}

#[test]
fn what_must_be_understood_is_not_passed_over() {
    let critical = |params: &mut CertificateParams| {
        params.custom_extensions.push(extension(STRANGE, vec![5, 0], true));
    };
    let [leaf, middle, root] = three(|_| {}, critical);
    assert_eq!(why(&[&leaf, &middle], &root), Error::UnsupportedCriticalExtension);
    let [leaf, middle, root] = three(critical, |_| {});
    assert_eq!(why(&[&leaf, &middle], &root), Error::UnsupportedCriticalExtension);
}

#[test]
fn no_byte_of_a_chain_can_be_changed_or_cut_off() {
    let [leaf, middle, root] = three(|_| {}, |_| {});
    let roots = roots(&root);
    let refused = |chain: [&[u8]; 2], what: &str| {
        assert!(roots.verify(&chain, NOW, USAGE).is_err(), "{what}");
    };
    for (which, made) in [&leaf, &middle].into_iter().enumerate() {
        let with = |bytes: &[u8], what: &str| match which {
            0 => refused([bytes, &middle.der], what),
            _ => refused([&leaf.der, bytes], what),
        };
        for at in 0..made.der.len() {
            with(&made.der[..at], &format!("{which} cut at {at}"));
            let mut changed = made.der.clone();
            for bit in 0..8 {
                changed[at] ^= 1 << bit;
                with(&changed, &format!("{which}: bit {bit} at {at}"));
                changed[at] ^= 1 << bit;
            }
        }
        with(&[&made.der[..], &[0]].concat(), "longer");
    }
}
