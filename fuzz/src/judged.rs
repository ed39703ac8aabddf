//! Targets that judge what they decoded, as the people of one fixed meeting would.

use std::sync::OnceLock;

use dsm_core::identity::{Card, Genesis, Roster, RosterStep};
use dsm_core::pack::{Plan, Wanted};
use dsm_core::receipt::Receipt;
use dsm_core::{Claimed, Dealing, Dealt, View, accept, deal};
use dsm_encoding::{List, to_vec};
use dsm_log::{ForkProof, Nonce, SignedHead};
use dsm_session::introduction::Introduction;
use dsm_sim::{Actor, NETWORK, Owner, Town, introduce};

use crate::properties::canonical;

/// Ada and Ben meet: Ada holds money and owes Ben an entry that he has not seen.
pub(crate) struct Meeting {
    /// The payer.
    pub(crate) ada: Actor,
    /// The payee.
    pub(crate) ben: Actor,
    /// The owner of Ada's device.
    pub(crate) owner: Owner,
    /// A device that the owner may add.
    pub(crate) laptop: Actor,
    /// Ben's side: his owner.
    pub(crate) bens: Owner,
    /// The payment, and the challenge that it answers.
    pub(crate) payment: Dealing,
    pub(crate) nonce: Option<Nonce>,
    /// What the payment rests on.
    pub(crate) plan: Plan,
    /// The payment as Ada deals it, in every size that Ben might want.
    pub(crate) dealt: Vec<Dealt>,
    /// All that Ada signed.
    pub(crate) heads: Vec<SignedHead>,
    /// A fork of the mint's log.
    pub(crate) fork: ForkProof,
}

/// The fixed meeting.
pub(crate) fn meeting() -> &'static Meeting {
    static MEETING: OnceLock<Meeting> = OnceLock::new();
    MEETING.get_or_init(Meeting::new)
}

impl Meeting {
    fn new() -> Self {
        let mut town = Town::poor(|_| {});
        let (owner, mut adas) = Owner::new("ada", &["phone", "laptop"]);
        let (bens, mut others) = Owner::new("ben", &["watch"]);
        let laptop = adas.pop().expect("two devices");
        let (mut ada, mut ben) = (adas.pop().expect("a device"), others.pop().expect("a device"));
        introduce(&mut ada, &mut ben);
        let (index, note) = town.mint.issue(town.token, 0, 1_000, ada.lock());
        ada.take_issue(&town.mint, index, note);
        ada.settle(&mut ben, town.token, 100);
        ben.settle(&mut ada, town.token, 50);
        ada.idle();
        let payment = ada.pay(&mut ben, town.token, 70);
        let known = ben.view.latest(&ada.id()).map(|at| at.index);
        let plan = payment.dealing.plan(&ada.view, known).expect("a complete lineage");
        let some = Wanted::of(&ben.view, &plan).expect("a short plan");
        let all = Wanted::all(&plan).expect("a short plan");
        let dealt = [some, all].into_iter().filter_map(|wanted| {
            let dealt = deal(&ada.view, &payment.dealing, &plan, &wanted)?;
            accept(&ben.view, &Claimed::from(dealt.clone()), payment.nonce).result.ok()?;
            Some(dealt)
        });
        let dealt = dealt.collect();
        let heads = (1..=ada.at().index).filter_map(|index| ada.view.signed(&ada.id(), index));
        let heads = heads.collect();
        let fork = Self::fork(&town);
        let (payment, nonce) = (payment.dealing, payment.nonce);
        Self { ada, ben, owner, laptop, bens, payment, nonce, plan, dealt, heads, fork }
    }

    /// The mint writes two entries at one index.
    fn fork(town: &Town) -> ForkProof {
        let [first, second] = [false, true].map(|issues| {
            let mut mint = town.mint.clone();
            if issues {
                mint.issue(town.token, 7, 10, mint.lock());
            } else {
                mint.idle();
            }
            mint.view.signed(&mint.id(), mint.at().index).expect("its own log")
        });
        ForkProof {
            device: town.mint.descriptor.clone(),
            first: first.at,
            first_signature: first.signature,
            start: second.at,
            pairs: List::default(),
            second_signature: second.signature,
        }
    }

    /// What both sides signed, for a third party.
    pub(crate) fn receipt(&self) -> Receipt {
        let (ada, mut ben) = (&self.ada, self.ben.clone());
        let tip = |of: &Actor, peer: &Actor| of.view.peer(&peer.id()).and_then(|peer| peer.tip);
        let (payer_tip, payee_tip) = (tip(&ben, ada), tip(ada, &ben));
        let dealt = self.dealt.first().expect("a good payment").clone();
        ben.receive(&dealt, self.nonce).result.expect("an honest payment");
        let thanks = ben.acknowledge(ada.id());
        Receipt {
            payer: ada.side(self.owner.card(ada), &self.payment, payer_tip),
            payee: ben.side(self.bens.card(&ben), &thanks, payee_tip),
        }
    }
}

/// A dealt entry: the same verdict each time, and none but the payer's own words are accepted.
pub fn dealt(bytes: &[u8]) {
    let Ok(claimed) = Claimed::decode(bytes) else { return };
    assert_eq!(to_vec(claimed.as_dealt()), bytes);
    let Meeting { ada, ben, nonce, dealt, .. } = meeting();
    let judge = |asked| accept(&ben.view, &claimed, asked);
    let (first, second) = (judge(*nonce), judge(*nonce));
    assert_eq!(first.result, second.result, "a verdict depends on its arguments alone");
    assert_eq!(first.forks, second.forks);
    assert!(first.forks.is_empty(), "nobody forked");
    if first.result.is_ok() {
        assert!(dealt.contains(claimed.as_dealt()), "nobody dealt this");
        assert!(judge(None).result.is_err(), "it answers a challenge");
        assert!(accept(&ada.view, &claimed, *nonce).result.is_err(), "it is addressed to Ben");
    }
}

/// A fork proof; only who forked is found guilty.
pub fn fork_proof(bytes: &[u8]) {
    if let Some(proof) = canonical::<ForkProof>(bytes) {
        let device = proof.device();
        if proof.verify().is_ok() {
            assert_eq!(device, meeting().fork.device(), "an honest device is found guilty");
        }
    }
}

/// A genesis, with the first devices of one that exists.
pub fn genesis(bytes: &[u8]) {
    if let Some(genesis) = canonical::<Genesis>(bytes) {
        let owner = &meeting().owner;
        let named = genesis.devices == owner.roster.genesis().devices;
        assert_eq!(Roster::new(genesis, &owner.first).is_ok(), named);
    }
}

/// A step of a roster; without the consent of the owner there is none.
pub fn roster_step(bytes: &[u8]) {
    if let Some(step) = canonical::<RosterStep>(bytes) {
        let roster = &meeting().owner.roster;
        if let Ok(next) = roster.clone().step(&step) {
            assert_eq!(next.version(), roster.version() + 1);
            assert!(crate::seeds::steps().contains(&step), "nobody consented to this");
        }
    }
}

/// A contact card.
pub fn card(bytes: &[u8]) {
    if let Some(card) = canonical::<Card>(bytes)
        && let Ok(roster) = card.roster(NETWORK)
    {
        assert!(roster.devices().contains(&card.descriptor.id()));
    }
}

/// What somebody says at a first meeting.
pub fn introduction(bytes: &[u8]) {
    if let Some(introduction) = canonical::<Introduction>(bytes) {
        card(&to_vec(&introduction.card));
    }
}

/// A receipt; it proves what was signed and nothing else.
pub fn receipt(bytes: &[u8]) {
    if let Some(receipt) = canonical::<Receipt>(bytes)
        && let Ok(proves) = receipt.verify(NETWORK)
    {
        assert_eq!((proves.payer, proves.payee), (meeting().ada.id(), meeting().ben.id()));
    }
}
