//! Two cheats who sign anything, copy their disks and show what they like, and two honest payees.
//!
//! What holds, whatever they do: what a payee accepts an auditor finds good as well; no payee holds more than
//! was issued; no honest device is accused.

use std::sync::OnceLock;

use dsm_core::pack::Wanted;
use dsm_core::{Claimed, Dealt, Lock, Note, Output, Value, Verdict, View, accept};
use dsm_crypto::Digest;
use dsm_encoding::{List, to_vec};
use dsm_log::{Nonce, Position, SpendId};
use dsm_sim::{Actor, PURSE, Payment, Town, edit, introduce};

use crate::auditor::{Auditor, heads};
use crate::words::Words;

/// The most things that happen.
const MOST: usize = 14;

#[derive(Clone)]
struct World {
    town: Town,
    /// Ada and Eve; they know each other's logs.
    cheats: [Actor; 2],
    /// Copies of their disks.
    saved: [Option<Box<Actor>>; 2],
    /// Ben and Dan.
    payees: [Actor; 2],
    /// Every id that anybody made.
    ids: Vec<SpendId>,
    lots: u64,
}

/// The same at the beginning of each input: Ada holds the first lot.
fn beginning() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let town = Town::poor(|_| {});
        let mut cheats = ["cheat ada", "cheat eve"].map(Actor::new);
        let mut payees = ["payee ben", "payee dan"].map(Actor::new);
        let [ada, eve] = &mut cheats;
        introduce(ada, eve);
        let [ben, dan] = &mut payees;
        introduce(ben, dan);
        for payee in &mut payees {
            payee.view.settings.exposed_cap = u64::MAX;
            cheats.iter_mut().for_each(|cheat| introduce(cheat, payee));
        }
        let mut world =
            World { town, cheats, saved: [None, None], payees, ids: Vec::new(), lots: 0 };
        world.issue(0);
        world
    })
}

impl World {
    /// The mint, which is honest, issues a lot to a cheat.
    fn issue(&mut self, to: usize) {
        if self.lots >= 3 {
            return;
        }
        let (mint, cheat) = (&mut self.town.mint, &mut self.cheats[to]);
        let (index, note) = mint.issue(self.town.token, self.lots, PURSE, cheat.lock());
        cheat.take_issue(mint, index, note);
        self.lots += 1;
        self.ids.push(note.id());
    }

    /// Any ids, and any outputs that may be worth the same.
    fn value(&self, words: &mut Words<'_>, by: usize, to: Lock) -> (Vec<SpendId>, Value) {
        let cheat = &self.cheats[by];
        let mut spends: Vec<SpendId> = Vec::new();
        for _ in 0..=words.byte() % 3 {
            spends.extend(words.pick(&self.ids));
        }
        if !words.byte().is_multiple_of(8) {
            spends.sort();
            spends.dedup();
        }
        let known = spends.iter().filter_map(|id| cheat.view.origin(id));
        let mut left: u64 = known.map(|(_, output)| output.amount).sum();
        let mut outputs = Vec::new();
        for number in 0..=words.byte() % 3 {
            let lock = match words.byte() % 6 {
                0 => cheat.lock(),
                1 => self.cheats[1 - by].lock(),
                2 => self.payees[words.below(2)].lock(),
                3 => Lock::Vault { root: Digest::ZERO },
                _ => to,
            };
            let some = u64::from(words.number() % 600);
            let amount = if number > 0 || !words.byte().is_multiple_of(4) { left } else { some };
            left = left.saturating_sub(amount);
            outputs.push(Output { token: self.town.token, amount, lock });
        }
        (spends, Value::transfer(List::try_from(outputs).expect("few outputs")))
    }

    /// A cheat writes an entry, and remembers its notes.
    fn written(&mut self, by: usize, value: &Value) {
        let head = self.cheats[by].at().head;
        for (number, output) in (0..).zip(value.outputs()) {
            self.ids.push(Note { output: *output, head, number }.id());
        }
    }

    /// A cheat pays a payee with anything.
    fn pay(&mut self, words: &mut Words<'_>) {
        let (by, to) = (words.below(2), words.below(2));
        let place = match words.byte() % 8 {
            0 => Position { index: 1, head: Digest::ZERO },
            _ => self.payees[to].at(),
        };
        let lock = Lock::Device { id: self.payees[to].id(), floor: place };
        let (spends, value) = self.value(words, by, lock);
        let payment = self.cheats[by].claim(&mut self.payees[to], spends, value.clone());
        self.written(by, &value);
        let Some(dealt) = self.deal(words, by, to, &payment) else { return };
        let bytes = to_vec(&dealt);
        let bytes = if words.byte().is_multiple_of(4) { words.change(&bytes) } else { bytes };
        self.hear(by, to, &bytes, payment.nonce);
    }

    /// What an honest planner would send, all of it or what the payee lacks, or a stretch of it otherwise.
    fn deal(
        &self,
        words: &mut Words<'_>,
        by: usize,
        to: usize,
        payment: &Payment,
    ) -> Option<Dealt> {
        let (cheat, payee) = (&self.cheats[by], &self.payees[to]);
        let known = payee.view.latest(&cheat.id()).map(|at| at.index);
        let mut plan = payment.dealing.plan(&cheat.view, known)?;
        let how = words.byte();
        if how & 2 != 0 {
            edit(&mut plan.stretches, |stretches| {
                let at = words.below(stretches.len());
                let Some(one) = stretches.get_mut(at) else { return };
                let end = if how & 4 == 0 { &mut one.from } else { &mut one.to };
                *end = end.saturating_add(u64::from(words.byte() % 5)).saturating_sub(2);
            });
        }
        let lacking = Wanted::of(&payee.view, &plan).ok().filter(|_| how & 1 == 0);
        let wanted = lacking.map_or_else(|| Wanted::all(&plan).ok(), Some)?;
        dsm_core::deal(&cheat.view, &payment.dealing, &plan, &wanted)
    }

    fn hear(&mut self, by: usize, to: usize, bytes: &[u8], nonce: Option<Nonce>) {
        let Ok(claimed) = Claimed::decode(bytes) else { return };
        let verdict = accept(&self.payees[to].view, &claimed, nonce);
        self.check(&verdict);
        if self.payees[to].receive(claimed.as_dealt(), nonce).result.is_err() {
            return;
        }
        let payee = &mut self.payees[to];
        let accepted = verdict.result.as_ref().expect("the same verdict twice");
        Auditor::new(&payee.view).look_at(accepted, nonce);
        let receipt = payee.acknowledge(accepted.writer());
        let dealt = payee.deal(&receipt, &self.cheats[by]);
        // A cheat that went back to an old copy may not take it.
        let _ = self.cheats[by].receive(&dealt, None);
        let held = self.payees[to].balance(self.town.token);
        assert!(held <= PURSE * self.lots, "a payee holds {held}, more than was issued");
    }

    /// Ben pays Dan, or Dan Ben, what he got.
    fn pass_on(&mut self, words: &mut Words<'_>) {
        let from = words.below(2);
        let [ben, dan] = &mut self.payees;
        let (payer, payee) = if from == 0 { (ben, dan) } else { (dan, ben) };
        let amount = u64::from(words.byte()) + 1;
        if payer.balance(self.town.token) < amount {
            return;
        }
        let payment = payer.pay(payee, self.town.token, amount);
        let dealt = payer.deal(&payment.dealing, payee);
        let verdict = payee.receive(&dealt, payment.nonce);
        if let Ok(accepted) = &verdict.result {
            Auditor::new(&payee.view).look_at(accepted, payment.nonce);
            let receipt = payee.acknowledge(payer.id());
            let dealt = payee.deal(&receipt, payer);
            payer.receive(&dealt, None).result.expect("an honest receipt");
        }
        self.check(&verdict);
    }

    fn check(&self, verdict: &Verdict) {
        for proof in &verdict.forks {
            let cheat = self.cheats.iter().any(|cheat| cheat.id() == proof.device());
            assert!(cheat, "an honest device is accused");
        }
    }

    fn happens(&mut self, words: &mut Words<'_>) {
        let (word, by) = (words.byte(), words.below(2));
        match word % 10 {
            0 => self.issue(by),
            1 => self.cheats[by].idle(),
            2 => {
                let ids = words.pick(&self.ids).copied();
                self.cheats[by].scribble(ids.into_iter().collect());
            }
            3 => self.saved[by] = Some(Box::new(self.cheats[by].clone())),
            4 => {
                if let Some(copy) = self.saved[by].clone() {
                    self.cheats[by] = *copy;
                }
            }
            5 => {
                let to = self.cheats[1 - by].lock();
                let (spends, value) = self.value(words, by, to);
                self.cheats[by].write(None, spends, Some(value.clone()), Vec::new(), None);
                self.written(by, &value);
                let giver = self.cheats[by].clone();
                self.cheats[1 - by].take_log(&giver);
            }
            6 => self.pass_on(words),
            _ => self.pay(words),
        }
    }
}

/// What the cheats do, one thing after the other.
pub fn cheats(bytes: &[u8]) {
    let mut words = Words(bytes);
    let mut world = beginning().clone();
    for _ in 0..MOST {
        if words.is_over() {
            break;
        }
        world.happens(&mut words);
    }
    for payee in &world.payees {
        let all = heads(&payee.view, &payee.id(), payee.at().index);
        assert_eq!(all.last(), Some(&payee.at().head), "an honest log is a chain");
        for device in payee.view.forks.keys() {
            assert!(world.cheats.iter().any(|cheat| cheat.id() == *device));
        }
    }
}

/// Inputs that tell a story each.
pub(crate) fn stories() -> Vec<(&'static str, Vec<u8>)> {
    // By whom, to whom, on a good floor, one id, all of it to the payee, dealt honestly, unchanged.
    let pay = |by, to, id| vec![7, by, by, to, 1, 0, id, 1, 0, 5, 0, 0, 1, 0, 1];
    let part = |by, to, id| vec![7, by, by, to, 1, 0, id, 1, 1, 5, 1, 44, 0, 0, 0, 0, 1, 1];
    let [save, restore, give, pass] =
        [vec![3, 0], vec![4, 0], vec![5, 0, 0, 0, 1, 0, 5, 0, 0, 1], vec![6, 0, 0, 40]];
    vec![
        ("pays", pay(0, 0, 0)),
        ("pays_in_parts", [part(0, 0, 0), part(0, 0, 2), pass.clone()].concat()),
        ("pays_less_than_goes_in", vec![7, 0, 0, 0, 1, 0, 0, 1, 0, 5, 2, 0, 0, 0, 1]),
        ("pays_with_a_friends_note", [give.clone(), pay(1, 0, 0)].concat()),
        ("pays_two_in_one_log", [pay(0, 0, 0), pay(0, 1, 0)].concat()),
        (
            "pays_two_from_copies",
            [save, pay(0, 0, 0), restore, pay(0, 1, 0), pass.clone()].concat(),
        ),
        ("pays_through_a_friend", [give, pay(1, 1, 1), pay(0, 0, 0), pass].concat()),
        ("pays_with_two_lots", [vec![0, 1], vec![1, 1], pay(1, 0, 1), pay(0, 0, 0)].concat()),
    ]
}
