//! False accusations: what a cheat says of an honest device that forked nothing, and of one of its own whose chip absorbed one head at each
//! index, although it signed two.

use dsm_core::View;
use dsm_crypto::{Digest, Domain, Signer, hash};
use dsm_encoding::{List, to_vec};
use dsm_log::{
    DeviceDescriptor, ForkProof, HeadSignature, MAX_RECORDS, Pair, Position, SignedHead,
};
use dsm_session::{Message, SignedRun};

use super::prepared::{CHIPPED, HONEST};
use super::{World, prepared};
use crate::NETWORK;

/// A run of heads.
type Pairs = List<Pair, MAX_RECORDS>;

impl World {
    /// A cheat says to an end that somebody honest forked, or that its device with a chip did.
    pub(crate) fn accuse(&mut self, (link, end): (usize, usize), whom: usize, how: u64) {
        let Some(from) = self.speaker(link, 1_usize.saturating_sub(end)) else { return };
        if from < HONEST || (whom >= HONEST && whom != CHIPPED) {
            return;
        }
        let accused = prepared().kits[whom].id;
        // What some device of the adversary knows of it.
        let cheat = &self.devices[HONEST];
        let Some(descriptor) = cheat.books().descriptor(&accused) else { return };
        let other = hash(Domain::Seed, &("accusation", how));
        let signed = self.devices.iter().skip(HONEST).find_map(|cheat| {
            let books = cheat.books();
            books.signed(&accused, books.latest(&accused)?.index)
        });
        let key = if whom == CHIPPED { &prepared().kits[whom].key } else { &cheat.kit.key };
        let sign = |at: Position| -> HeadSignature {
            key.sign(&SignedHead::message(NETWORK, &accused, &at)).into()
        };
        let own = || {
            let at = Position { index: 1, head: other };
            SignedHead { device: accused, at, signature: sign(at) }
        };
        let signed = signed.unwrap_or_else(own);
        let SignedHead { at, signature, .. } = signed.clone();
        let (device, pairs) = (descriptor, List::default());
        let first_signature = signature.clone();
        // It has the key of its own device, and evidence of the head that is there.
        let second_signature = |start: Position, pairs: &Pairs| {
            let end = pairs.iter().try_fold(start, |at, pair| at.after(pair));
            match end.filter(|_| whom == CHIPPED) {
                Some(end) if how.is_multiple_of(2) => sign(end),
                Some(end) => HeadSignature { evidence: signature.evidence.clone(), ..sign(end) },
                None => signature.clone(),
            }
        };
        let pair = Pair { spends: Digest::ZERO, body: other };
        let proof = |start, pairs| ForkProof {
            device: device.clone(),
            first: at,
            first_signature: first_signature.clone(),
            second_signature: second_signature(start, &pairs),
            start,
            pairs,
        };
        let message = match how % 5 {
            0 => evidence(of_one_head(&device, signed)),
            1 => evidence(proof(Position { head: other, ..at }, pairs)),
            2 => evidence(proof(Position { index: at.index.saturating_add(1), ..at }, pairs)),
            3 => {
                let before = Position { index: at.index.saturating_sub(1), head: other };
                let pairs = List::try_from(vec![pair]).unwrap_or_default();
                evidence(proof(before, pairs))
            }
            _ => {
                let start = Position { head: other, ..at };
                let signature = second_signature(start, &pairs);
                let run = SignedRun { device: device.clone(), start, pairs, signature };
                Message::Contradict { run: Box::new(run) }
            }
        };
        if let Some(to) = self.links[link].ends.get_mut(end) {
            to.waiting.push_back(to_vec(&message));
        }
    }
}

/// A proof that shows one signed head twice.
pub(crate) fn of_one_head(device: &DeviceDescriptor, signed: SignedHead) -> ForkProof {
    let SignedHead { at, signature, .. } = signed;
    ForkProof {
        device: device.clone(),
        first: at,
        first_signature: signature.clone(),
        start: at,
        pairs: List::default(),
        second_signature: signature,
    }
}

pub(crate) fn evidence(proof: ForkProof) -> Message {
    Message::Evidence { proofs: List::try_from(vec![proof]).unwrap_or_default() }
}
