//! A peer of the Bitcoin network, called when it is asked.

use std::net::{SocketAddr, TcpStream};

use crate::error::FeedError;
use crate::feed::{Feed, FilterFeed, Hash, Patience, RawHeader};
use crate::network::Magic;
use crate::talk::Talk;

/// A peer of the Bitcoin network, called when it is asked.
///
/// A conversation goes on from question to question, until one is not answered as it should be.
#[derive(Debug)]
pub struct Peer {
    name: String,
    address: SocketAddr,
    magic: Magic,
    patience: Patience,
    talk: Option<Talk<TcpStream>>,
    claimed: Option<u32>,
}

impl Peer {
    /// Names one; calls nobody yet.
    pub fn new(address: SocketAddr, magic: Magic, patience: Patience) -> Self {
        let name = address.to_string();
        Self { name, address, magic, patience, talk: None, claimed: None }
    }

    /// The height that it claimed when it was called last.
    pub fn claimed_height(&self) -> Option<u32> {
        self.claimed
    }

    fn call(&mut self) -> Result<Talk<TcpStream>, FeedError> {
        let line = TcpStream::connect_timeout(&self.address, self.patience.connect)
            .map_err(FeedError::Unreachable)?;
        line.set_nodelay(true).map_err(FeedError::Broken)?;
        let talk = Talk::open(line, self.magic, self.patience)?;
        self.claimed = Some(talk.claimed_height());
        Ok(talk)
    }

    /// Asks in the conversation that goes on, or in a new one, also if the peer has hung up meanwhile, or had so much
    /// news to tell while nobody listened.
    fn ask<T>(
        &mut self,
        question: impl Fn(&mut Talk<TcpStream>) -> Result<T, FeedError>,
    ) -> Result<T, FeedError> {
        if let Some(mut talk) = self.talk.take() {
            match question(&mut talk) {
                Err(FeedError::Broken(_) | FeedError::Closed | FeedError::Flooded) => {}
                answer => return self.keep(talk, answer),
            }
        }
        let mut talk = self.call()?;
        let answer = question(&mut talk);
        self.keep(talk, answer)
    }

    /// After any other failure it is unknown what comes next on the line.
    fn keep<T>(
        &mut self,
        talk: Talk<TcpStream>,
        answer: Result<T, FeedError>,
    ) -> Result<T, FeedError> {
        if matches!(answer, Ok(_) | Err(FeedError::Missing(_) | FeedError::NotServed(_))) {
            self.talk = Some(talk);
        }
        answer
    }
}

impl Feed for Peer {
    fn name(&self) -> &str {
        &self.name
    }

    fn headers(&mut self, locator: &[Hash]) -> Result<Vec<RawHeader>, FeedError> {
        self.ask(|talk| talk.headers(locator))
    }

    fn block(&mut self, hash: &Hash) -> Result<Vec<u8>, FeedError> {
        self.ask(|talk| talk.block(hash))
    }

    fn as_filter_feed(&mut self) -> Option<&mut dyn FilterFeed> {
        Some(self)
    }
}

impl FilterFeed for Peer {
    fn filter_headers(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Hash>, FeedError> {
        self.ask(|talk| talk.filter_headers(start, blocks))
    }

    fn filters(&mut self, start: u32, blocks: &[Hash]) -> Result<Vec<Vec<u8>>, FeedError> {
        self.ask(|talk| talk.filters(start, blocks))
    }
}
