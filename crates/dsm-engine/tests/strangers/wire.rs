//! Links of memory: between two engines, with somebody in the middle, or with a rogue at one end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;

use dsm_engine::ConverseError;
use dsm_link::{Link, LinkError};
use dsm_session::{Goal, Notice, SessionError};

use crate::person::Person;

/// One end.
pub(crate) struct Wire {
    to: Sender<Vec<u8>>,
    from: Receiver<Vec<u8>>,
    patience: Duration,
    gone: Arc<AtomicBool>,
}

/// Both ends.
pub(crate) fn wire() -> (Wire, Wire) {
    let ((to, there), (back, from)) = (channel(), channel());
    let patience = Duration::from_secs(60);
    let end = |to, from| Wire { to, from, patience, gone: Arc::default() };
    (end(to, from), end(back, there))
}

impl Wire {
    /// The same with another patience.
    pub(crate) fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Wire {
    /// What hangs up from another thread.
    pub(crate) fn hang_up(&self) -> impl FnOnce() + Send + use<> {
        let gone = self.gone.clone();
        move || gone.store(true, Ordering::SeqCst)
    }
}

impl Link for Wire {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        self.to.send(message.to_vec()).map_err(LinkError::medium)
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        // In slices, so that a hang-up is noticed.
        let mut left = self.patience;
        let slice = Duration::from_millis(5);
        let came = loop {
            if self.gone.load(Ordering::SeqCst) {
                return Ok(None);
            }
            match self.from.recv_timeout(left.min(slice)) {
                Err(RecvTimeoutError::Timeout) if left > slice => left -= slice,
                came => break came,
            }
        };
        match came {
            Ok(message) if message.len() > most => Err(LinkError::TooLong { most }),
            Ok(message) => Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => Err(LinkError::Silent),
        }
    }
}

/// How a conversation went for one side.
#[derive(Debug)]
pub(crate) struct Met {
    pub(crate) result: Result<(), ConverseError>,
    pub(crate) notices: Vec<Notice>,
}

impl Met {
    /// Why its session ended early, if it did by itself.
    pub(crate) fn error(&self) -> Option<&SessionError> {
        match &self.result {
            Err(ConverseError::Session(error)) => Some(error),
            _ => None,
        }
    }

    /// The rule by which it refused.
    pub(crate) fn rule(&self) -> Option<&'static str> {
        match self.error() {
            Some(SessionError::Rejected(reject)) => Some(reject.rule()),
            _ => None,
        }
    }

    pub(crate) fn told(&self, of: impl Fn(&Notice) -> bool) -> bool {
        self.notices.iter().any(of)
    }

    pub(crate) fn is_bound(&self) -> bool {
        self.told(|notice| matches!(notice, Notice::Bound { .. }))
    }

    pub(crate) fn is_acknowledged(&self) -> bool {
        self.told(|notice| matches!(notice, Notice::Acknowledged { .. }))
    }

    pub(crate) fn has_received(&self) -> bool {
        self.told(|notice| matches!(notice, Notice::Received { .. }))
    }
}

/// 32 bytes that nobody used before.
pub(crate) fn fresh() -> [u8; 32] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    *dsm_crypto::hash(dsm_crypto::Domain::Seed, &("fresh", count)).as_bytes()
}

/// Lets a person talk over a link until it is over.
pub(crate) fn converse(person: &mut Person, mut link: Wire, goal: Goal) -> Met {
    let mut notices = Vec::new();
    let mut tell = |notice: &Notice| notices.push(notice.clone());
    let result = person.engine.converse(&mut link, goal, fresh(), &mut tell);
    Met { result, notices }
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    There,
    Back,
}

/// Two people talk, the first calls. Somebody in the middle sees each frame, numbered each way, and
/// says what arrives instead; none cuts the line.
pub(crate) fn between(
    caller: &mut Person,
    called: &mut Person,
    goals: (Goal, Goal),
    middle: impl FnMut(Way, usize, Vec<u8>) -> Option<Vec<Vec<u8>>>,
) -> (Met, Met) {
    let one = |link| converse(caller, link, goals.0);
    ends(one, |link| converse(called, link, goals.1), middle)
}

/// The same for whatever the two ends do.
pub(crate) fn ends<A: Send, B: Send>(
    one: impl FnOnce(Wire) -> A + Send,
    other: impl FnOnce(Wire) -> B + Send,
    mut middle: impl FnMut(Way, usize, Vec<u8>) -> Option<Vec<Vec<u8>>>,
) -> (A, B) {
    let ((near_end, near), (far_end, far)) = (wire(), wire());
    std::thread::scope(|scope| {
        let one = scope.spawn(|| one(near_end));
        let other = scope.spawn(|| other(far_end));
        pass(near, far, &mut middle);
        (one.join().expect("no panic"), other.join().expect("no panic"))
    })
}

fn pass(
    near: Wire,
    far: Wire,
    middle: &mut dyn FnMut(Way, usize, Vec<u8>) -> Option<Vec<Vec<u8>>>,
) {
    let mut counts = [0, 0];
    loop {
        let mut idle = true;
        for (side, way, from, to) in [(0, Way::There, &near, &far), (1, Way::Back, &far, &near)] {
            match from.from.try_recv() {
                Ok(frame) => {
                    idle = false;
                    let Some(frames) = middle(way, counts[side], frame) else { return };
                    counts[side] += 1;
                    for frame in frames {
                        let _ = to.to.send(frame);
                    }
                }
                Err(TryRecvError::Empty) => {}
                // Whoever hung up has said everything.
                Err(TryRecvError::Disconnected) => return,
            }
        }
        if idle {
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}
