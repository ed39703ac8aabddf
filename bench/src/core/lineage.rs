//! A note that went far, dealt to a stranger who knows nothing but the payer.
//!
//! The hops go round the devices; each device writes five other entries between two visits of the
//! note, beside the acknowledgement of the visit itself. The bytes are those of the whole dealt
//! entry, divided by the transfers in it; the issue is a part of it and not counted as a hop.

use dsm_core::pack::{Wanted, build, plan_entry};
use dsm_core::{Claimed, Lock, Output, Value, accept};
use dsm_crypto::Signer as _;
use dsm_encoding::List;
use dsm_engine::NoteProof;
use dsm_log::SignedHead;
use dsm_sim::{Actor, Holding, NETWORK, introduce};

use super::transfer::{device, issuer, message, transfer};
use crate::report::Report;
use crate::timing::Samples;

const OTHERS: u64 = 5;
const UNITS: u64 = 1_000;
const SHAPES: [(usize, usize); 7] =
    [(1, 1), (10, 1), (100, 1), (10, 10), (100, 10), (100, 20), (100, 100)];

/// A dealt entry with its lineage, and who is to judge it.
pub(crate) struct Travelled {
    pub(crate) bytes: Vec<u8>,
    pub(crate) stranger: Actor,
    pub(crate) nonce: [u8; 32],
    payer: Actor,
}

pub(crate) fn run(report: &mut Report) {
    for (hops, devices) in SHAPES {
        let travelled = travel(hops, devices);
        let (mut accepts, mut verifies) = (Samples::default(), Samples::default());
        let head = signed_head();
        for _ in 0..21 {
            accepts.time(|| travelled.judge());
            verifies.time(|| head.0.key.verify(&head.1, &head.2).expect("a signed head"));
        }
        let count = hops as f64;
        let bytes = travelled.bytes.len() as f64 / count;
        let name = format!("{hops}_hops_{devices}_devices");
        report.number(format!("lineage.accept_us_per_hop_{name}"), accepts.median() / count);
        report.number(
            format!("lineage.accept_over_signatures_{name}"),
            accepts.median() / verifies.median() / runs(&travelled) as f64,
        );
        report.number(format!("lineage.bytes_per_hop_{name}"), bytes);
        match (hops, devices) {
            (100, 20) => report.number("lineage.bytes_per_hop", bytes),
            (100, 100) => report.number("lineage.bytes_per_hop_100_devices", bytes),
            _ => {}
        }
    }
}

impl Travelled {
    /// The note that the stranger was paid, for anybody to check.
    pub(crate) fn proof(&self) -> NoteProof {
        let (device, index) = (self.payer.id(), self.payer.at().index);
        let plan = plan_entry(&self.payer.view, device, index).expect("a complete lineage");
        let wanted = Wanted::all(&plan).expect("a short plan");
        let pack = build(&self.payer.view, &plan, &wanted).expect("a complete lineage");
        NoteProof { network: NETWORK, device, index, output: 0, pack }
    }

    fn judge(&self) {
        let claimed = Claimed::decode(&self.bytes).expect("canonical bytes");
        let verdict = accept(&self.stranger.view, &claimed, Some(self.nonce));
        verdict.result.expect("an honest payment");
    }
}

/// How many signatures it takes.
fn runs(travelled: &Travelled) -> usize {
    let claimed = Claimed::decode(&travelled.bytes).expect("canonical bytes");
    claimed.as_dealt().pack.runs.len()
}

fn signed_head() -> (dsm_log::DeviceDescriptor, dsm_crypto::Digest, dsm_crypto::Signature) {
    let actor = device("floor");
    let message = SignedHead::message(NETWORK, &actor.id(), &actor.at());
    let signature = actor.key.sign(&message);
    (actor.descriptor.clone(), message, signature)
}

/// Lets a note make this many hops, the last one to a stranger.
pub(crate) fn travel(hops: usize, devices: usize) -> Travelled {
    let (mut issuer, token) = issuer("issuer", 1);
    let mut ring: Vec<Actor> =
        (0..devices).map(|number| device(&format!("device {number}"))).collect();
    let first = ring.first_mut().expect("a device");
    let (index, note) = issuer.issue(token, 0, UNITS, first.lock());
    first.take_issue(&issuer, index, note);
    for hop in 1..hops {
        let payer = (hop - 1) % devices;
        let payee = hop % devices;
        match ring.get_disjoint_mut([payer, payee]) {
            Ok([payer, payee]) => {
                if !payer.view.peers.contains_key(&payee.id()) {
                    introduce(payer, payee);
                }
                transfer(payer, payee, token, UNITS);
                (0..OTHERS).for_each(|_| payer.idle());
            }
            Err(_) => {
                let only = ring.first_mut().expect("a device");
                to_itself(only);
                (0..OTHERS).for_each(|_| only.idle());
            }
        }
    }
    let last = ring.get_mut((hops - 1) % devices).expect("a device");
    let mut stranger = device("stranger");
    introduce(last, &mut stranger);
    let payment = last.pay(&mut stranger, token, UNITS);
    let bytes = message(last, &stranger, &payment.dealing);
    let (payer, nonce) = (last.clone(), payment.nonce.expect("an asked payment"));
    Travelled { bytes, stranger, nonce, payer }
}

/// A device pays its only note to itself.
fn to_itself(actor: &mut Actor) {
    let (id, Holding { note, lineage }) = actor.notes.pop_first().expect("a note");
    let lock = Lock::Device { id: actor.id(), floor: actor.at() };
    let output = Output { lock, ..note.output };
    let value = Value::transfer(List::try_from(vec![output]).expect("one output"));
    let written = actor.write(None, vec![id], Some(value), Vec::new(), None);
    let note = dsm_core::Note { output, head: written.log.at.head, number: 0 };
    actor.notes.insert(note.id(), Holding { note, lineage });
}
