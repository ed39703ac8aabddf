//! An example of every form of a letter, and of what is kept of letters.

use dsm_core::FinalityClass;
use dsm_crypto::{Signer, encapsulate};
use dsm_encoding::{from_slice, to_vec};
use dsm_log::Position;
use dsm_session::{Ask, Chain, Contents, Enclosure, Inbox, Letter, Mail, Outbox, Request, Signed};

use super::Example;
use super::messages::fork;
use crate::accept::trade::{nonce, transfer};
use crate::world::{NETWORK, kem, key, limited, seed};

pub(super) fn examples() -> Vec<Example> {
    let (trade, deal) = transfer();
    let floor = Position { index: 0, head: seed("floor", 0) };
    let request = Some(Request::new(trade.token, 600));
    let ask = Ask { nonce: nonce(), floor, request, enough: FinalityClass::Exposed };
    let dealt = || Box::new(deal.dealt.clone());
    let enclosures = [
        Enclosure::Ask { ask: ask.clone() },
        Enclosure::Evidence { proofs: limited(vec![fork()]) },
        Enclosure::Pay { floor: Some(0), dealt: dealt() },
        Enclosure::Receipt { dealt: dealt() },
    ];
    let some = limited(vec![enclosures[0].clone()]);
    let contents = Contents { accepted: 3, known: Some(7), read: 4, enclosures: some };
    let signature = key("ada").sign(&seed("letter", 0));
    let said = contents.clone();
    let signed = Signed { from: trade.ada, number: 2, next: 5, contents: said, signature };
    let (ciphertext, _) = encapsulate(kem("ben").public_key(), [7; 64]);
    let sealed = || vec![9; 40].try_into().expect("a short letter");
    let first = Letter::First {
        network: NETWORK,
        ciphertext: Box::new(ciphertext),
        nonce: [1; 24],
        sealed: sealed(),
    };
    let next = Letter::Next { network: NETWORK, tag: [2; 8], nonce: [1; 24], sealed: sealed() };
    let chain: Chain = from_slice(&to_vec(&(4_u64, seed("chain", 0)))).expect("a number and a key");
    let outbox = Outbox {
        opened: Some(1),
        firsts: 2,
        chain: Some(chain.clone()),
        read: 3,
        sent: 5,
        told: 6,
    };
    let inbox = Inbox {
        opened: Some(1),
        firsts: 1,
        chain: None,
        accepted: 3,
        known: Some(7),
        asked: Some(ask),
    };
    let mut found = vec![
        ("letter", to_vec(&first)),
        ("letter", to_vec(&next)),
        ("contents", to_vec(&contents)),
        ("signed-letter", to_vec(&signed)),
        ("chain", to_vec(&chain)),
        ("mail", to_vec(&Mail { outbox, inbox })),
        ("mail", to_vec(&Mail::default())),
    ];
    found.extend(enclosures.iter().map(|one| ("enclosure", to_vec(one))));
    found
}
