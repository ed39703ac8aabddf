//! The end of a link at which a rogue says whatever it likes, frame by frame.

use std::time::Duration;

use dsm_core::pack::Wanted;
use dsm_core::{Dealing, Dealt, FinalityClass, Lock, Output, TokenId, Value, View, deal};
use dsm_crypto::{Digest, SecretKey};
use dsm_encoding::{List, from_slice, to_vec};
use dsm_link::Link;
use dsm_log::{DeviceDescriptor, DeviceId, ForkProof, Nonce, Position, SignedHead};
use dsm_session::{Goal, Hint, Message, Request};
use dsm_sim::{Actor, NETWORK, outputs};

use crate::person::Person;
use crate::wire::{Met, Wire, converse, wire};

/// The rogue's end.
pub(crate) struct Raw {
    link: Wire,
    /// Everything that the honest side said, by name.
    pub(crate) heard: Vec<&'static str>,
}

/// What an honest side said at first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Greeting {
    pub(crate) known: Option<u64>,
}

/// What an honest payee asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) nonce: Nonce,
    pub(crate) floor: Position,
}

/// The salt of every rogue.
pub(crate) const SALT: Nonce = [7; 32];

/// An honest person talks to a script, which hangs up when it ends.
pub(crate) fn meet<R>(
    person: &mut Person,
    goal: Goal,
    script: impl FnOnce(&mut Raw) -> R,
) -> (Met, R) {
    let (near, far) = wire();
    std::thread::scope(|scope| {
        let met = scope.spawn(|| converse(person, near, goal));
        let link = far.patient(Duration::from_secs(20));
        let mut raw = Raw { link, heard: Vec::new() };
        let result = script(&mut raw);
        // What was said before the end is heard, and what the other side says to it is let pass.
        let Raw { link, .. } = raw;
        drop(link);
        (met.join().expect("an honest side never panics"), result)
    })
}

/// Whoever calls is served.
pub(crate) const OPEN: Goal = Goal::Receive { ask: None };

impl Raw {
    pub(crate) fn say(&mut self, message: &Message) {
        self.shout(&to_vec(message));
    }

    /// Says any bytes.
    pub(crate) fn shout(&mut self, bytes: &[u8]) {
        let _ = self.link.send(bytes);
    }

    /// The next message; none if the honest side hung up.
    pub(crate) fn hear(&mut self) -> Option<Message> {
        let bytes = self
            .link
            .receive(dsm_session::MAX_MESSAGE)
            .expect("an honest side answers or leaves")?;
        let message: Message = from_slice(&bytes).expect("an honest side speaks canonically");
        self.heard.push(message.name());
        Some(message)
    }

    /// The next message with a name; none if the honest side hung up before.
    pub(crate) fn hear_until(&mut self, name: &str) -> Option<Message> {
        loop {
            let message = self.hear()?;
            if message.name() == name {
                return Some(message);
            }
        }
    }

    /// Listens until the honest side hangs up.
    pub(crate) fn hear_out(&mut self) {
        while self.hear().is_some() {}
    }

    /// Hello, with any claims.
    pub(crate) fn greet(&mut self, me: DeviceId, accepted: u64, known: Option<u64>) -> Greeting {
        self.say(&hello(me, accepted, known));
        match self.hear_until("Hello") {
            Some(Message::Hello { known, .. }) => Greeting { known },
            _ => panic!("no Hello: {:?}", self.heard),
        }
    }

    /// What the honest payee asks for.
    pub(crate) fn hear_ask(&mut self) -> Ask {
        match self.hear_until("Ask") {
            Some(Message::Ask { ask }) => Ask { nonce: ask.nonce, floor: ask.floor },
            _ => panic!("no Ask: {:?}", self.heard),
        }
    }

    /// What the honest payee lacks; none if it leaves.
    pub(crate) fn hear_want(&mut self) -> Option<Wanted> {
        match self.hear_until("Want")? {
            Message::Want { wanted } => Some(wanted),
            _ => None,
        }
    }

    /// Tells no news, and wants none.
    pub(crate) fn tell_nothing(&mut self) {
        self.tell(&[]);
        if let Some(Message::Sync { hints }) = self.hear_until("Sync")
            && !hints.is_empty()
        {
            self.say(&Message::Behind { hints: List::default() });
        }
    }

    /// Says Sync.
    pub(crate) fn tell(&mut self, hints: &[Hint]) {
        self.say(&Message::Sync { hints: List::try_from(hints.to_vec()).expect("few hints") });
    }

    /// Offers an entry and says what it is; gives what is wanted.
    pub(crate) fn offer(
        &mut self,
        payer: &Actor,
        dealing: &Dealing,
        known: Option<u64>,
        said: (TokenId, u64),
    ) -> Option<Wanted> {
        let plan = dealing.plan(&payer.view, known).expect("a complete lineage");
        let (index, floor) = (dealing.entry.index, dealing.floor().unwrap_or(0));
        self.say(&Message::Offer { index, floor, token: said.0, amount: said.1, plan });
        self.hear_want()
    }

    /// Sends an entry with what is wanted of its plan.
    pub(crate) fn pay(
        &mut self,
        payer: &Actor,
        dealing: &Dealing,
        known: Option<u64>,
        wanted: &Wanted,
    ) {
        self.say(&Message::Pay { dealt: Box::new(dealt(payer, dealing, known, wanted)) });
    }
}

/// Hello, with any claims.
pub(crate) fn hello(device: DeviceId, accepted: u64, known: Option<u64>) -> Message {
    Message::Hello { network: NETWORK, device, salt: SALT, accepted, known }
}

/// An Ask of an actor, where its log stands.
pub(crate) fn ask_of(payee: &Actor, ask: Option<(TokenId, u64)>) -> Message {
    let request = ask.map(|(token, amount)| Request::new(token, amount));
    let enough = FinalityClass::Exposed;
    Message::Ask { ask: dsm_session::Ask { nonce: [9; 32], floor: payee.at(), request, enough } }
}

/// What is wanted of an entry's plan.
pub(crate) fn dealt(
    payer: &Actor,
    dealing: &Dealing,
    known: Option<u64>,
    wanted: &Wanted,
) -> Dealt {
    let plan = dealing.plan(&payer.view, known).expect("a complete lineage");
    deal(&payer.view, dealing, &plan, wanted).expect("a complete lineage")
}

/// An actor that holds one lot of its own token.
pub(crate) fn rich(actor: &mut Actor, name: &str, amount: u64) -> TokenId {
    let mut mint = Actor::new(name);
    let policy = dsm_sim::free_policy(&mint, 10, amount);
    let token = policy.id();
    mint.learn_policy(&policy);
    let (index, note) = mint.issue(token, 0, amount, actor.lock());
    actor.take_issue(&mint, index, note);
    token
}

/// A whole honest payment of an actor, up to the receipt.
pub(crate) fn settle(payer: &mut Actor, payee: &mut Person, token: TokenId, amount: u64) -> Met {
    let to = payee.id();
    let (met, ()) = meet(payee, OPEN, |raw| {
        let greeting = raw.greet(payer.id(), accepted_by(payer, to), known_to(payer, to));
        let ask = raw.hear_ask();
        raw.tell_nothing();
        let lock = Lock::Device { id: to, floor: ask.floor };
        let payment = payer.pay_to(to, lock, token, amount, Some(ask.nonce));
        let Some(wanted) = raw.offer(payer, &payment.dealing, greeting.known, (token, amount))
        else {
            return;
        };
        raw.pay(payer, &payment.dealing, greeting.known, &wanted);
        if let Some(Message::Receipt { dealt }) = raw.hear_until("Receipt") {
            payer.receive(&dealt, None).result.expect("an honest receipt");
        }
        raw.say(&Message::Done {});
        raw.hear_out();
    });
    met
}

/// The last entry of a peer that an actor accepted.
pub(crate) fn accepted_by(actor: &Actor, peer: DeviceId) -> u64 {
    actor.accepted.get(&peer).map_or(0, |at| at.index)
}

/// The greatest index of a peer's log that an actor knows.
pub(crate) fn known_to(actor: &Actor, peer: DeviceId) -> Option<u64> {
    actor.view.latest(&peer).map(|at| at.index)
}

/// A transfer with one output.
pub(crate) fn transfer(output: Output) -> Value {
    Value::transfer(outputs([output]))
}

/// A true proof that whoever has the key of a device forked its log.
pub(crate) fn fork_of(device: &DeviceDescriptor, key: &SecretKey) -> ForkProof {
    let sign = |byte: u8| {
        let at = Position { index: 1, head: Digest::from_bytes([byte; 32]) };
        (at, SignedHead::sign(NETWORK, device.id(), at, key).signature)
    };
    let ((first, first_signature), (start, second_signature)) = (sign(1), sign(2));
    let (device, pairs) = (device.clone(), List::default());
    ForkProof { device, first, first_signature, start, pairs, second_signature }
}
