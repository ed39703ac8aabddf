//! A link over any medium that carries frames (`spec/links.md`, conversations).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dsm_link::{Link, LinkError, Pace, Steady, Tag, Traffic};

use crate::clock::Stopwatch;

/// The longest nap while nothing comes, so that a hang-up is soon noticed.
const NAP: u64 = 200;

/// What carries frames to one place, perhaps: each may be lost, spoiled, repeated or late.
pub trait Medium {
    /// The most bytes of a frame.
    fn size(&self) -> usize;

    /// How fast it is.
    fn pace(&self) -> Pace;

    /// Puts a frame on the medium. Not an error if it is lost.
    ///
    /// # Errors
    /// If the medium is gone for good.
    fn put(&mut self, frame: &[u8]) -> Result<(), LinkError>;

    /// Waits so long for a frame, or for something that may be one.
    ///
    /// # Errors
    /// If the medium is gone for good.
    fn take(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, LinkError>;

    /// Bytes put on it and taken from it so far, if it counts them otherwise than by frames.
    fn bytes(&self) -> Option<(u64, u64)> {
        None
    }
}

impl<M: Medium + ?Sized> Medium for Box<M> {
    fn size(&self) -> usize {
        (**self).size()
    }

    fn pace(&self) -> Pace {
        (**self).pace()
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        (**self).put(frame)
    }

    fn take(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, LinkError> {
        (**self).take(wait)
    }

    fn bytes(&self) -> Option<(u64, u64)> {
        (**self).bytes()
    }
}

/// A link over a medium. Dropping it delivers what was sent, tells the other side, and waits for its
/// acknowledgement as long as the medium's pace says.
#[derive(Debug)]
pub struct Framed<M: Medium> {
    medium: M,
    steady: Steady,
    clock: Stopwatch,
    traffic: Traffic,
    failed: bool,
    hung_up: Arc<AtomicBool>,
}

impl<M: Medium> Framed<M> {
    /// Calls whoever waits at the other end. The tag is fresh random bytes.
    ///
    /// # Errors
    /// If nobody answers, or the medium is gone.
    pub fn call(medium: M, tag: Tag) -> Result<Self, LinkError> {
        let clock = Stopwatch::start();
        let steady = Steady::call(tag, medium.size(), medium.pace(), clock.now())?;
        let mut link = Self::new(medium, steady, clock);
        while !link.steady.is_met() {
            link.turn()?;
        }
        Ok(link)
    }

    /// Waits for a caller, so long or for ever. The tag is fresh random bytes.
    ///
    /// # Errors
    /// If the medium is gone, or nobody calls in time.
    pub fn wait(medium: M, tag: Tag, most: Option<Duration>) -> Result<Self, LinkError> {
        let clock = Stopwatch::start();
        Self::wait_while(medium, tag, &|| most.is_none_or(|most| clock.elapsed() <= most))
    }

    /// The same as long as it is to wait, which is asked again and again.
    ///
    /// # Errors
    /// If the medium is gone, or nobody calls in time.
    pub fn wait_while(medium: M, tag: Tag, waits: &dyn Fn() -> bool) -> Result<Self, LinkError> {
        let clock = Stopwatch::start();
        let steady = Steady::wait(tag, medium.size(), medium.pace(), clock.now())?;
        let mut link = Self::new(medium, steady, clock);
        while !link.steady.is_met() {
            if !waits() {
                link.failed = true;
                return Err(LinkError::Silent);
            }
            link.turn()?;
        }
        Ok(link)
    }

    fn new(medium: M, steady: Steady, clock: Stopwatch) -> Self {
        let (traffic, hung_up) = (Traffic::default(), Arc::default());
        Self { medium, steady, clock, traffic, failed: false, hung_up }
    }

    /// What hangs up from another thread.
    pub fn hang_up(&self) -> impl FnOnce() + Send + use<M> {
        let hung_up = Arc::clone(&self.hung_up);
        move || hung_up.store(true, Ordering::Relaxed)
    }

    /// Says what is due and listens until something more is.
    fn turn(&mut self) -> Result<(), LinkError> {
        let turned = self.try_turn();
        self.failed |= turned.is_err();
        turned
    }

    fn try_turn(&mut self) -> Result<(), LinkError> {
        let now = self.clock.now();
        if self.hung_up.load(Ordering::Relaxed) {
            return Err(LinkError::CutOff);
        }
        if self.steady.is_silent(now) {
            let left = self.steady.peer_leaves();
            return Err(if left { LinkError::CutOff } else { LinkError::Silent });
        }
        let mut wait = Duration::ZERO;
        if let Some(frame) = self.steady.speak(now) {
            self.medium.put(&frame)?;
            self.traffic.frames_sent += 1;
            self.traffic.sent += frame.len() as u64;
        } else {
            let nap = self.steady.wake().saturating_sub(now).clamp(1, NAP);
            wait = Duration::from_millis(nap);
        }
        // Never more than one frame is said without listening: both sides may speak at once.
        if let Some(frame) = self.medium.take(wait)? {
            self.traffic.frames_received += 1;
            self.traffic.received += frame.len() as u64;
            self.steady.hear(&frame, self.clock.now());
        }
        Ok(())
    }
}

impl<M: Medium> Link for Framed<M> {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        self.steady.send(message)?;
        self.steady.begin_waiting(self.clock.now());
        while self.steady.is_full() && !self.steady.is_flushed() {
            self.turn()?;
        }
        Ok(())
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        self.steady.begin_waiting(self.clock.now());
        loop {
            if let Some(message) = self.steady.take(most)? {
                return Ok(Some(message));
            }
            if self.steady.peer_ended() {
                return Ok(None);
            }
            self.turn()?;
        }
    }

    fn traffic(&self) -> Traffic {
        let mut traffic = self.traffic;
        if let Some((sent, received)) = self.medium.bytes() {
            (traffic.sent, traffic.received) = (sent, received);
        }
        traffic
    }
}

impl<M: Medium> Drop for Framed<M> {
    fn drop(&mut self) {
        if self.failed {
            return;
        }
        self.steady.begin_waiting(self.clock.now());
        self.steady.leave(self.clock.now());
        while !self.steady.is_over(self.clock.now()) && self.turn().is_ok() {}
    }
}
