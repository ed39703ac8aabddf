//! What a device's person does without a conversation.

use dsm_core::TokenId;
use dsm_crypto::{Digest, Domain, Secret, hash};
use dsm_log::DeviceId;
use dsm_session::{Batch, Reading, Request, pay_asked, pay_away, write_letter};
use dsm_store::Changes;

use super::{Device, Failure, Then};
use crate::world::event::When;
use crate::world::plant::Spoilt;
use crate::world::share;
use crate::world::watch::Watch;

impl Device {
    /// A change of its person's, in one batch.
    fn change(&mut self, batch: &Batch, watch: &mut Watch) -> Then {
        match self.commit(batch, watch) {
            Ok(()) if self.blows(When::Silent) => self.die(watch),
            Ok(()) | Err(Failure::Stale) => Then::default(),
            Err(failure) => {
                self.fails(failure, watch);
                self.die(watch)
            }
        }
    }

    /// Pays somebody who is away, or what somebody asked for in a letter.
    pub(crate) fn pay(
        &mut self,
        peer: DeviceId,
        (token, amount): (TokenId, u64),
        asked: bool,
        watch: &mut Watch,
    ) -> Then {
        let written = {
            let books = Spoilt { books: &self.books(), plant: self.plant };
            if asked {
                pay_asked(&books, self.key(), peer, token, amount)
            } else {
                pay_away(&books, self.key(), peer, token, amount)
            }
        };
        match written {
            Ok((batch, _)) => self.change(&batch, watch),
            Err(_) => Then::default(),
        }
    }

    /// Contributes to the state that it shares with a peer.
    pub(crate) fn share(&mut self, peer: DeviceId, value: u8, watch: &mut Watch) -> Then {
        let batch = share::contribution(&self.books(), self.key(), peer, value);
        batch.map_or_else(Then::default, |batch| self.change(&batch, watch))
    }

    /// Writes a letter, with the box that it belongs in.
    pub(crate) fn write(
        &mut self,
        peer: DeviceId,
        request: Option<Request>,
        fresh: u64,
        watch: &mut Watch,
    ) -> (Option<(Digest, Vec<u8>)>, Then) {
        let fresh = Secret::from_bytes(*hash(Domain::Seed, &("letter", fresh)).as_bytes());
        let posting = {
            let books = Spoilt { books: &self.books(), plant: self.plant };
            write_letter(&books, self.key(), &peer, request, &fresh)
        };
        let Ok(posting) = posting else { return (None, Then::default()) };
        let mut then = Then::default();
        let posted = posting.persist(|batch| {
            then = self.change(batch, watch);
            if then.died { Err(()) } else { Ok(()) }
        });
        (posted.ok(), then)
    }

    /// Reads a letter, whole or not at all.
    pub(crate) fn read(&mut self, letter: &[u8], watch: &mut Watch) -> Then {
        let reading = {
            let books = Spoilt { books: &self.books(), plant: self.plant };
            Reading::open(&books, &self.kit.kem, letter, None)
        };
        let Ok(mut reading) = reading else { return Then::default() };
        let mut batches: Vec<Batch> = Vec::new();
        let mut notices = Vec::new();
        loop {
            let effects = {
                let books = Spoilt { books: &self.books(), plant: self.plant };
                reading.step(&books, self.key())
            };
            let Some(effects) = effects else { break };
            let wallet = self.wallet.as_mut().expect("a wallet");
            let staged = effects.persist(|batch| {
                batches.push(batch.clone());
                wallet.stage(&Changes::from(batch))
            });
            match staged {
                Ok(then) => notices.extend(then.notices),
                Err(_) => return self.die(watch),
            }
        }
        if let Err(failure) = self.flush(&batches, watch) {
            self.fails(failure, watch);
            return self.die(watch);
        }
        if self.blows(When::Silent) {
            return self.die(watch);
        }
        for notice in &notices {
            self.told(notice, watch);
        }
        Then::default()
    }
}
