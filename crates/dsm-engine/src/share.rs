//! Application state shared with a contact (`spec/state.md`).

use dsm_core::data::{Author, Contribution, Reduced, Reducer, Turn, reduce, schema};
use dsm_core::value::MAX_DATA;
use dsm_core::{Addressee, Draft, Op, View, write};
use dsm_encoding::{Blob, List};
use dsm_log::{DeviceId, relationship};
use dsm_session::{Batch, Ledger};
use dsm_store::{Books, Changes, Kv, StoreError};

use crate::Engine;

/// Why nothing was contributed. Nobody is bound.
#[derive(Debug)]
#[non_exhaustive]
pub enum ShareError {
    /// The store fails.
    Store(StoreError),
    /// The device is no contact, or its owner retired it.
    NoContact,
    /// This device or the other showed two histories.
    Forked,
    /// This wallet is an old copy; it must not sign.
    OldCopy,
    /// It is the other side's turn, as far as is known here.
    NotYourTurn,
    /// Nobody has a turn any more.
    Over,
    /// The rules of the application do not allow it.
    Void,
    /// It is too long.
    TooLong {
        /// The most bytes of one contribution.
        most: usize,
    },
    /// The entry does not fit the log.
    Log,
}

impl std::fmt::Display for ShareError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(to),
            Self::NoContact => to.write_str("this device is no contact that one can deal with"),
            Self::Forked => to.write_str("this device or the other showed two histories"),
            Self::OldCopy => to.write_str("this wallet is an old copy and must not sign"),
            Self::NotYourTurn => to.write_str("it is not your turn; meet the other side first"),
            Self::Over => to.write_str("it is over"),
            Self::Void => to.write_str("the rules do not allow this"),
            Self::TooLong { most } => write!(to, "a contribution has at most {most} bytes"),
            Self::Log => to.write_str("the log cannot take the entry"),
        }
    }
}

impl std::error::Error for ShareError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<StoreError> for ShareError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn reduced<K: Kv, R: Reducer>(
    books: &Books<'_, K>,
    peer: &DeviceId,
    reducer: &R,
) -> Reduced<R::State> {
    let schema = schema(R::SCHEMA);
    let (own, theirs): (Vec<Contribution>, Vec<Contribution>) =
        (books.contributed(peer, &schema), books.contributions_of(peer, &schema));
    match Author::of(&books.me(), peer) {
        Author::First => reduce(reducer, &own, &theirs),
        Author::Second => reduce(reducer, &theirs, &own),
    }
}

impl<K: Kv> Engine<K> {
    /// Which side of a shared state this wallet is.
    pub fn author(&self, peer: &DeviceId) -> Author {
        Author::of(&self.wallet.me(), peer)
    }

    /// The state that both sides' contributions make, as far as they are known here.
    ///
    /// # Errors
    /// What the store says.
    pub fn state<R: Reducer>(
        &self,
        peer: &DeviceId,
        reducer: &R,
    ) -> Result<Reduced<R::State>, StoreError> {
        let books = self.wallet.books()?;
        let reduced = reduced(&books, peer, reducer);
        books.check()?;
        Ok(reduced)
    }

    /// Contributes to the state shared with a contact: writes an entry, which is durable when this
    /// returns and delivered by the next session. Gives its index.
    ///
    /// # Errors
    /// [`ShareError`]: what would be void is not written.
    pub fn share<R: Reducer>(
        &mut self,
        peer: &DeviceId,
        reducer: &R,
        bytes: &[u8],
    ) -> Result<u64, ShareError> {
        let batch = self.contribution(peer, reducer, bytes)?;
        let index = batch.written.first().map_or(0, |written| written.log.at.index);
        self.wallet.commit(&Changes { batch, ..Changes::default() })?;
        Ok(index)
    }

    fn contribution<R: Reducer>(
        &self,
        peer: &DeviceId,
        reducer: &R,
        bytes: &[u8],
    ) -> Result<Batch, ShareError> {
        let data = Blob::<MAX_DATA>::try_from(bytes.to_vec());
        let data = data.map_err(|_| ShareError::TooLong { most: MAX_DATA })?;
        let books = self.wallet.books()?;
        let (me, log) = (books.me(), books.own_log());
        if !books.peer(peer).is_some_and(|peer| peer.active) {
            return Err(ShareError::NoContact);
        }
        if books.is_forked(peer) || books.is_forked(&me) {
            return Err(ShareError::Forked);
        }
        if books.is_old_copy() {
            return Err(ShareError::OldCopy);
        }
        let author = Author::of(&me, peer);
        let state = reduced(&books, peer, reducer).state;
        match reducer.turn(&state) {
            Turn::Nobody => return Err(ShareError::Over),
            Turn::Only(only) if only != author => return Err(ShareError::NotYourTurn),
            Turn::Only(_) | Turn::Anybody => {}
        }
        reducer.apply(&state, author, bytes).ok_or(ShareError::Void)?;
        let (tip, proof) = books.tip(&relationship(&me, peer));
        let stitch = books.accepted(peer);
        let op = Op::Data { schema: schema(R::SCHEMA), bytes: data };
        let ops = std::iter::once(op).chain(dsm_session::opening(&books, peer));
        let ops = List::try_collect(ops).map_err(|_| ShareError::Log)?;
        let to = Some(Addressee { device: *peer, stitch, tip, proof });
        let draft = Draft { to, ops, ..Draft::default() };
        let written = write(&log, draft, books.network(), &self.main).ok_or(ShareError::Log)?;
        books.check()?;
        Ok(Batch { written: vec![written], ..Batch::default() })
    }
}
