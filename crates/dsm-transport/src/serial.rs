//! A serial line (`spec/links.md`, serial).

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use dsm_link::{LinkError, Pace, Unstuffer, stuff};
use serial2::SerialPort;

use crate::clock::Stopwatch;
use crate::medium::Medium;

/// The most bytes of a frame: a tenth of a second at 115,200 baud.
const FRAME: usize = 1024;
/// How long a write may block before this side listens.
const SLICE: Duration = Duration::from_millis(20);
/// How long nothing may leave before a frame is given up.
const STUCK: Duration = Duration::from_secs(5);
/// The most frames that wait to be taken; later ones are lost, and come again.
const WAITING: usize = 64;

/// A serial line, with frames by COBS.
#[derive(Debug)]
pub struct Serial {
    port: SerialPort,
    baud: u32,
    found: Unstuffer,
    waiting: VecDeque<Vec<u8>>,
    sent: u64,
    received: u64,
    torn: bool,
}

impl Serial {
    /// Opens a port.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn open(port: &Path, baud: u32) -> Result<Self, LinkError> {
        Self::over(SerialPort::open(port, baud).map_err(LinkError::medium)?, baud)
    }

    /// Over an open port.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn over(mut port: SerialPort, baud: u32) -> Result<Self, LinkError> {
        port.set_write_timeout(SLICE).map_err(LinkError::medium)?;
        let found = Unstuffer::new(FRAME);
        let waiting = VecDeque::new();
        // Whatever stood on the line before is ended by a zero.
        Ok(Self { port, baud, found, waiting, sent: 0, received: 0, torn: true })
    }

    /// Milliseconds that a frame of the greatest size needs.
    fn frame_time(&self) -> u64 {
        10_000 * FRAME as u64 / u64::from(self.baud.max(1))
    }

    /// Reads once what there is, or comes within a time.
    fn read(&mut self, wait: Duration) -> Result<(), LinkError> {
        self.port.set_read_timeout(wait).map_err(LinkError::medium)?;
        let mut piece = [0; 4096];
        let count = match self.port.read(&mut piece) {
            Ok(0) => return Err(LinkError::medium(std::io::Error::from(ErrorKind::BrokenPipe))),
            Ok(count) => count,
            Err(error) if is_late(&error) => return Ok(()),
            Err(error) => return Err(LinkError::medium(error)),
        };
        self.received += count as u64;
        for byte in piece.get(..count).unwrap_or_default() {
            if let Some(frame) = self.found.push(*byte)
                && self.waiting.len() < WAITING
            {
                self.waiting.push_back(frame);
            }
        }
        Ok(())
    }
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

impl Medium for Serial {
    fn size(&self) -> usize {
        FRAME
    }

    fn pace(&self) -> Pace {
        let answer = 250 + 3 * self.frame_time();
        Pace { gap: 0, answer, patience: 30_000, linger: 4 * answer + 2_000 }
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), LinkError> {
        let mut bytes = stuff(frame);
        if self.torn {
            bytes.insert(0, 0);
        }
        self.torn = true;
        let mut rest = bytes.as_slice();
        let mut stuck = Stopwatch::start();
        while !rest.is_empty() {
            match self.port.write(rest) {
                Ok(count) => {
                    self.sent += count as u64;
                    rest = rest.get(count..).unwrap_or_default();
                    stuck = Stopwatch::start();
                }
                Err(error) if is_late(&error) => {
                    self.read(Duration::ZERO)?;
                    if stuck.elapsed() > STUCK {
                        return Ok(());
                    }
                }
                Err(error) => return Err(LinkError::medium(error)),
            }
        }
        self.torn = false;
        Ok(())
    }

    fn take(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, LinkError> {
        let clock = Stopwatch::start();
        loop {
            if let Some(frame) = self.waiting.pop_front() {
                return Ok(Some(frame));
            }
            let rest = wait.saturating_sub(clock.elapsed());
            self.read(rest)?;
            if rest.is_zero() {
                return Ok(self.waiting.pop_front());
            }
        }
    }

    fn bytes(&self) -> Option<(u64, u64)> {
        Some((self.sent, self.received))
    }
}
