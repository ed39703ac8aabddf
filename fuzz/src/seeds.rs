//! Real objects to start from, the same in every run.

use std::sync::OnceLock;

use dsm_core::identity::{RosterChange, RosterStep};
use dsm_core::pack::Wanted;
use dsm_core::{Op, TokenId, Value, View, lot_id};
use dsm_crypto::{Digest, Domain, Signer, hash, text};
use dsm_encoding::{Blob, Encode, List, to_vec};
use dsm_headers::{BitcoinNetwork, HeightGuard, Successor, Waypoint};
use dsm_link::{Frame, Part, Word, cut, stuff};
use dsm_merkle::{ListProof, list_prove};
use dsm_session::{
    Ask, Contents, Enclosure, Inbox, Letter, Mail, Message, Outbox, Request, Signed,
};

use crate::judged::{Meeting, meeting};

/// A seed: its target, its name and its bytes.
pub type Seed = (&'static str, String, Vec<u8>);

/// All seeds.
#[must_use]
pub fn all() -> Vec<Seed> {
    let meeting = meeting();
    let mut seeds = Seeds::default();
    logs(&mut seeds, meeting);
    operations(&mut seeds, meeting);
    packs(&mut seeds, meeting);
    identities(&mut seeds, meeting);
    trees(&mut seeds, meeting);
    sessions(&mut seeds, meeting);
    headers(&mut seeds);
    for (name, bytes) in crate::conversations::states() {
        seeds.bytes("session", &name, bytes);
    }
    primitives(&mut seeds);
    let (store, medium) = crate::stores::damages();
    for (target, inputs) in [("store", store), ("medium", medium)] {
        for (number, bytes) in inputs.into_iter().enumerate() {
            seeds.bytes(target, &number.to_string(), bytes);
        }
    }
    for (name, card) in crate::handshakes::impostors() {
        seeds.object("impostor", name, &card);
    }
    for (name, bytes) in crate::mail::deliveries() {
        seeds.bytes("mail", &name, bytes);
    }
    for (target, inputs) in [
        ("peer", crate::feeds::talks()),
        ("filter", crate::feeds::filters()),
        ("header_file", crate::feeds::header_files()),
    ] {
        for (name, bytes) in inputs {
            seeds.bytes(target, name, bytes);
        }
    }
    for (name, bytes) in crate::cheats::stories() {
        seeds.bytes("cheats", name, bytes);
    }
    seeds.0
}

/// What the other implementations begin with, and the handshakes.
fn primitives(seeds: &mut Seeds) {
    for which in 0..5_u8 {
        seeds.bytes("encounter", &which.to_string(), vec![which, 2, 1, 0, 9, 3, 7]);
    }
    for which in 0..3_u8 {
        seeds.bytes("handshake", &which.to_string(), vec![which, 2, 1, 0, 9, 3, 7]);
    }
    let words: [(&str, &[u8]); 3] = [
        ("plain", &[1, 2]),
        ("half", &[1, 2, 3, 0, 70, 2, 1]),
        ("key", &[3, 2, 0, 0, 9, 0, 8, 1, 5]),
    ];
    for (name, bytes) in words {
        seeds.bytes("signatures", name, bytes.to_vec());
        seeds.bytes("kem", name, bytes.to_vec());
    }
    let keys: Vec<u8> = (0..120_u8).map(|number| number.wrapping_mul(37)).collect();
    seeds.bytes("trees", "many", keys);
    seeds.bytes("trees", "near", [0, 1, 31, 1, 9].repeat(6));
    let items: [(&str, &[u8]); 4] = [
        ("list", &[0x83, 0x18, 0x18, 0x42, 1, 2, 0x61, b'a']),
        ("words", &[0x83, 0xf4, 0xf5, 0xf6]),
        ("long", &[0x18, 0x17]),
        ("map", &[0xa1, 0x01, 0x20]),
    ];
    for (name, bytes) in items {
        seeds.bytes("cbor", name, bytes.to_vec());
    }
}

#[derive(Default)]
struct Seeds(Vec<Seed>);

impl Seeds {
    fn bytes(&mut self, target: &'static str, name: &str, bytes: Vec<u8>) {
        self.0.push((target, name.to_owned(), bytes));
    }

    fn noun<T: Encode>(&mut self, noun: &str, object: &T) {
        self.bytes("noun", noun, [noun.as_bytes(), &[0], &to_vec(object)].concat());
    }

    fn object<T: Encode>(&mut self, target: &'static str, name: &str, object: &T) {
        let bytes = to_vec(object);
        let noun = core::any::type_name::<T>().rsplit("::").next().unwrap_or_default();
        self.noun(noun, object);
        self.bytes("item", &format!("{target}_{name}"), bytes.clone());
        self.bytes(target, name, bytes);
    }
}

fn digest(number: u64) -> Digest {
    hash(Domain::Seed, &number)
}

fn logs(seeds: &mut Seeds, Meeting { ada, payment, heads, fork, .. }: &Meeting) {
    seeds.object("entry", "payment", &payment.entry);
    let mut idle = payment.entry.clone();
    (idle.peer, idle.stitch, idle.value, idle.nonce) = (None, None, None, None);
    idle.spends = List::default();
    idle.ops = List::try_from(vec![Op::Checkpoint {}]).expect("one operation");
    seeds.object("entry", "idle", &idle);
    seeds.object("record", "payment", &payment.entry.record());
    seeds.object("record", "idle", &idle.record());
    for head in heads {
        seeds.object("signed_head", &head.at.index.to_string(), head);
    }
    seeds.object("descriptor", "software", &ada.descriptor);
    seeds.object("fork_proof", "one_index", fork);
}

fn operations(seeds: &mut Seeds, Meeting { ada, plan, payment, .. }: &Meeting) {
    let token = *plan.tokens.first().expect("a token");
    let policy = ada.view.policy(&token).expect("the token of the payment");
    seeds.object("policy", "free", &policy);
    let mut strict = policy.clone();
    strict.allow_set = Some(digest(1));
    strict.entry_limit = Some(1 << 40);
    strict.metadata = Some(digest(2));
    strict.cosigners.threshold = 1;
    strict.cosigners.keys = List::try_from(vec![ada.descriptor.key.clone()]).expect("one key");
    seeds.object("policy", "strict", &strict);
    let transfer = payment.entry.value.clone().expect("a payment");
    let outputs = List::try_from(transfer.outputs().to_vec()).expect("few outputs");
    seeds.object("value", "transfer", &transfer);
    let issue = Value::Issue { token, lot: 3, outputs, cosignatures: List::default() };
    seeds.object("value", "issue", &issue);
    seeds.object("value", "burn", &Value::Burn { token, amount: 70 });
    let bytes = Blob::try_from(lot_id(&token, 0).0.as_bytes().to_vec()).expect("few bytes");
    seeds.object("op", "data", &Op::Data { schema: digest(3), bytes });
    seeds.object("op", "receive", &Op::Receive {});
    seeds.object("op", "checkpoint", &Op::Checkpoint {});
    seeds.bytes("digest_text", "token", token.to_string().into_bytes());
    let card = text::encode("dsmcard", b"a short card").expect("a good prefix");
    seeds.bytes("digest_text", "card", card.into_bytes());
}

fn packs(seeds: &mut Seeds, Meeting { ben, plan, dealt, .. }: &Meeting) {
    for (name, dealt) in ["lacking", "whole"].iter().zip(dealt) {
        seeds.object("dealt", name, dealt);
        seeds.object("pack", name, &dealt.pack);
    }
    seeds.object("plan", "payment", plan);
    seeds.object("wanted", "all", &Wanted::all(plan).expect("a short plan"));
    seeds.object("wanted", "lacking", &Wanted::of(&ben.view, plan).expect("a short plan"));
}

/// Steps that the owner of the meeting consented to.
pub(crate) fn steps() -> &'static [RosterStep] {
    static STEPS: OnceLock<Vec<RosterStep>> = OnceLock::new();
    STEPS.get_or_init(|| {
        let Meeting { owner, ada, laptop, .. } = meeting();
        let tablet = owner.device("tablet");
        let change = RosterChange::Retire { device: laptop.id() };
        let authority = owner.consent(&change);
        let recovered = RosterStep { change, authority, enrolled: None };
        vec![owner.adding(&tablet, [ada, laptop]), owner.retiring(laptop, [ada, laptop]), recovered]
    })
}

fn identities(seeds: &mut Seeds, meeting: &Meeting) {
    let Meeting { owner, ada, .. } = meeting;
    seeds.object("genesis", "two_devices", owner.roster.genesis());
    for (name, step) in ["add", "retire", "recover"].iter().zip(steps()) {
        seeds.object("roster_step", name, step);
    }
    let mut card = owner.card(ada);
    seeds.object("card", "new", &card);
    card.steps = List::try_from(steps()[..1].to_vec()).expect("one step");
    seeds.object("card", "changed", &card);
    let signature = Signer::sign(&*ada.key, &digest(1));
    let introduction = dsm_session::introduction::Introduction { card, signature };
    seeds.object("introduction", "changed", &introduction);
    seeds.object("receipt", "payment", &meeting.receipt());
}

/// What is proven of Bitcoin's first block, by itself.
fn headers(seeds: &mut Seeds) {
    let block = crate::feeds::first_proven();
    let proof = block.prove_height(&[*block.header()]).expect("one header on top");
    seeds.noun("HeightProof", &proof);
    seeds.noun("Successor", &Successor::of(block.header()));
    let paid = block.transactions().next().expect("a coinbase");
    seeds.noun("TransactionProof", &block.prove(&paid).expect("it is there"));
    seeds.noun("Waypoint", &Waypoint::genesis(BitcoinNetwork::Main));
    seeds.noun("HeightGuard", &HeightGuard { height: 1, depth: 6, easiest: 0x1703_4219 });
}

fn letters(seeds: &mut Seeds, meeting: &Meeting) {
    let Meeting { ada, dealt, fork, .. } = meeting;
    let network = dsm_sim::NETWORK;
    let dealt = Box::new(dealt.first().expect("a good payment").clone());
    let enclosures = vec![
        Enclosure::Evidence { proofs: List::try_from(vec![fork.clone()]).expect("one proof") },
        Enclosure::Pay { floor: Some(1), dealt },
    ];
    let enclosures = List::try_from(enclosures).expect("two");
    let contents = Contents { accepted: 1, known: Some(2), read: 3, enclosures };
    seeds.object("letter", "contents", &contents);
    let signature = Signer::sign(&*ada.key, &digest(2));
    let contents = Contents { enclosures: List::default(), ..contents };
    let signed = Signed { from: ada.id(), number: 1, next: 4, contents, signature };
    seeds.object("letter", "signed", &signed);
    let sealed = dsm_encoding::Blob::try_from(vec![9; 40]).expect("a short letter");
    let ciphertext = Box::new(dsm_crypto::encapsulate(&ada.kem, [7; 64]).0);
    let first = Letter::First { network, ciphertext, nonce: [1; 24], sealed: sealed.clone() };
    seeds.object("letter", "first", &first);
    let next = Letter::Next { network, tag: [2; 8], nonce: [1; 24], sealed };
    seeds.object("letter", "next", &next);
    let mail = Mail {
        outbox: Outbox { opened: Some(1), firsts: 1, ..Outbox::default() },
        inbox: Inbox { known: Some(3), ..Inbox::default() },
    };
    seeds.object("letter", "mail", &mail);
}

fn trees(seeds: &mut Seeds, Meeting { ada, payment, .. }: &Meeting) {
    seeds.object("tip_proof", "payment", &payment.tip_proof);
    let mut tree = ada.tree.clone();
    for number in 0..40 {
        let Ok(_) = tree.update(digest(number), digest(number + 1));
    }
    for number in [7, 77, 78, 79] {
        let Ok(proof) = tree.prove(digest(number));
        seeds.object("tip_proof", &format!("of_{number}"), &proof);
    }
    let elements: Vec<Digest> = (0..11).map(digest).collect();
    for index in [0, 10] {
        let proof: ListProof = list_prove(&elements, index).expect("an element");
        seeds.object("list_proof", &format!("of_{index}"), &proof);
    }
}

fn sessions(seeds: &mut Seeds, meeting: &Meeting) {
    let Meeting { ada, ben, plan, dealt, nonce, fork, .. } = meeting;
    let token: TokenId = *plan.tokens.first().expect("a token");
    let (salt, index) = (nonce.expect("an asked payment"), ada.at().index);
    let dealt = dealt.first().expect("a good payment");
    let wanted = Wanted::of(&ben.view, plan).expect("a short plan");
    let proofs = List::try_from(vec![fork.clone()]).expect("one proof");
    let messages = [
        Message::Hello {
            network: dsm_sim::NETWORK,
            device: ada.id(),
            salt,
            accepted: 1,
            known: None,
        },
        Message::Ask {
            ask: Ask {
                nonce: salt,
                floor: ben.at(),
                request: Some(Request::new(token, 70)),
                enough: dsm_core::FinalityClass::Exposed,
            },
        },
        Message::Offer { index, floor: ben.at().index, token, amount: 70, plan: plan.clone() },
        Message::Want { wanted },
        Message::Pay { dealt: Box::new(dealt.clone()) },
        Message::Evidence { proofs },
        Message::Sync { hints: List::default() },
        Message::Refuse { rule: "R-25".try_into().expect("a short rule") },
        Message::Done {},
        Message::Cancel {},
    ];
    letters(seeds, meeting);
    let mut stream = Vec::new();
    for message in &messages {
        seeds.object("message", &message.name().to_lowercase(), message);
        if !matches!(message, Message::Pay { .. } | Message::Evidence { .. }) {
            stream.extend(cut(&to_vec(message)).expect("a short message"));
        }
    }
    seeds.bytes("stream", "messages", stream);
    let part = Part { block: 1, len: 7, sum: 0x6f0d_3d2c, id: 0, symbol: &[0, 0, 4, 1, 2, 3, 4] };
    let words = [
        ("hello", Word::Hello),
        ("ack", Word::Ack),
        ("part", Word::Part(part)),
        ("end", Word::End { last: 0 }),
    ];
    let mut line = Vec::new();
    for (name, word) in words {
        let (from, to) = ([0, 0, 0, 1], [0, 0, 0, 2]);
        let frame = Frame { from, to, ack: 0, have: 0, seen: false, word }.encode();
        line.extend(stuff(&frame));
        seeds.bytes("frame", name, frame);
    }
    seeds.bytes("line", "frames", line);
}
