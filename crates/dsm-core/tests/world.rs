//! Honest devices at random: whatever they hold they can pay; and packs changed at random.

use dsm_core::pack::{PackDevice, PackLock, PackOutput, PackSpend, PackToken, PackValue};
use dsm_core::{Accepted, Dealt, Facts, Op, Reject, View, prove_fork};
use dsm_crypto::Digest;
use dsm_encoding::List;
use dsm_log::Position;
use dsm_sim::{Actor, PURSE, Payment, Town, edit, introduce};

/// Numbers that look random and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).expect("a small number")
    }
}

/// People who know each other, and one coupon each.
fn people(count: usize) -> (Town, Vec<Actor>) {
    let mut town = Town::poor(|_| {});
    let mut people: Vec<Actor> = (0..count).map(|name| Actor::new(&name.to_string())).collect();
    for one in 0..count {
        for other in one + 1..count {
            let (left, right) = people.split_at_mut(other);
            introduce(&mut left[one], &mut right[0]);
        }
        people[one].view.settings.exposed_cap = u64::MAX;
        let (index, note) = town.mint.issue(town.token, one as u64, PURSE, people[one].lock());
        people[one].take_issue(&town.mint, index, note);
    }
    (town, people)
}

/// Two different people.
fn pair<'a>(people: &'a mut [Actor], dice: &mut Dice) -> (&'a mut Actor, &'a mut Actor) {
    let (one, other) = (dice.roll(people.len()), dice.roll(people.len() - 1));
    let (low, high) = (one.min(other), one.max(other) + usize::from(one <= other));
    let (left, right) = people.split_at_mut(high);
    if one == low { (&mut left[low], &mut right[0]) } else { (&mut right[0], &mut left[low]) }
}

#[test]
fn honest_money_always_passes_and_none_is_made() {
    let (town, mut people) = people(5);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..250 {
        let junk = dice.roll(4) == 0;
        let (payer, payee) = pair(&mut people, &mut dice);
        if junk {
            // Records that name what others hold, or held.
            let ids = payee.notes.keys().copied().take(3).collect();
            payer.scribble(ids);
        }
        let balance = usize::try_from(payer.balance(town.token)).expect("a small sum");
        if balance > 0 {
            let amount = 1 + dice.roll(balance);
            payer.settle(payee, town.token, amount as u64);
        }
    }
    let held: u64 = people.iter().map(|one| one.balance(town.token)).sum();
    assert_eq!(held, PURSE * people.len() as u64);
    assert!(people.iter().all(|one| one.view.forks.is_empty()));
}

/// A payment whose payee knows a part of the lineage already.
fn payment(seed: u64) -> (Actor, Payment, Dealt) {
    let (town, mut people) = people(4);
    let mut dice = Dice(seed);
    for _ in 0..12 {
        let (payer, payee) = pair(&mut people, &mut dice);
        if payer.balance(town.token) > 10 {
            payer.settle(payee, town.token, 10);
        }
    }
    let (payer, payee) = pair(&mut people, &mut dice);
    let payment = payer.pay(payee, town.token, payer.balance(town.token));
    let whole = dice.roll(2) == 0;
    let dealt =
        if whole { payer.insist(&payment.dealing) } else { payer.deal(&payment.dealing, payee) };
    assert_eq!(payee.refusal(&dealt, payment.nonce), None);
    (payee.clone(), payment, dealt)
}

fn any<'a, T>(all: &'a mut [T], dice: &mut Dice) -> Option<&'a mut T> {
    let at = dice.roll(all.len());
    all.get_mut(at)
}

/// Drops, doubles or swaps something.
fn shuffle<T: Clone, const MAX: usize>(list: &mut List<T, MAX>, dice: &mut Dice) {
    edit(list, |all| {
        if all.is_empty() {
            return;
        }
        let (at, to) = (dice.roll(all.len()), dice.roll(all.len()));
        match dice.roll(3) {
            0 => drop(all.remove(at)),
            1 => all.insert(to, all[at].clone()),
            _ => all.swap(at, to),
        }
    });
}

fn relock(output: &mut PackOutput, dice: &mut Dice, heads: &[(u32, Position)]) {
    let (device, floor) = heads[dice.roll(heads.len())];
    output.lock = match dice.roll(4) {
        0 => PackLock::Shown { device, floor: floor.index },
        1 => PackLock::Plain { device, floor },
        2 => PackLock::Change {},
        _ => match output.lock {
            PackLock::Shown { device, floor } => PackLock::Plain {
                device,
                floor: heads
                    .iter()
                    .find(|(of, at)| *of == device && at.index == floor)
                    .map_or(Position { index: floor, head: Digest::ZERO }, |(_, at)| *at),
            },
            PackLock::Plain { device, floor } => PackLock::Shown { device, floor: floor.index },
            other => other,
        },
    };
}

/// Changes one thing of a pack.
fn change(dealt: &mut Dealt, dice: &mut Dice, heads: &[(u32, Position)]) {
    let pack = &mut dealt.pack;
    match dice.roll(14) {
        0 => shuffle(&mut pack.devices, dice),
        1 => shuffle(&mut pack.tokens, dice),
        2 => shuffle(&mut pack.runs, dice),
        3 => shuffle(&mut pack.opened, dice),
        4 => edit(&mut pack.runs, |runs| {
            let Some(run) = any(runs, dice) else { return };
            shuffle(&mut run.records, dice);
        }),
        5 => edit(&mut pack.runs, |runs| {
            let Some(run) = any(runs, dice) else { return };
            run.start = heads[dice.roll(heads.len())].1;
        }),
        6 => edit(&mut pack.runs, |runs| {
            let Some(run) = any(runs, dice) else { return };
            run.device = u32::try_from(dice.roll(5)).expect("small");
        }),
        7 => edit(&mut pack.runs, |runs| {
            let Some(run) = any(runs, dice) else { return };
            edit(&mut run.records, |records| {
                let Some(record) = any(records, dice) else { return };
                edit(&mut record.spends, |spends| {
                    let number = |dice: &mut Dice| u32::try_from(dice.roll(4)).expect("small");
                    let (one, two) = (number(dice), number(dice));
                    let spend = match dice.roll(2) {
                        0 => PackSpend::Note { opened: one, output: two },
                        _ => PackSpend::Lot { token: one, lot: u64::from(two) },
                    };
                    spends.push(spend);
                });
            });
        }),
        8..=10 => edit(&mut pack.opened, |opened| {
            let Some(one) = any(opened, dice) else { return };
            if let Some(PackValue::Transfer { outputs, .. } | PackValue::Issue { outputs, .. }) =
                &mut one.value
            {
                edit(outputs, |outputs| {
                    let Some(output) = any(outputs, dice) else { return };
                    relock(output, dice, heads);
                });
            }
        }),
        11 => edit(&mut pack.devices, |devices| {
            let Some(device) = any(devices, dice) else { return };
            *device = PackDevice::Named { id: device.id() };
        }),
        12 => edit(&mut pack.tokens, |tokens| {
            if let Some(PackToken::Full { policy }) = tokens.first().cloned() {
                tokens[0] = PackToken::Named { id: policy.id() };
            }
        }),
        _ => edit(&mut dealt.ops, |ops| ops.push(Op::Receive {})),
    }
}

/// What a verdict is about; the facts may be told in more or fewer words.
fn sense(accepted: &Accepted) -> impl PartialEq + std::fmt::Debug {
    let lineage = accepted.lineage().clone();
    (accepted.at(), accepted.dealing(), lineage, accepted.notes().to_vec(), accepted.peer())
}

#[test]
fn a_pack_changed_at_random_is_refused_or_means_the_same() {
    let mut told_otherwise = 0;
    for seed in 1..=6 {
        let (payee, payment, dealt) = payment(seed);
        let original = payee.judge(&dealt, payment.nonce).result.expect("honest money");
        let lines = original.facts().lines.iter();
        let heads: Vec<(u32, Position)> = lines
            .flat_map(|line| {
                let number = dealt.pack.devices.iter().position(|one| one.id() == line.device);
                let number = u32::try_from(number.expect("a device")).expect("few");
                let from = line.start.index;
                (from..=line.end().index)
                    .map(move |index| (number, index, line.head(index).expect("a head")))
                    .map(|(number, index, head)| (number, Position { index, head }))
            })
            .collect();
        let mut dice = Dice(seed << 32 | 77);
        for _ in 0..400 {
            let mut other = dealt.clone();
            for _ in 0..=dice.roll(2) {
                change(&mut other, &mut dice, &heads);
            }
            if other == dealt {
                continue;
            }
            let verdict = payee.judge(&other, payment.nonce);
            assert!(verdict.forks.is_empty(), "honest devices are never accused");
            match verdict.result {
                Ok(accepted) => {
                    assert_eq!(sense(&accepted), sense(&original));
                    told_otherwise += 1;
                }
                Err(reject) => assert_ne!(reject, Reject::Network),
            }
        }
    }
    assert!(told_otherwise > 0, "some changes are other words for the same");
}

/// The forks that somebody can prove who hears all that these people know.
fn proven(people: &[Actor]) -> usize {
    let mut observer = Actor::new("observer");
    let mut proofs = 0;
    for facts in people.iter().flat_map(|one| &one.learned) {
        facts.descriptors.iter().for_each(|descriptor| observer.view.pin(descriptor));
        for line in &facts.lines {
            let Some(descriptor) = observer.view.descriptor(&line.device) else { continue };
            let pairs: Vec<_> = line.records.iter().map(dsm_log::Record::pair).collect();
            let found = (0..pairs.len()).find_map(|from| {
                let index = line.start.index + from as u64 + 1;
                let start = Position { index, head: line.head(index)? };
                let after = &pairs[from + 1..];
                prove_fork(&observer.view, &descriptor, start, after, &line.signature)
            });
            match found {
                Some(_) => proofs += 1,
                None => {
                    observer.view.learn(&Facts { lines: vec![line.clone()], ..Facts::default() })
                }
            }
        }
    }
    proofs
}

/// Copies of one disk pay whomever they meet: what honest people then know together proves it, and
/// accuses nobody else.
#[test]
fn whoever_pays_from_copies_leaves_a_proof() {
    let mut forked = 0;
    for seed in 1..=8 {
        let (town, mut people) = people(5);
        let mut dice = Dice(seed << 40 | 0xabcd);
        let mut copies = vec![people[0].clone()];
        let cheat = people[0].id();
        for _ in 0..30 {
            match dice.roll(3) {
                0 => {
                    let payee = 1 + dice.roll(people.len() - 1);
                    let at = dice.roll(copies.len());
                    let copy = &mut copies[at];
                    if copy.balance(town.token) > 0 {
                        let payment = copy.pay(&mut people[payee], town.token, 1);
                        let dealt = copy.insist(&payment.dealing);
                        let _ = people[payee].receive(&dealt, payment.nonce);
                    }
                    if dice.roll(3) == 0 {
                        let copy = copies[at].clone();
                        copies.push(copy);
                    }
                }
                _ => {
                    let (payer, payee) = pair(&mut people[1..], &mut dice);
                    if payer.balance(town.token) > 0 {
                        let amount = payer.balance(town.token).min(5);
                        let payment = payer.pay(payee, town.token, amount);
                        let dealt = payer.insist(&payment.dealing);
                        let _ = payee.receive(&dealt, payment.nonce);
                    }
                }
            }
        }
        let honest = &people[1..];
        for proof in honest.iter().flat_map(|one| one.view.forks.keys()) {
            assert_eq!(*proof, cheat);
        }
        // Two copies that both dealt leave two histories, known to the people together.
        let heads: std::collections::BTreeSet<_> = honest
            .iter()
            .flat_map(|one| &one.learned)
            .flat_map(|facts| &facts.lines)
            .filter(|line| line.device == cheat)
            .flat_map(|line| line.heads.iter().zip(line.start.index + 1..))
            .map(|(head, index)| (index, *head))
            .collect();
        let indexes: std::collections::BTreeSet<u64> =
            heads.iter().map(|(index, _)| *index).collect();
        let two_histories = heads.len() > indexes.len();
        assert_eq!(two_histories, proven(honest) > 0);
        forked += u32::from(two_histories);
    }
    assert!(forked > 0, "some of these worlds have a fork");
}
