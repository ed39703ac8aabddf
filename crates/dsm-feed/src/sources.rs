//! Several feeds, asked side by side: none is believed, none stops the others, and what each said stays with its name.

use std::fmt;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::clock::Deadline;
use crate::error::{FeedError, shown};
use crate::feed::{Feed, Hash, MAX_HEADERS, RawHeader, hash_of};

/// How many feeds are asked at most.
pub const MAX_SOURCES: usize = 16;

/// Who knows what headers are worth, and keeps the chain.
pub trait Judge {
    /// Why headers are refused; its text is shown beside the feed that gave them.
    type Reject: fmt::Display;

    /// Where the chain is: hashes of it, newest first, ever sparser, down to one that every feed knows.
    fn locator(&self) -> Vec<Hash>;

    /// Judges headers that follow each other; gives how many were new.
    ///
    /// # Errors
    /// The rule that one of them breaks.
    fn judge(&mut self, headers: &[RawHeader]) -> Result<usize, Self::Reject>;

    /// True if the block of this hash is on the chain that is followed.
    fn is_on_chain(&self, hash: &Hash) -> bool;
}

/// What a feed said when it was asked last.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stance {
    /// It was not asked yet.
    Unasked,
    /// It shows nothing that is not on the chain; it may know less.
    Follows,
    /// It follows another chain, which ends with this block or below, and has not more work, as far as it was shown.
    Elsewhere(Hash),
    /// It gave headers that break a rule.
    Refused(String),
    /// It gave no answer that could be looked at.
    Failed(FeedError),
}

impl fmt::Display for Stance {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unasked => to.write_str("not asked yet"),
            Self::Follows => to.write_str("follows the same chain"),
            Self::Elsewhere(hash) => {
                to.write_str("follows another chain, up to ")?;
                hash.iter().rev().try_for_each(|byte| write!(to, "{byte:02x}"))
            }
            Self::Refused(why) => write!(to, "refused: {why}"),
            Self::Failed(why) => write!(to, "no answer: {why}"),
        }
    }
}

/// A feed and what is known of it.
pub struct Source {
    feed: Box<dyn Feed>,
    stance: Stance,
    given: u64,
}

impl fmt::Debug for Source {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = to.debug_struct("Source");
        fields.field("name", &self.name()).field("stance", &self.stance);
        fields.finish_non_exhaustive()
    }
}

impl Source {
    /// What people call it.
    pub fn name(&self) -> &str {
        self.feed.name()
    }

    /// What it said when it was asked last.
    pub fn stance(&self) -> &Stance {
        &self.stance
    }

    /// How many headers it was the first to give.
    pub fn given(&self) -> u64 {
        self.given
    }

    pub(crate) fn feed(&mut self) -> &mut dyn Feed {
        &mut *self.feed
    }

    pub(crate) fn convict(&mut self, why: String) {
        self.stance = Stance::Refused(why);
    }
}

/// Why nobody gave a block: each feed by its name, and why not.
#[derive(Debug)]
pub struct NoBlock(pub Vec<(String, FeedError)>);

impl fmt::Display for NoBlock {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("nobody gave the block")?;
        self.0.iter().try_for_each(|(name, why)| write!(to, "; {name}: {why}"))
    }
}

impl std::error::Error for NoBlock {}

/// Several feeds.
#[derive(Debug, Default)]
pub struct Sources(Vec<Source>);

/// What a feed answered, by its place.
type Answer = (usize, Result<Vec<RawHeader>, FeedError>);

impl Sources {
    /// Asks one more from now on; false if there are [`MAX_SOURCES`] already.
    pub fn add(&mut self, feed: Box<dyn Feed>) -> bool {
        let room = self.0.len() < MAX_SOURCES;
        if room {
            self.0.push(Source { feed, stance: Stance::Unasked, given: 0 });
        }
        room
    }

    /// The feeds, in the order in which they came.
    pub fn all(&self) -> &[Source] {
        &self.0
    }

    pub(crate) fn each(&mut self) -> &mut [Source] {
        &mut self.0
    }

    /// True if feeds that answered follow different chains, or gave what breaks a rule: somebody lies, is cut off,
    /// or is slow to learn.
    pub fn disagree(&self) -> bool {
        let differs =
            |one: &Source| matches!(one.stance, Stance::Elsewhere(_) | Stance::Refused(_));
        self.0.iter().any(differs)
    }

    /// Asks all feeds at once, until each has shown its whole chain or the time is over, and judges what they give in the
    /// order in which it comes; gives how many headers were new.
    ///
    /// A feed that fails or is refused is not asked again in this round. After the time no more questions are asked; an answer
    /// under way is waited for, as long as its feed may take.
    pub fn round<J: Judge>(&mut self, judge: &mut J, time: Duration) -> usize {
        let deadline = Deadline::after(time);
        let (answers, incoming) = mpsc::channel::<Answer>();
        let mut new = 0_usize;
        thread::scope(|scope| {
            let mut asked = Vec::new();
            let mut books = Vec::new();
            for (at, Source { feed, stance, given }) in self.0.iter_mut().enumerate() {
                let (questions, heard) = mpsc::channel::<Vec<Hash>>();
                let answers = answers.clone();
                scope.spawn(move || {
                    for locator in heard {
                        if answers.send((at, feed.headers(&locator))).is_err() {
                            return;
                        }
                    }
                });
                // The other end is in the thread just made.
                let locator = judge.locator();
                let newest = locator.first().copied();
                let open = questions.send(locator).is_ok();
                asked.push(open.then_some(questions));
                books.push(Round { stance, given, shown: newest });
            }
            drop(answers);
            while asked.iter().any(Option::is_some) {
                let Ok((at, answer)) = incoming.recv() else { break };
                let (Some(book), Some(questions)) = (books.get_mut(at), asked.get_mut(at)) else {
                    continue;
                };
                let (count, next) = book.take(judge, answer);
                new = new.saturating_add(count);
                let next = next.filter(|_| deadline.left().is_ok());
                let open = next.zip(questions.as_ref()).map(|(next, to)| to.send(next).is_ok());
                if open != Some(true) {
                    *questions = None;
                }
            }
            // Others may have shown meanwhile that a feed's chain is the one to follow, or no longer.
            books.iter_mut().for_each(|book| book.place(judge));
        });
        new
    }

    /// A block, from the first feed that has it.
    ///
    /// # Errors
    /// What each of them answered.
    pub fn block(&mut self, hash: &Hash) -> Result<Vec<u8>, NoBlock> {
        self.first_block(hash, |bytes| Some(bytes.to_vec()))
    }

    /// What is made of a block, from the first feed whose block it can be made of: a feed that puts other
    /// transactions under the right header stops nobody.
    ///
    /// # Errors
    /// What each of them answered.
    pub fn first_block<T>(
        &mut self,
        hash: &Hash,
        made: impl Fn(&[u8]) -> Option<T>,
    ) -> Result<T, NoBlock> {
        let mut failures = Vec::new();
        for source in &mut self.0 {
            let block = source.feed.block(hash);
            let malformed = FeedError::Malformed("block");
            match block.and_then(|bytes| made(&bytes).ok_or(malformed)) {
                Ok(made) => return Ok(made),
                Err(why) => failures.push((source.name().to_owned(), why)),
            }
        }
        Err(NoBlock(failures))
    }
}

/// One feed in one round.
struct Round<'a> {
    stance: &'a mut Stance,
    given: &'a mut u64,
    /// The last header that it gave; before it gave one, the newest that it was asked about: whoever has no more
    /// to say about that one is at it, or behind it.
    shown: Option<Hash>,
}

impl Round<'_> {
    /// Judges an answer; gives how many headers were new, and what to ask next, if anything.
    fn take<J: Judge>(
        &mut self,
        judge: &mut J,
        answer: Result<Vec<RawHeader>, FeedError>,
    ) -> (usize, Option<Vec<Hash>>) {
        let headers = match answer {
            Ok(headers) => headers,
            Err(why) => {
                *self.stance = Stance::Failed(why);
                return (0, None);
            }
        };
        let new = match judge.judge(&headers) {
            Ok(new) => new,
            Err(why) => {
                *self.stance = Stance::Refused(shown(&why.to_string()));
                return (0, None);
            }
        };
        *self.given = self.given.saturating_add(u64::try_from(new).unwrap_or(u64::MAX));
        let last = headers.last().map(hash_of);
        let repeats = last.is_some() && last == self.shown;
        self.shown = last.or(self.shown);
        *self.stance = Stance::Follows;
        self.place(judge);
        if headers.len() < MAX_HEADERS || repeats {
            return (new, None);
        }
        let mut locator = judge.locator();
        if let Stance::Elsewhere(tip) = self.stance {
            // Its own chain goes on where the judge's does not.
            locator.insert(0, *tip);
        }
        (new, Some(locator))
    }

    /// Says whether what a feed showed last, which breaks no rule, is on the chain now.
    fn place<J: Judge>(&mut self, judge: &J) {
        if matches!(self.stance, Stance::Follows | Stance::Elsewhere(_)) {
            *self.stance = match self.shown {
                Some(tip) if !judge.is_on_chain(&tip) => Stance::Elsewhere(tip),
                _ => Stance::Follows,
            };
        }
    }
}
