//! A serial line between two pseudo-terminals, with somebody at the wire.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use dsm_link::LinkError;
use serial2::SerialPort;

use super::Numbers;
use crate::clock::Stopwatch;

const WAIT: Duration = Duration::from_millis(2);
const BAUD: u32 = 115_200;

/// Two ends of a line. What is written at one is read at the other, after the faults that a seed
/// says: spoiled bytes, lost bytes, a trickle, a pause, a cut.
#[derive(Debug)]
pub struct Line {
    paths: [PathBuf; 2],
    /// Held open, so that an end which is closed and opened again finds the line as it was.
    _ends: [SerialPort; 2],
    over: Arc<AtomicBool>,
    wires: Vec<JoinHandle<()>>,
}

/// What is wrong with a wire.
#[derive(Clone, Debug)]
struct Wire {
    numbers: Numbers,
    spoiled: u64,
    lost: u64,
    cut_at: u64,
    pause_at: u64,
    /// Bytes in a millisecond.
    speed: u64,
}

impl Wire {
    fn new(seed: Option<u64>, side: u64) -> Self {
        let mut numbers = Numbers::new(seed.unwrap_or(0), 20 + side);
        let mut wire = Self {
            spoiled: 0,
            lost: 0,
            cut_at: u64::MAX,
            pause_at: u64::MAX,
            speed: 100,
            numbers: numbers.clone(),
        };
        if seed.is_some() {
            // In a thousand pieces of 64 bytes.
            wire.spoiled = numbers.below(4) * 20;
            wire.lost = numbers.below(4) * 10;
            wire.speed = if numbers.happens(200) { 2 } else { 100 };
            wire.pause_at = numbers.below(20_000);
            wire.cut_at = if numbers.happens(200) { numbers.below(8_000) } else { u64::MAX };
            wire.numbers = numbers;
        }
        wire
    }

    fn carry(mut self, from: &SerialPort, to: &SerialPort, over: &AtomicBool) {
        let mut piece = [0; 64];
        let mut count = 0;
        while !over.load(Ordering::Relaxed) {
            let len = match from.read(&mut piece) {
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::TimedOut => continue,
                Err(_) => return,
            };
            let Some(bytes) = piece.get_mut(..len) else { return };
            let before = count;
            count += len as u64;
            if (before..count).contains(&self.pause_at) {
                std::thread::sleep(Duration::from_millis(300));
            }
            if count > self.cut_at || self.numbers.happens(self.lost) {
                continue;
            }
            if self.numbers.happens(self.spoiled)
                && let Some(byte) = bytes.get_mut(self.numbers.below(len as u64) as usize)
            {
                *byte ^= 1 << self.numbers.below(8);
            }
            std::thread::sleep(Duration::from_millis(len as u64 / self.speed));
            let clock = Stopwatch::start();
            let mut rest = &*bytes;
            while !rest.is_empty() && !over.load(Ordering::Relaxed) {
                match to.write(rest) {
                    Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                    // Nobody reads: the bytes fall off the end of the line.
                    Err(_) if clock.elapsed() > Duration::from_millis(500) => break,
                    Err(_) => {}
                }
            }
        }
    }
}

impl Line {
    /// Lays a line, with the faults of a seed or with none.
    ///
    /// # Errors
    /// If there are no pseudo-terminals.
    pub fn new(seed: Option<u64>) -> Result<Self, LinkError> {
        Self::lay(seed).map_err(LinkError::medium)
    }

    fn lay(seed: Option<u64>) -> std::io::Result<Self> {
        let (mut near, near_end) = SerialPort::pair()?;
        let (mut far, far_end) = SerialPort::pair()?;
        let mut ends = [near_end, far_end];
        for port in &mut ends {
            let mut settings = port.get_configuration()?;
            settings.set_raw();
            settings.set_baud_rate(BAUD)?;
            port.set_configuration(&settings)?;
        }
        for port in [&mut near, &mut far] {
            port.set_read_timeout(WAIT)?;
            port.set_write_timeout(WAIT)?;
        }
        let [near_path, far_path] = &ends;
        let paths = [path(near_path)?, path(far_path)?];
        let over = Arc::new(AtomicBool::new(false));
        let (near, far) = (Arc::new(near), Arc::new(far));
        let wire = |side, from: &Arc<SerialPort>, to: &Arc<SerialPort>| {
            let (from, to, over) = (Arc::clone(from), Arc::clone(to), Arc::clone(&over));
            let wire = Wire::new(seed, side);
            std::thread::spawn(move || wire.carry(&from, &to, &over))
        };
        let wires = vec![wire(0, &near, &far), wire(1, &far, &near)];
        Ok(Self { paths, _ends: ends, over, wires })
    }

    /// Where the two ends are.
    #[must_use]
    pub fn ends(&self) -> [&Path; 2] {
        let [near, far] = &self.paths;
        [near, far]
    }
}

/// The device file of an open pseudo-terminal.
fn path(port: &SerialPort) -> std::io::Result<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", port.as_raw_fd()))
}

impl Drop for Line {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        for wire in self.wires.drain(..) {
            let _ = wire.join();
        }
    }
}
