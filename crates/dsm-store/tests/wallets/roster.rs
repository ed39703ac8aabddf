//! Which devices of a contact are active.

use dsm_core::View;
use dsm_core::identity::{
    Card, DeviceSignature, Roster, RosterAuthority, RosterChange, RosterStep,
};
use dsm_crypto::{RecoverySecret, SecretKey, Signer};
use dsm_encoding::List;
use dsm_log::{DeviceDescriptor, Position};
use dsm_store::{Changes, Contact};

use crate::home::Home;
use crate::person::{Person, descriptor, seeded};

/// A step that the recovery key of an owner consents to.
fn step(
    owner: &str,
    roster: &Roster,
    change: RosterChange,
    enrolled: Option<(&DeviceDescriptor, &SecretKey)>,
) -> RosterStep {
    let recovery = RecoverySecret::from_seed(&seeded(owner, "recovery"));
    let signature = recovery.sign(&roster.message(&change));
    let enrolled = enrolled.map(|(device, key)| DeviceSignature {
        device: device.clone(),
        signature: key.sign(&roster.enrolment(&device.id())),
    });
    RosterStep { change, authority: RosterAuthority::Recovery { signature }, enrolled }
}

fn pin<H: Home>(person: &mut Person<'_, H>, name: &str, card: &Card) {
    let contacts = vec![Contact { name: name.into(), card: card.clone() }];
    person.commit(&Changes { contacts, ..Changes::default() }).expect("a contact");
}

pub(crate) fn the_newest_roster_says_who_is_active<H: Home>(home: &H) {
    let mut ada = Person::new(home, "ada");
    let first = Person::new(home, "ben").books().card();
    let key = SecretKey::from_seed(seeded("ben", "second"));
    let device = descriptor(&key, first.descriptor.recovery, first.descriptor.kem);
    let (one, two) = (first.descriptor.id(), device.id());

    let roster = Roster::new(first.genesis.clone(), &first.devices).expect("a roster");
    let add = step("ben", &roster, RosterChange::Add { device: two }, Some((&device, &key)));
    let roster = roster.step(&add).expect("a second device");
    let retire = step("ben", &roster, RosterChange::Retire { device: one }, None);

    let steps = |steps: &[&RosterStep]| {
        List::try_collect(steps.iter().map(|step| (*step).clone())).expect("few steps")
    };
    let second = Card {
        steps: steps(&[&add]),
        at: Position::origin(&two),
        descriptor: device,
        ..first.clone()
    };
    let later = Card { steps: steps(&[&add, &retire]), ..second.clone() };

    let active = |ada: &Person<'_, H>| {
        let books = ada.books();
        [one, two].map(|device| books.peer(&device).map(|peer| peer.active))
    };
    pin(&mut ada, "ben", &first);
    assert_eq!(active(&ada), [Some(true), None]);
    pin(&mut ada, "ben's other", &second);
    assert_eq!(active(&ada), [Some(true), Some(true)]);
    pin(&mut ada, "ben's other", &later);
    assert_eq!(active(&ada), [Some(false), Some(true)]);
    // Earlier cards take nothing back.
    pin(&mut ada, "ben", &first);
    pin(&mut ada, "ben's other", &second);
    assert_eq!(active(&ada), [Some(false), Some(true)]);
    assert_eq!(ada.books().contact(&two).map(|contact| contact.card), Some(later));
}
