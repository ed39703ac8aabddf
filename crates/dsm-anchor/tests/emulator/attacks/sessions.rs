//! Sessions that are encrypted, of another kind, saved, ended, or replayed.

use dsm_log::Chip;

use crate::audit::{
    AUDITS, Audited, CIPHER, DECRYPTS, ENCRYPTS, GOES_ON, HMAC, NO_CIPHER, NV_READ, POLICY,
};
use crate::head;
use crate::owner::Owner;
use crate::raw::{password, sized_at};

/// A session that checks whether policies would hold.
const TRIAL: u8 = 3;

#[test]
fn a_value_that_was_read_encrypted_counts_for_nothing() {
    for encrypted in [[true, false], [false, true], [true, true]] {
        let mut owner = Owner::new();
        let chip = owner.chip.clone();
        let mut session = Audited::begin_as(&mut owner.wire, HMAC, &CIPHER);
        let how =
            encrypted.map(|encrypted| GOES_ON | AUDITS | if encrypted { ENCRYPTS } else { 0 });
        let before = session.read_as(&mut owner.wire, &chip, how[0]).expect("the chip");
        session.stir(&mut owner.wire, head(1)).expect("the chip");
        session.increment(&mut owner.wire, &chip).expect("the chip");
        let after = session.read_as(&mut owner.wire, &chip, how[1]).expect("the chip");
        let read = [before, after]
            .map(|said| u64::from_be_bytes(sized_at(&said, 0).try_into().expect("8 bytes")));
        let true_values = [chip.first_value, chip.first_value + 1];
        for at in 0..2 {
            assert_eq!(read[at] != true_values[at], encrypted[at]);
        }
        // The digest is over what was sent: whoever believed the values in the evidence would believe these.
        let digest = chip.after_reading([0; 32], read[0]);
        let digest = chip.after_incrementing(Chip::after_stirring(digest, &head(1)));
        assert_eq!(chip.after_reading(digest, read[1]), session.digest);
        assert!(owner.shows(&session).is_empty());
    }
}

#[test]
fn a_head_that_is_told_encrypted_is_absorbed_as_it_was_told() {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let mut session = Audited::begin_as(&mut owner.wire, HMAC, &CIPHER);
    let wire = &mut owner.wire;
    session.read(wire, &chip).expect("the chip");
    // The chip decrypts this to something else, which goes into its random numbers only.
    session.stir_as(wire, head(1), GOES_ON | AUDITS | DECRYPTS).expect("the chip");
    session.increment(wire, &chip).expect("the chip");
    session.read(wire, &chip).expect("the chip");
    assert!(owner.shows(&session).is_only(1, 1));
}

#[test]
fn policies_and_trials_are_no_audit_sessions() {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let names = chip.counter_name().repeat(2);
    for kind in [POLICY, TRIAL] {
        let mut session = Audited::begin_as(&mut owner.wire, kind, &NO_CIPHER);
        let at = (&[chip.counter; 2][..], &names[..]);
        let wire = &mut owner.wire;
        let alone = session.clone().say(wire, (NV_READ, GOES_ON | AUDITS), at, &[], &[0, 8, 0, 0]);
        let beside =
            session.say(wire, (NV_READ, GOES_ON | AUDITS), at, &[password()], &[0, 8, 0, 0]);
        assert_eq!((alone, beside), (Err(0x982), Err(0xa82)), "its attributes do not go together");
        // By its own handle, and by that of an audit session at its place.
        for handle in [session.handle, session.handle & 0x00ff_ffff | 0x0200_0000] {
            let quoted = owner.quote_as(handle);
            assert!(quoted.is_err(), "{handle:x}");
        }
        owner.flush(&session);
    }
}

#[test]
fn a_saved_session_is_loaded_once_and_only_as_it_was_last() {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let mut session = owner.begin();
    session.read(&mut owner.wire, &chip).expect("the chip");
    // Twice.
    let first = owner.save(&session).expect("saved");
    assert!(session.clone().stir(&mut owner.wire, head(2)).is_err(), "it is not in the chip");
    assert_eq!(owner.load(&first), Ok(session.handle));
    let mut rewound = session.clone();
    assert!(owner.load(&first).is_err());
    // An old one, after work.
    session.stir(&mut owner.wire, head(1)).expect("the chip");
    let second = owner.save(&session).expect("saved");
    assert!(owner.load(&first).is_err());
    assert_eq!(owner.load(&second), Ok(session.handle));
    // In the middle it does no harm.
    session.increment(&mut owner.wire, &chip).expect("the chip");
    session.read(&mut owner.wire, &chip).expect("the chip");
    owner.show(&session);
    assert!(owner.shown.is_only(1, 1));
    for old in [&first, &second] {
        assert!(owner.load(old).is_err());
    }
    assert!(rewound.stir(&mut owner.wire, head(2)).is_err(), "as it was before");
    // After it ended, and with another one in its place.
    let last = owner.save(&session).expect("saved");
    owner.flush(&session);
    let mut other = owner.begin();
    assert_eq!(other.handle, session.handle);
    for old in [&first, &second, &last] {
        assert!(owner.load(old).is_err());
    }
    // With another one of which a context was saved too.
    let own = owner.save(&other).expect("saved");
    for old in [&first, &second, &last] {
        assert!(owner.load(old).is_err());
    }
    assert_eq!(owner.load(&own), Ok(other.handle));
    other.absorb(&mut owner.wire, &chip, head(2)).expect("the chip");
    owner.show(&other);
    assert_eq!((owner.shown.0.len(), owner.shown.doubles()), (2, 0));
    // A context that was altered.
    let saved = owner.save(&other).expect("saved");
    for at in [0, 8, 20, saved.len() / 2, saved.len() - 1] {
        let mut bytes = saved.clone();
        bytes[at] ^= 1;
        assert!(owner.load(&bytes).is_err(), "at {at}");
    }
}

#[test]
fn a_session_that_ended_does_not_go_on_and_nothing_is_said_twice() {
    let mut owner = Owner::new();
    let chip = owner.chip.clone();
    let mut session = owner.begin();
    session.read(&mut owner.wire, &chip).expect("the chip");
    let before = session.clone();
    session.stir(&mut owner.wire, head(1)).expect("the chip");
    // The same command again, and another one with the nonce that was used.
    assert!(before.clone().stir(&mut owner.wire, head(1)).is_err());
    assert!(before.clone().stir(&mut owner.wire, head(2)).is_err());
    let ended = session.clone();
    owner.flush(&session);
    assert!(ended.clone().increment(&mut owner.wire, &chip).is_err());
    assert!(owner.quote_as(ended.handle).is_err());
    // Another one in its place does not know the nonce, nor the digest.
    let mut other = owner.begin();
    assert_eq!(other.handle, ended.handle);
    assert!(ended.clone().increment(&mut owner.wire, &chip).is_err());
    other.increment(&mut owner.wire, &chip).expect("the chip");
    other.read(&mut owner.wire, &chip).expect("the chip");
    let quoted = owner.quote_as(other.handle).expect("signed");
    let starts = [before.starts, ended.starts, other.starts].concat();
    owner.shown.claim(&chip, &starts, &quoted);
    assert!(owner.shown.is_empty());
}
