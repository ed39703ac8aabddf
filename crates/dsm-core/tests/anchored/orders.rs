//! Every order in which a cheat with one chip and two copies of its disk pays two victims.

use dsm_core::View;
use dsm_encoding::List;
use dsm_log::ChipEvidence;
use dsm_sim::{Actor, NETWORK, PURSE, Payment};

use crate::{town, with_evidence};

/// The same device, without any evidence.
fn stripped(actor: &Actor) -> Actor {
    let mut bare = actor.clone();
    bare.view = dsm_core::MemoryView::new(NETWORK, actor.id());
    bare.view.pin(&actor.descriptor);
    for facts in &actor.learned {
        let mut facts = facts.clone();
        for line in facts.lines.iter_mut().filter(|line| line.device == actor.id()) {
            line.signature.evidence = List::new();
        }
        bare.view.learn(&facts);
    }
    bare
}

/// What a cheat with two copies of one disk does, on one chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// A copy pays its victim, once.
    Pay(usize),
    /// A copy writes an entry of no use.
    Idle(usize),
    /// The power fails.
    Cut,
}

/// Every order of so many acts.
fn orders(length: usize) -> Vec<Vec<Act>> {
    let acts = [Act::Pay(0), Act::Pay(1), Act::Idle(0), Act::Idle(1), Act::Cut];
    (0..length).fold(vec![Vec::new()], |orders, _| {
        let longer = |order: Vec<Act>| acts.map(|act| [order.as_slice(), &[act]].concat());
        orders.into_iter().flat_map(longer).collect()
    })
}

#[test]
fn one_note_pays_one_of_two_victims_in_every_order_of_what_a_cheat_with_one_chip_does() {
    let town = town();
    let mut accepted = [0_usize; 3];
    for order in orders(4) {
        let mut copies = [town.ada.clone(), town.ada.clone()];
        copies[0].copy_chip();
        copies[1].chip = copies[0].chip.clone();
        let mut victims = [town.ben.clone(), town.cleo.clone()];
        let mut payments: [Option<Payment>; 2] = [None, None];
        for act in &order {
            match *act {
                Act::Pay(at) if payments[at].is_none() => {
                    payments[at] = Some(copies[at].pay(&mut victims[at], town.token, PURSE));
                }
                Act::Pay(_) => {}
                Act::Idle(at) => copies[at].idle(),
                Act::Cut => {
                    let chip = copies[0].chip.as_ref().expect("a chip");
                    chip.lock().expect("no panic").restart();
                }
            }
        }
        let mut count = 0;
        for at in 0..2 {
            let Some(payment) = &payments[at] else { continue };
            // Where its line has gaps the cheat shows what it likes: here nothing, and then what it has.
            let whole = copies[at].try_insist(&payment.dealing);
            let own = whole.unwrap_or_else(|| stripped(&copies[at]).insist(&payment.dealing));
            // With the evidence of its own line, and with whatever the other copy has.
            let of = |copy: &Actor| -> Vec<ChipEvidence> {
                let all = 1..=copy.at().index;
                let signed = all.filter_map(|index| copy.view.signed(&copy.id(), index));
                signed.flat_map(|signed| signed.signature.evidence.into_inner()).collect()
            };
            let (mine, lent) = (of(&copies[at]), of(&copies[1 - at]));
            let mixed: Vec<ChipEvidence> = lent.iter().chain(&mine).cloned().collect();
            let lends = |pieces: &[ChipEvidence]| with_evidence(&own, |all| *all = pieces.to_vec());
            let tries = [own.clone(), lends(&mine), lends(&lent), lends(&mixed)];
            count += usize::from(
                tries.iter().any(|dealt| victims[at].refusal(dealt, payment.nonce).is_none()),
            );
        }
        assert!(count <= 1, "{order:?}");
        accepted[count] += 1;
    }
    assert!(accepted[1] > 100 && accepted[0] > 10, "{accepted:?}");
}
