//! What must hold in every state, and what must happen in some.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use dsm_log::{DeviceId, SpendId};
use stateright::Property;

use crate::cheat::WORTH;
use crate::disk::{Deed, Disk};
use crate::world::{Line, World, Worlds};

impl World {
    fn disks(&self) -> impl Iterator<Item = &Disk> {
        self.shelves.iter().map(|shelf| &shelf.now)
    }
}

/// The ids that a device saw consumed by entries that it accepted.
fn consumed(disk: &Disk) -> impl Iterator<Item = (&Deed, SpendId)> {
    disk.deeds().iter().flat_map(|deed| deed.spends.iter().map(move |id| (deed, *id)))
}

/// Nothing is accepted twice: no entry again, no id in two entries.
fn accepts_once(_: &Worlds, world: &World) -> bool {
    world.disks().all(|disk| {
        let (mut entries, mut ids) = (BTreeSet::new(), BTreeSet::new());
        disk.deeds().iter().all(|deed| entries.insert((deed.writer, deed.index)))
            && consumed(disk).all(|(_, id)| ids.insert(id))
    })
}

/// Nothing is accepted that rests on a device that is known to have forked.
fn accepts_unforked(_: &Worlds, world: &World) -> bool {
    world.disks().all(|disk| disk.deeds().iter().all(|deed| !deed.knew))
}

/// No fork proof is of an honest device, of one that issues, or of the one that holds it.
fn accuses_nobody(model: &Worlds, world: &World) -> bool {
    let cheat = model.cheat.as_ref().map(|(person, _)| person.id());
    world.disks().all(|disk| disk.summary().forks.iter().all(|device| Some(*device) == cheat))
}

/// No honest device finds out that its log went on elsewhere.
fn is_no_copy(_: &Worlds, world: &World) -> bool {
    world.disks().all(|disk| !disk.summary().old_copy)
}

/// Each holds what it had and got, less what it gave; and altogether there is as much as there was,
/// unless the cheat forked.
fn conserves(model: &Worlds, world: &World) -> bool {
    let sum = |disk: &Disk| disk.summary().held.values().sum::<u64>();
    let each = world.disks().zip(model.start.disks()).all(|(disk, first)| {
        let got: u64 = disk.deeds().iter().map(|deed| deed.amount).sum();
        let gave: u64 = disk.summary().paid.iter().map(|(_, _, amount)| amount).sum();
        sum(disk) + gave == sum(first) + got
    });
    let held: u64 = world.disks().map(sum).sum();
    let on_way: u64 = on_way(model, world).into_iter().sum();
    let first: u64 = model.start.disks().map(sum).sum();
    let cheats = model.cheat.as_ref().map_or(0, |_| 2 * WORTH);
    each && (held + on_way <= first + cheats || is_double(model, world))
}

/// Amounts that honest devices are bound by and that their payees have not accepted.
fn on_way(model: &Worlds, world: &World) -> Vec<u64> {
    let people = &model.cast.people;
    let mut amounts = Vec::new();
    for (person, disk) in people.iter().zip(world.disks()) {
        for (to, index, amount) in &disk.summary().paid {
            let payee = people.iter().position(|one| one.id() == *to);
            let payee = payee.and_then(|at| world.shelves.get(at)).map(|shelf| &shelf.now);
            let accepted = payee.and_then(|disk| disk.summary().accepted.get(&person.id()));
            if accepted < Some(index) {
                amounts.push(*amount);
            }
        }
    }
    amounts
}

/// Whether two devices accepted one id in two entries of one writer.
fn is_double(_: &Worlds, world: &World) -> bool {
    let mut all = world
        .disks()
        .enumerate()
        .flat_map(|(who, disk)| consumed(disk).map(move |(deed, id)| (id, who, deed.head)));
    let mut seen = std::collections::BTreeMap::new();
    all.any(|(id, who, head)| {
        seen.insert(id, (who, head)).is_some_and(|(other, before)| who != other && before != head)
    })
}

/// What two accepted twice ends in a proof that both hold, once they talk to the end.
fn proves_doubles(model: &Worlds, world: &World) -> bool {
    if !is_double(model, world) {
        return true;
    }
    model.settled(world).proven
}

/// Whoever was told that something is accepted was told the truth.
fn keeps_its_word(model: &Worlds, world: &World) -> bool {
    pairs(model, world).all(|(_, mine, their_id, theirs, my_id)| {
        let acknowledged = mine.summary().acknowledged.get(&their_id);
        acknowledged.is_none_or(|index| {
            // A stitch names the last accepted entry of the one who reads it.
            theirs.summary().accepted.get(&my_id) >= Some(index)
        })
    })
}

/// From every state two honest devices come to agree, in one calm conversation; unless one owes the other
/// value of a cheat that the other knows, which freezes what lies behind it (`docs/adr/0020`).
fn comes_to_agree(model: &Worlds, world: &World) -> bool {
    let Settled { agree, frozen, .. } = model.settled(world);
    agree || frozen
}

/// What a calm conversation of both devices would lead to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    /// Each accepted all that the other wrote to it.
    agree: bool,
    /// One owes the other value, and that one knows a cheat.
    frozen: bool,
    /// Both hold a proof against the cheat.
    proven: bool,
}

fn is_frozen(model: &Worlds, disks: &[Disk; 2]) -> bool {
    [(0, 1), (1, 0)].into_iter().any(|(me, other)| {
        let [mine, theirs] = [me, other].map(|who| model.cast.people[who].id());
        let accepted = disks[other].summary().accepted.get(&mine);
        let paid = &disks[me].summary().paid;
        let owes = paid.iter().any(|(to, index, _)| *to == theirs && accepted < Some(index));
        owes && !disks[other].summary().forks.is_empty()
    })
}

fn agree(model: &Worlds, disks: &[Disk; 2]) -> bool {
    [(0, 1), (1, 0)].into_iter().all(|(me, other)| {
        let peer = model.cast.people[other].id();
        let mine = &disks[me].summary().addressed;
        let last = mine.iter().filter(|(to, _)| *to == peer).map(|(_, index)| index).max();
        disks[other].summary().accepted.get(&model.cast.people[me].id()) == last
    })
}

type Pair<'a> = (DeviceId, &'a Disk, DeviceId, &'a Disk, DeviceId);

fn pairs<'a>(model: &'a Worlds, world: &'a World) -> impl Iterator<Item = Pair<'a>> {
    let ids = || model.cast.people.iter().map(crate::device::Person::id);
    ids().zip(world.disks()).flat_map(move |(me, mine)| {
        let others = ids().zip(world.disks()).filter(move |(id, _)| *id != me);
        others.map(move |(other, theirs)| (me, mine, other, theirs, me))
    })
}

impl Worlds {
    /// What a calm conversation would lead to, remembered for each pair of disks.
    fn settled(&self, world: &World) -> Settled {
        let [one, other] = [&world.shelves[0].now, &world.shelves[1].now];
        let key = [one.print(), other.print()];
        let known = || self.meetings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settled) = known().get(&key) {
            return *settled;
        }
        let disks = self.cast.settle([0, 1], [one, other]).disks;
        let cheat = self.cheat.as_ref().map(|(person, _)| person.id());
        let holds = |disk: &Disk| cheat.is_some_and(|id| disk.summary().forks.contains(&id));
        let settled = Settled {
            agree: agree(self, &disks),
            frozen: is_frozen(self, &disks),
            proven: disks.iter().all(holds),
        };
        known().insert(key, settled);
        settled
    }

    /// The properties of these worlds.
    pub(crate) fn wanted(&self) -> Vec<Property<Self>> {
        let mut all = vec![
            Property::always("nothing is accepted twice", accepts_once),
            Property::always("nothing is accepted of a known cheat", accepts_unforked),
            Property::always("no honest device is accused", accuses_nobody),
            Property::always("no honest device is an old copy", is_no_copy),
            Property::always("value is conserved", conserves),
            Property::always("what two accepted is proven", proves_doubles),
            Property::always("a receipt is true", keeps_its_word),
            Property::always("two honest devices come to agree", comes_to_agree),
            Property::sometimes("somebody is paid", |_: &Self, world: &World| {
                world.disks().any(|disk| disk.deeds().iter().any(|deed| deed.amount > 0))
            }),
            Property::sometimes("a crash would forget something", |_: &Self, world: &World| {
                world.shelves.iter().any(|shelf| shelf.now != shelf.durable)
            }),
            Property::sometimes("one dies and its peer goes on", |_: &Self, world: &World| {
                let alone = |line: &Line| line.ends[0].is_some() && line.voices.contains(&None);
                world.left.crashes == 0 && world.talks.iter().any(alone)
            }),
            Property::sometimes("honest value is on its way", |model: &Self, world: &World| {
                !on_way(model, world).is_empty()
            }),
        ];
        if self.cheat.is_some() {
            all.extend([
                Property::sometimes("two accept the same", is_double),
                Property::sometimes(
                    "value of a cheat freezes two others",
                    |model: &Self, world: &World| {
                        let Settled { agree, frozen, .. } = model.settled(world);
                        frozen && !agree
                    },
                ),
                Property::sometimes("a victim holds a proof", |_: &Self, world: &World| {
                    world.disks().any(|disk| !disk.summary().forks.is_empty())
                }),
                Property::sometimes("a victim passes value on", |model: &Self, world: &World| {
                    let honest =
                        |deed: &Deed| model.cast.people.iter().any(|one| one.id() == deed.writer);
                    let passed = |deed: &Deed| deed.amount > 0 && honest(deed);
                    world.disks().any(|disk| disk.deeds().iter().any(passed))
                }),
            ]);
        } else {
            all.push(Property::sometimes(
                "both are paid and know it",
                |model: &Self, world: &World| {
                    world.disks().all(|disk| disk.deeds().iter().any(|deed| deed.amount > 0))
                        && world.disks().all(|disk| !disk.summary().acknowledged.is_empty())
                        && on_way(model, world).is_empty()
                },
            ));
        }
        all
    }
}
