//! Owners, their devices and who may change them (`spec/identity.md`).

use dsm_core::Reject;
use dsm_core::identity::{
    DeviceSignature, Genesis, Roster, RosterAuthority, RosterChange, RosterStep, device_tree,
};
use dsm_crypto::{Digest, RecoverySignature};
use dsm_log::{DeviceId, Network};
use dsm_sim::{Actor, NETWORK, Owner};

fn three() -> (Owner, [Actor; 3]) {
    let (owner, actors) = Owner::new("ada", &["phone", "laptop", "watch"]);
    (owner, actors.try_into().ok().expect("three devices"))
}

fn refusal(owner: &Owner, step: &RosterStep) -> Option<Reject> {
    owner.roster.clone().step(step).err()
}

#[test]
fn two_devices_add_a_third_and_retire_it() {
    let (mut owner, [phone, laptop, _]) = three();
    let tablet = owner.device("tablet");
    owner.take(owner.adding(&tablet, [&phone, &laptop]));
    assert_eq!(owner.roster.version(), 1);
    assert!(owner.roster.devices().contains(&tablet.id()));
    assert_eq!(owner.card(&tablet).roster(NETWORK).ok(), Some(owner.roster.clone()));
    owner.take(owner.retiring(&tablet, [&tablet, &laptop]));
    assert!(!owner.roster.devices().contains(&tablet.id()));
    let device = tablet.id();
    let card = owner.card(&tablet);
    assert_eq!(card.roster(NETWORK).err(), Some(Reject::NotEnrolled { device }));
}

#[test]
fn the_recovery_key_changes_the_roster_alone() {
    let (owner, [phone, laptop, _]) = three();
    let change = RosterChange::Retire { device: phone.id() };
    let authority = owner.consent(&change);
    let step = RosterStep { change, authority: authority.clone(), enrolled: None };
    assert_eq!(refusal(&owner, &step), None);
    // It consented to this change only, and to this version of this owner's roster.
    let other = RosterChange::Retire { device: laptop.id() };
    let step = RosterStep { change: other, authority: authority.clone(), enrolled: None };
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterAuthority));
    let forged = RecoverySignature::from_bytes(&[0; RecoverySignature::LENGTH]);
    let authority = RosterAuthority::Recovery { signature: forged.expect("its length") };
    let step = RosterStep { change, authority, enrolled: None };
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterAuthority));
}

#[test]
fn rejects_a_change_without_two_active_devices() {
    let (mut owner, [phone, laptop, watch]) = three();
    let tablet = owner.device("tablet");
    let stranger = Actor::new("stranger");
    let good = owner.adding(&tablet, [&phone, &laptop]);
    assert_eq!(refusal(&owner, &good), None);
    for by in [[&phone, &phone], [&phone, &tablet], [&stranger, &phone], [&tablet, &tablet]] {
        let step = owner.adding(&tablet, by);
        assert_eq!(refusal(&owner, &step), Some(Reject::RosterAuthority));
    }
    // A retired one does not count, nor does a signature by another's key.
    owner.take(owner.retiring(&watch, [&phone, &laptop]));
    let step = owner.adding(&tablet, [&phone, &watch]);
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterAuthority));
    let change = RosterChange::Add { device: tablet.id() };
    let message = owner.roster.message(&change);
    let swapped = DeviceSignature { device: laptop.descriptor.clone(), ..phone.sign(&message) };
    let authority =
        RosterAuthority::Devices { one: Box::new(phone.sign(&message)), two: Box::new(swapped) };
    let enrolled = Some(tablet.sign(&owner.roster.enrolment(&tablet.id())));
    let step = RosterStep { change, authority, enrolled };
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterAuthority));
}

#[test]
fn rejects_an_old_step_again() {
    let (mut owner, [phone, laptop, watch]) = three();
    let retire = owner.retiring(&watch, [&phone, &laptop]);
    let twice = owner.retiring(&phone, [&watch, &laptop]);
    owner.take(retire.clone());
    for step in [retire, twice] {
        assert_eq!(refusal(&owner, &step), Some(Reject::RosterAuthority));
    }
    // Added again, the watch needs new consents.
    let tablet = owner.device("tablet");
    let add = owner.adding(&tablet, [&phone, &laptop]);
    owner.take(add.clone());
    owner.take(owner.retiring(&tablet, [&phone, &laptop]));
    assert_eq!(refusal(&owner, &add), Some(Reject::RosterAuthority));
}

#[test]
fn rejects_a_step_of_another_identity() {
    let (owner, [phone, laptop, watch]) = three();
    // The same devices and the same key under another window are another owner.
    let genesis = Genesis { window_blocks: 1, ..owner.roster.genesis().clone() };
    let other = Roster::new(genesis, &owner.first).expect("the same devices");
    assert_ne!(other.genesis().id(), owner.roster.genesis().id());
    let step = owner.retiring(&watch, [&phone, &laptop]);
    assert_eq!(refusal(&owner, &step), None);
    assert_eq!(other.step(&step).err(), Some(Reject::RosterAuthority));
}

#[test]
fn rejects_a_device_added_twice_or_retired_twice() {
    let (mut owner, [phone, laptop, watch]) = three();
    let step = owner.adding(&watch, [&phone, &laptop]);
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterOrder));
    owner.take(owner.retiring(&watch, [&phone, &laptop]));
    let step = owner.retiring(&watch, [&phone, &laptop]);
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterOrder));
    let step = owner.adding(&watch, [&phone, &laptop]);
    assert_eq!(refusal(&owner, &step), None);
}

#[test]
fn rejects_more_devices_than_a_roster_holds() {
    let (mut owner, [phone, laptop, _]) = three();
    let most = dsm_core::identity::MAX_DEVICES;
    for number in owner.roster.devices().len()..most {
        let device = owner.device(&number.to_string());
        owner.take(owner.adding(&device, [&phone, &laptop]));
    }
    let step = owner.adding(&owner.device("one more"), [&phone, &laptop]);
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterOrder));
}

#[test]
fn rejects_a_device_that_did_not_sign_for_its_owner() {
    let (owner, [phone, laptop, watch]) = three();
    let tablet = owner.device("tablet");
    let device = tablet.id();
    let good = owner.adding(&tablet, [&phone, &laptop]);
    let (elsewhere, _) = Owner::new("eve", &["eves"]);
    let enrolment = owner.roster.enrolment(&device);
    let signed = |by: &Actor, message: &Digest| Some(by.sign(message));
    let no = [
        None,
        signed(&watch, &enrolment),
        signed(&tablet, &owner.roster.enrolment(&watch.id())),
        signed(&tablet, &elsewhere.roster.enrolment(&device)),
        signed(&tablet, &owner.roster.message(&good.change)),
        Some(DeviceSignature { device: tablet.descriptor.clone(), ..watch.sign(&enrolment) }),
    ];
    for enrolled in no {
        let step = RosterStep { enrolled, ..good.clone() };
        assert_eq!(refusal(&owner, &step), Some(Reject::RosterDevice { device }));
    }
    // And who is retired signs nothing.
    let device = watch.id();
    let enrolled = signed(&watch, &owner.roster.enrolment(&device));
    let step = RosterStep { enrolled, ..owner.retiring(&watch, [&phone, &laptop]) };
    assert_eq!(refusal(&owner, &step), Some(Reject::RosterDevice { device }));
}

#[test]
fn rejects_a_device_enrolled_in_a_strangers_roster() {
    // Eve enrols Ada's phone: by a step that the phone signed, and in a genesis.
    let (_, [phone, ..]) = three();
    let (eve, devices) = Owner::new("eve", &["one", "two"]);
    let [one, two] = devices.as_slice() else { panic!("two devices") };
    let step = eve.adding(&phone, [one, two]);
    let device = phone.id();
    assert_eq!(refusal(&eve, &step), Some(Reject::Owner { device }));
    let devices = [device];
    let genesis = Genesis { devices: device_tree(&devices), ..eve.roster.genesis().clone() };
    let mut card = eve.card(&phone);
    card.genesis = genesis;
    card.devices = devices.to_vec().try_into().expect("one");
    assert_eq!(card.roster(NETWORK).err(), Some(Reject::Owner { device }));
}

#[test]
fn rejects_devices_that_the_genesis_does_not_name() {
    let (owner, [phone, laptop, watch]) = three();
    let genesis = owner.roster.genesis();
    let new = |devices: &[DeviceId]| Roster::new(genesis.clone(), devices).err();
    let [one, two, three] = [phone.id(), laptop.id(), watch.id()];
    assert_eq!(new(&[one, two, three]), None);
    for devices in [&[one, two][..], &[two, one, three], &[], &[one, two, three, three]] {
        assert_eq!(new(devices), Some(Reject::DeviceTree));
    }
    // Nor does a genesis make nobody, a crowd, or one device twice an owner.
    let crowd: Vec<DeviceId> =
        (0..65_u8).map(|number| DeviceId(Digest::from_bytes([number; 32]))).collect();
    for (devices, refused) in
        [(&crowd[..64], false), (&crowd[..], true), (&[][..], true), (&[one, one][..], true)]
    {
        let genesis = Genesis { devices: device_tree(devices), ..genesis.clone() };
        let expected = refused.then_some(Reject::DeviceTree);
        assert_eq!(Roster::new(genesis, devices).err(), expected);
    }
}

#[test]
fn rejects_a_card_of_another_device_key_or_network() {
    let (owner, [phone, laptop, _]) = three();
    let card = owner.card(&phone);
    assert!(card.roster(NETWORK).is_ok());
    assert_eq!(card.roster(Network::MAIN).err(), Some(Reject::Network));
    let mut other = card.clone();
    other.kem = (*laptop.kem).clone();
    assert_eq!(other.roster(NETWORK).err(), Some(Reject::Owner { device: phone.id() }));
    let mut other = card.clone();
    other.descriptor.key = laptop.descriptor.key.clone();
    let device = other.descriptor.id();
    assert_eq!(other.roster(NETWORK).err(), Some(Reject::NotEnrolled { device }));
    // A device of the right owner on another network is none of its devices.
    let mut foreign = owner.device("tablet");
    foreign.descriptor.network = Network::MAIN;
    foreign.log = dsm_core::OwnLog::new(foreign.descriptor.id());
    let step = owner.adding(&foreign, [&phone, &laptop]);
    let device = foreign.id();
    assert_eq!(refusal(&owner, &step), Some(Reject::Owner { device }));
}
