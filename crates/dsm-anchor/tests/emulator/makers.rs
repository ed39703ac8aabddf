//! Who made a chip: chains of certificates, good ones and those of a cheat.

use dsm_anchor::{BadChain, EndorsementKey, Maker, MakerError, Makers};
use dsm_crypto::{ChipKey, sha256};
use rcgen::{
    BasicConstraints, ExtendedKeyUsagePurpose, IsCa, KeyPair, PKCS_ECDSA_P384_SHA384,
    PublicKeyData, date_time_ymd,
};

use crate::authority::{Authority, EMULATOR, HARDWARE, certificate, named, rsa};

/// A key on the curve.
fn point() -> EndorsementKey {
    let key = KeyPair::generate().expect("a key");
    EndorsementKey::P256(ChipKey::from_bytes(&key.der_bytes()[1..]).expect("64 bytes"))
}

fn modulus() -> EndorsementKey {
    EndorsementKey::Rsa2048(Box::new([0xab; 256]))
}

fn trusting(authority: &Authority) -> Makers {
    Makers::from_pem(&authority.pem()).expect("roots")
}

fn chain(error: Result<(Maker, EndorsementKey), MakerError>) -> bool {
    matches!(error, Err(MakerError::Chain(BadChain::Broken(_))))
}

#[test]
fn a_root_vouches_for_the_keys_below_it() {
    let root = Authority::root("Chips");
    let (middle, other) = (root.below("Chips of one kind"), Authority::root("Others"));
    let roots = Makers::from_pem(&[other.pem(), root.pem()].concat()).expect("roots");
    let maker = Maker::from_bytes(sha256(&[&root.key.subject_public_key_info()]));
    assert_eq!(roots.iter().nth(1), Some(maker));
    for key in [point(), modulus()] {
        let direct = root.endorse(&key, HARDWARE);
        assert_eq!(roots.check(&[direct]).expect("vouched"), (maker, key.clone()));
        let own = middle.endorse(&key, HARDWARE);
        let chain = [own.clone(), middle.der()];
        assert_eq!(roots.check(&chain).expect("vouched"), (maker, key.clone()));
        // With the root, and with what does not belong there.
        let chain = [own, other.der(), root.der(), middle.der()];
        assert_eq!(roots.check(&chain).expect("vouched"), (maker, key));
    }
}

#[test]
fn a_chain_of_another_maker_or_of_nobody_does_not_hold() {
    let root = Authority::root("Chips");
    let middle = root.below("Chips of one kind");
    let own = middle.endorse(&point(), HARDWARE);
    let roots = trusting(&root);
    assert!(chain(roots.check(std::slice::from_ref(&own))), "the one between is missing");
    assert!(chain(trusting(&Authority::root("Others")).check(&[own.clone(), middle.der()])));
    // Another authority with the same names.
    let namesake = Authority::root("Chips");
    assert!(chain(trusting(&namesake).check(&[own.clone(), middle.der()])));
    let impostor = namesake.below("Chips of one kind");
    assert!(chain(roots.check(&[own.clone(), impostor.der()])));
    let forged = impostor.endorse(&point(), HARDWARE);
    assert!(chain(roots.check(&[forged, middle.der()])));
    // The cheat brings its own root, or calls itself one.
    let forged = namesake.endorse(&point(), HARDWARE);
    assert!(chain(roots.check(&[forged, namesake.der()])));
    assert!(chain(Makers::default().check(&[own, middle.der(), root.der()])), "no root");
}

#[test]
fn who_was_endorsed_endorses_nobody_and_authorities_go_only_as_far_as_they_may() {
    let root = Authority::root("Chips");
    let roots = trusting(&root);
    let mut chip = named("a chip");
    chip.is_ca = IsCa::ExplicitNoCa;
    let leaf = root.certify(chip, KeyPair::generate().expect("a key"));
    assert!(chain(roots.check(&[leaf.endorse(&point(), HARDWARE), leaf.der()])));
    let authority = root.endorse_with(&point(), HARDWARE, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    assert!(chain(roots.check(&[authority])), "an authority is no chip");
    let mut last = named("The last");
    last.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let last = root.certify(last, KeyPair::generate().expect("a key"));
    let below = last.below("Below the last");
    assert!(roots.check(&[last.endorse(&point(), HARDWARE), last.der()]).is_ok());
    let own = below.endorse(&point(), HARDWARE);
    assert!(chain(roots.check(&[own, below.der(), last.der()])));
    // Two that certify each other lead nowhere.
    let (one, two) = (Authority::root("One"), Authority::root("Two"));
    let keys = [&one, &two]
        .map(|authority| KeyPair::from_pem(&authority.key.serialize_pem()).expect("the same key"));
    let [first, second] = keys;
    let (first, second) = (two.certify(named("One"), first), one.certify(named("Two"), second));
    let own = one.endorse(&point(), HARDWARE);
    assert!(chain(roots.check(&[own, first.der(), second.der(), one.der(), two.der()])));
}

#[test]
fn a_certificate_for_something_else_endorses_no_chip() {
    let root = Authority::root("Chips");
    let roots = trusting(&root);
    let without = root.endorse_with(&point(), HARDWARE, |params| {
        params.extended_key_usages.clear();
    });
    assert!(matches!(roots.check(&[without]), Err(MakerError::Usage)));
    let other = root.endorse_with(&point(), HARDWARE, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    assert!(chain(roots.check(&[other])));
    let nameless = root.endorse_with(&point(), HARDWARE, |params| {
        params.custom_extensions.clear();
    });
    assert!(matches!(roots.check(&[nameless]), Err(MakerError::Nameless)));
}

#[test]
fn a_chip_outlives_its_certificate_but_not_an_authority_that_had_ended_before() {
    let root = Authority::root("Chips");
    let roots = trusting(&root);
    let ended = root.endorse_with(&point(), HARDWARE, |params| {
        params.not_after = date_time_ymd(2024, 1, 2);
    });
    assert!(roots.check(&[ended]).is_ok());
    for (begin, end, good) in [(2020, 2025, true), (2020, 2023, false), (2025, 2040, false)] {
        let mut params = named("For a while");
        params.not_before = date_time_ymd(begin, 1, 1);
        params.not_after = date_time_ymd(end, 1, 1);
        let middle = root.certify(params, KeyPair::generate().expect("a key"));
        let checked = roots.check(&[middle.endorse(&point(), HARDWARE), middle.der()]);
        assert_eq!(checked.is_ok(), good, "{checked:?}");
        assert_eq!(chain(checked), !good);
    }
    let never = root.endorse_with(&point(), HARDWARE, |params| {
        params.not_after = date_time_ymd(2023, 1, 1);
    });
    assert!(chain(roots.check(&[never])));
}

#[test]
fn keys_that_cannot_be_challenged_are_refused() {
    let root = Authority::root("Chips");
    let roots = trusting(&root);
    let refused = |own| matches!(roots.check(&[own]), Err(MakerError::Key));
    let wide = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
    assert!(refused(root.endorse_key(&wide)));
    let off = EndorsementKey::P256(ChipKey::from_bytes(&[7; 64]).expect("64 bytes"));
    assert!(refused(root.endorse(&off, HARDWARE)), "no point of the curve");
    let even = [&[0xab; 255][..], &[0xaa]].concat();
    for key in [
        rsa(&[0xab; 128], 65537),
        rsa(&[0xab; 512], 65537),
        rsa(&[0xab; 256], 3),
        rsa(&[0xab; 256], 1),
        rsa(&even, 65537),
        [&rsa(&[0xab; 256], 65537)[..], &[0]].concat(),
        vec![],
    ] {
        assert!(refused(root.endorse_rsa(key)));
    }
}

#[test]
fn a_chain_is_short_and_has_its_form() {
    let root = Authority::root("Chips");
    let roots = trusting(&root);
    let own = root.endorse(&point(), HARDWARE);
    let length =
        |chain: &[Vec<u8>]| matches!(roots.check(chain), Err(MakerError::Chain(BadChain::Size)));
    assert!(length(&[]) && length(&vec![own.clone(); 9]) && length(&[own.clone(), vec![0; 5000]]));
    assert!(roots.check(&vec![own.clone(); 8]).is_ok());
    for bytes in [vec![], vec![0x30], vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff], vec![0xff; 4096]] {
        assert!(matches!(roots.check(&[bytes]), Err(MakerError::Form)));
    }
    for end in 0..own.len() {
        assert!(roots.check(&[own[..end].to_vec()]).is_err(), "cut at {end}");
    }
    assert!(roots.check(&[[&own[..], &[0]].concat()]).is_err(), "something after it");
    let middle = root.below("Chips of one kind");
    let chain = [middle.endorse(&point(), HARDWARE), middle.der()];
    assert!(roots.check(&chain).is_ok());
    for which in 0..2 {
        for at in 0..chain[which].len() {
            let mut changed = chain.clone();
            changed[which][at] ^= 1;
            assert!(roots.check(&changed).is_err(), "a bit of {which} at {at}");
        }
    }
}

#[test]
fn an_emulator_counts_only_below_a_root_that_was_named_for_that() {
    let root = Authority::root("Chips");
    let own = root.endorse(&point(), EMULATOR);
    let refused = |roots: &Makers, own: &Vec<u8>| {
        matches!(roots.check(std::slice::from_ref(own)), Err(MakerError::Emulator(_)))
    };
    assert!(refused(&trusting(&root), &own));
    assert!(refused(&trusting(&root), &root.endorse(&point(), [HARDWARE[0], "swtpm"])));
    assert!(refused(&trusting(&root), &root.endorse(&point(), ["id:564D5700", "VMware TPM2"])));
    let danger = Makers::default().danger_with_emulators(&root.pem()).expect("roots");
    assert!(danger.check(std::slice::from_ref(&own)).is_ok());
    // That root alone: another one still may not.
    let other = Authority::root("Others");
    let both = trusting(&other).danger_with_emulators(&root.pem()).expect("roots");
    assert!(both.check(&[own]).is_ok());
    assert!(refused(&both, &other.endorse(&point(), EMULATOR)));
    // An authority between that calls itself one.
    let middle = root.below("Virtual TPM CA - 01");
    let chain = [middle.endorse(&point(), HARDWARE), middle.der()];
    assert!(matches!(trusting(&root).check(&chain), Err(MakerError::Emulator(_))));
}

#[test]
fn roots_are_authorities_and_not_of_emulators() {
    for name in ["swtpm-localca", "Azure Virtual TPM Root", "EK/AK CA Root", "VMware Engineering"] {
        let root = Authority::root(name);
        assert!(matches!(Makers::from_pem(&root.pem()), Err(MakerError::Emulator(_))), "{name}");
        assert!(Makers::default().danger_with_emulators(&root.pem()).is_ok());
    }
    let mut params = named("a chip");
    params.is_ca = IsCa::ExplicitNoCa;
    let leaf = Authority::root("Chips").certify(params, KeyPair::generate().expect("a key"));
    assert!(matches!(Makers::from_pem(&leaf.pem()), Err(MakerError::Root)));
    let pem = Authority::root("Chips").pem();
    let cut = pem.replace("END", "AND");
    let much = "#".repeat(600 * 1024);
    for text in ["", "nothing", &cut, &pem.repeat(129), &much] {
        assert!(matches!(Makers::from_pem(text), Err(MakerError::Pem)), "{} bytes", text.len());
    }
    let nothing = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    assert!(matches!(Makers::from_pem(&[&pem, nothing].concat()), Err(MakerError::Form)));
    assert_eq!(Makers::from_pem(&pem.repeat(128)).expect("roots").iter().count(), 128);
}

/// Made for this test, as the makers of newer discrete chips do it: the root is on P-521, the chip's key on P-256.
const ROOT_P521: &str = include_str!("p521-root.pem");
const CHIP_P521: &str = include_str!("p521-chip.pem");

#[test]
fn a_root_on_the_widest_curve_vouches_too() {
    let own = certificate(CHIP_P521);
    let makers = Makers::from_pem(ROOT_P521).expect("roots");
    let (maker, key) = makers.check(std::slice::from_ref(&own)).expect("vouched");
    assert!(makers.iter().eq([maker]) && matches!(key, EndorsementKey::P256(_)));
    // Bits of what was signed, and of the signature.
    for at in (4..own.len()).step_by(3) {
        let mut bytes = own.clone();
        bytes[at] ^= 1;
        assert!(makers.check(&[bytes]).is_err(), "a bit at {at}");
    }
    assert!(chain(trusting(&Authority::root("Chips")).check(&[own])));
}
