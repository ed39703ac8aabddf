//! That a key lives in an endorsed chip: challenges, answered by a real emulator, and what a cheat answers instead.

use dsm_anchor::{
    Challenge, EndorsementKey, EndorsementKind, MakerError, Makers, NotThisChip, Socket, Tpm,
    TpmError,
};
use dsm_crypto::ChipKey;
use dsm_log::Chip;
use rcgen::{KeyPair, PublicKeyData};

use crate::audit::Audited;
use crate::authority::{Authority, EMULATOR, HARDWARE, certificate};
use crate::chip::Emulator;
use crate::shown::piece;
use crate::{head, raw};

/// Refusals: the credential is for another name; attributes that do not go together; there is no private half to authorise.
const INTEGRITY: u32 = 0x1df;
const ATTRIBUTES: u32 = 0x2c2;
const UNAVAILABLE: u32 = 0x12f;

const KINDS: [EndorsementKind; 2] = [EndorsementKind::P256, EndorsementKind::Rsa2048];

fn challenge(key: &EndorsementKey, chip: &Chip, number: u8) -> Challenge {
    Challenge::new(key, chip, [number; 32]).expect("a challenge")
}

/// The chip refuses to open it.
fn closed(tpm: &mut Tpm<Socket>, challenge: &Challenge) -> bool {
    matches!(tpm.activate(challenge.credential()), Err(TpmError::Refused(_)))
}

#[test]
fn the_certificate_of_the_emulator_leads_to_its_authority_and_its_chip_answers() {
    let (emulator, endorser) = Emulator::endorsed();
    let mut tpm = emulator.provisioned();
    let mut chain = tpm.certificates().expect("certificates");
    assert_eq!(chain.len(), 1, "it keeps no others");
    chain.push(certificate(&endorser.between));
    // It says itself that it is an emulator.
    assert!(matches!(Makers::from_pem(&endorser.root), Err(MakerError::Emulator(_))));
    let roots = Makers::default().danger_with_emulators(&endorser.root).expect("roots");
    let (maker, key) = roots.check(&chain).expect("vouched");
    assert_eq!(roots.iter().next(), Some(maker));
    assert_eq!(tpm.endorsement_key(EndorsementKind::Rsa2048).expect("the key"), key);
    let asked = challenge(&key, tpm.chip(), 1);
    let answer = tpm.activate(asked.credential()).expect("opened");
    assert_eq!(asked.answered(&answer), Ok(()));
    // Another one of the same kind is another chip.
    let (other, its) = Emulator::endorsed();
    assert!(matches!(
        roots.check(&other.provisioned().certificates().expect("certificates")),
        Err(MakerError::Chain(_))
    ));
    assert_ne!(its.root, endorser.root);
}

#[test]
fn the_key_on_the_curve_is_preferred_and_its_chain_is_read_from_the_chip() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    assert!(matches!(tpm.certificates(), Err(TpmError::Unendorsed)));
    let root = Authority::root("Chips");
    let (high, low) = (root.below("Chips of one kind"), root.below("Others"));
    let key = tpm.endorsement_key(EndorsementKind::P256).expect("the key");
    let own = high.endorse(&key, HARDWARE);
    // What is above lies over two indices, cut anywhere, and the rest is filled up.
    let above = [high.der(), low.der()].concat();
    let (first, second) = above.split_at(above.len() / 2);
    let filled = [&own[..], &[0xff; 40]].concat();
    let rsa = tpm.endorsement_key(EndorsementKind::Rsa2048).expect("the key");
    let rsa = high.endorse(&rsa, HARDWARE);
    for (index, bytes) in [
        (0x01c0_0002, &rsa[..]),
        (0x01c0_000a, &filled),
        (0x01c0_0100, first),
        (0x01c0_0101, second),
    ] {
        let wire = tpm.wire();
        raw::define(wire, raw::OWNER, index, 0x0204_0004, bytes.len() as u16).expect("defined");
        raw::write(wire, index, bytes).expect("written");
    }
    let chain = tpm.certificates().expect("certificates");
    assert_eq!(chain, [own, high.der(), low.der()]);
    let (_, found) = Makers::from_pem(&root.pem()).expect("roots").check(&chain).expect("vouched");
    assert_eq!(found, key);
    let asked = challenge(&key, tpm.chip(), 1);
    let answer = tpm.activate(asked.credential()).expect("opened");
    assert_eq!(asked.answered(&answer), Ok(()));
}

#[test]
fn an_answer_is_good_for_its_challenge_alone() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    for kind in KINDS {
        let key = tpm.endorsement_key(kind).expect("the key");
        let first = challenge(&key, tpm.chip(), 1);
        let old = tpm.activate(first.credential()).expect("opened");
        // Opening it again gives the same.
        assert_eq!(tpm.activate(first.credential()).expect("opened"), old);
        assert_eq!(challenge(&key, tpm.chip(), 2).answered(&old), Err(NotThisChip));
        for wrong in [&[][..], &[0; 32], &old[..31], &[&old[..], &[0]].concat()] {
            assert_eq!(challenge(&key, tpm.chip(), 1).answered(wrong), Err(NotThisChip));
        }
        assert_eq!(first.answered(&old), Ok(()));
    }
}

#[test]
fn another_chip_opens_nothing() {
    let (one, two) = (Emulator::start(), Emulator::start());
    let (mut one, mut two) = (one.provisioned(), two.provisioned());
    for kind in KINDS {
        let key = one.endorsement_key(kind).expect("the key");
        assert_ne!(key, two.endorsement_key(kind).expect("the key"));
        let of_one = challenge(&key, one.chip(), 1);
        assert!(closed(&mut two, &of_one), "the copy of a wallet on another chip");
        // The endorsement of one and the key of the other: neither opens it.
        let mixed = challenge(&key, two.chip(), 1);
        assert!(closed(&mut one, &mixed) && closed(&mut two, &mixed));
    }
}

#[test]
fn a_credential_that_was_altered_stays_closed() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let key = tpm.endorsement_key(EndorsementKind::P256).expect("the key");
    let asked = challenge(&key, tpm.chip(), 1);
    let good = asked.credential();
    assert_eq!(good.len(), 140);
    for at in 0..good.len() {
        let mut bytes = good.to_vec();
        bytes[at] ^= 1;
        assert!(matches!(tpm.activate(&bytes), Err(TpmError::Refused(_))), "at {at}");
    }
    for length in [0, 1, 70, 139, 141, 327, 329, 4000] {
        let bytes = vec![0; length];
        assert!(matches!(tpm.activate(&bytes), Err(TpmError::Malformed)), "{length} bytes");
    }
    assert!(tpm.activate(good).is_ok(), "nothing is left over in the chip");
    let rsa = tpm.endorsement_key(EndorsementKind::Rsa2048).expect("the key");
    assert_eq!(challenge(&rsa, tpm.chip(), 1).credential().len(), 328);
}

#[test]
fn a_key_outside_the_chip_cannot_pose_as_its_key() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let key = tpm.endorsement_key(EndorsementKind::P256).expect("the key");
    let outside = KeyPair::generate().expect("a key");
    let point = ChipKey::from_bytes(&outside.der_bytes()[1..]).expect("64 bytes");
    let posing = Chip { key: point.clone(), ..tpm.chip().clone() };
    let asked = challenge(&key, &posing, 1);
    assert!(closed(&mut tpm, &asked));
    // The chip takes its public half, under the very name of the challenge, and still opens nothing.
    let (x, y) = point.as_bytes().split_at(32);
    let public = sized_external(&raw::signing(0x0005_0472, x, y), raw::OWNER);
    let wire = tpm.wire();
    let loaded = raw::send(wire, 0x167, &[], &[], &public).expect("a public key");
    let object = raw::u32_at(&loaded, 0);
    assert_eq!(raw::activate(wire, object, asked.credential()), Err(UNAVAILABLE));
    raw::flush(wire, object);
    // With its private half it may not say that it never leaves the chip.
    let document = outside.serialize_der();
    let at = document.windows(3).position(|bytes| bytes == [2, 1, 1]).expect("a private key");
    let private = &document[at + 5..at + 37];
    let sensitive = [&[0, 0x23, 0, 0, 0, 0][..], &raw::sized(private)].concat();
    let area = raw::signing(0x0005_0472, x, y);
    let both = [&raw::sized(&sensitive)[..], &raw::sized(&area), &raw::NULL.to_be_bytes()].concat();
    assert_eq!(raw::send(wire, 0x167, &[], &[], &both), Err(ATTRIBUTES));
    // And if it says that it does, it has another name.
    let area = raw::signing(0x0004_0440, x, y);
    let both = [&raw::sized(&sensitive)[..], &raw::sized(&area), &raw::NULL.to_be_bytes()].concat();
    let loaded = raw::send(wire, 0x167, &[], &[], &both).expect("a key from outside");
    let object = raw::u32_at(&loaded, 0);
    assert_eq!(raw::activate(wire, object, asked.credential()), Err(INTEGRITY));
}

/// What loads the public half of a key.
fn sized_external(area: &[u8], hierarchy: u32) -> Vec<u8> {
    [&[0, 0][..], &raw::sized(area), &hierarchy.to_be_bytes()].concat()
}

#[test]
fn a_key_of_the_chip_with_other_attributes_is_not_activated_under_our_name() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let key = tpm.endorsement_key(EndorsementKind::P256).expect("the key");
    // Not restricted: it signs whatever it is given; locked out by guesses; not of this chip alone.
    for attributes in [0x0004_0472, 0x0005_0072, 0x0004_0460] {
        let wire = tpm.wire();
        let (object, public) = raw::create(wire, raw::OWNER, &raw::signing(attributes, &[], &[]));
        let point = [raw::sized_at(&public, 20), raw::sized_at(&public, 54)].concat();
        let point = ChipKey::from_bytes(&point).expect("64 bytes");
        let chip = Chip { key: point, counter: 1, first_value: 1 };
        let asked = challenge(&key, &chip, 1);
        let opened = raw::activate(wire, object, asked.credential());
        assert_eq!(opened, Err(INTEGRITY), "{attributes:x}");
        raw::flush(wire, object);
    }
}

#[test]
fn a_key_of_another_hierarchy_is_vouched_for_but_its_evidence_is_not_that_of_the_chip() {
    let emulator = Emulator::start();
    let mut tpm = emulator.provisioned();
    let endorsement = tpm.endorsement_key(EndorsementKind::P256).expect("the key");
    let counter = tpm.chip().clone();
    let mut session = Audited::begin(tpm.wire());
    session.absorb(tpm.wire(), &counter, head(1)).expect("the chip");
    for hierarchy in [raw::ENDORSEMENT, raw::PLATFORM, raw::NULL] {
        let wire = tpm.wire();
        let template = raw::signing(0x0005_0472, &[], &[]);
        let (object, public) = raw::create(wire, hierarchy, &template);
        let point = [raw::sized_at(&public, 20), raw::sized_at(&public, 54)].concat();
        let chip = Chip { key: ChipKey::from_bytes(&point).expect("64 bytes"), ..counter.clone() };
        let asked = challenge(&endorsement, &chip, 1);
        let answer = raw::activate(wire, object, asked.credential()).expect("opened");
        assert_eq!(asked.answered(&answer), Ok(()), "the name says nothing about the hierarchy");
        let quoted = session.quote(wire, object).expect("signed");
        let evidence = piece(1, 1, [0; 32], &quoted);
        assert!(evidence.verify(&chip, &[head(1)]).is_err(), "{hierarchy:x}");
        raw::flush(wire, object);
    }
}

#[test]
fn a_cleared_chip_and_one_with_another_seed_answer_no_more() {
    for (code, hierarchy) in [(0x126, raw::LOCKOUT), (0x124, raw::PLATFORM)] {
        let emulator = Emulator::start();
        let mut tpm = emulator.provisioned();
        let key = tpm.endorsement_key(EndorsementKind::P256).expect("the key");
        let asked = challenge(&key, tpm.chip(), 1);
        assert!(tpm.activate(asked.credential()).is_ok());
        raw::send(tpm.wire(), code, &[hierarchy], &[raw::password()], &[]).expect("done");
        drop(tpm);
        let mut again = emulator.provisioned();
        assert!(closed(&mut again, &asked), "{code:x}");
        let same = again.endorsement_key(EndorsementKind::P256).expect("the key") == key;
        assert_eq!(same, code == 0x126, "clearing leaves the endorsement, and ends the key");
    }
}

#[test]
fn the_certificate_of_another_chip_helps_nobody() {
    let (one, two) = (Emulator::start(), Emulator::start());
    let (mut one, mut two) = (one.provisioned(), two.provisioned());
    let root = Authority::root("Chips");
    let key = two.endorsement_key(EndorsementKind::P256).expect("the key");
    let stolen = root.endorse(&key, EMULATOR);
    let index = 0x01c0_000a;
    let size = stolen.len() as u16;
    raw::define(one.wire(), raw::OWNER, index, 0x0204_0004, size).expect("defined");
    raw::write(one.wire(), index, &stolen).expect("written");
    let roots = Makers::default().danger_with_emulators(&root.pem()).expect("roots");
    let (_, named) = roots.check(&one.certificates().expect("certificates")).expect("vouched");
    let asked = challenge(&named, one.chip(), 1);
    assert!(closed(&mut one, &asked) && closed(&mut two, &asked));
}
