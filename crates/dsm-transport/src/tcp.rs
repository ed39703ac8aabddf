//! TCP (`spec/links.md`, TCP).

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

use dsm_link::{Joiner, Link, LinkError, MAX_FRAME, Traffic, cut};

use crate::clock::Stopwatch;

/// How long a peer may take for the next [`PIECE`] bytes, or for the rest of a message.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a write may block before this side listens, and between two looks for a caller.
const SLICE: Duration = Duration::from_millis(20);
/// How much must come in that time.
const PIECE: usize = 1 << 16;
/// How much is read at once.
const READ: usize = 1 << 14;

fn failed(error: std::io::Error) -> LinkError {
    if is_late(&error) { LinkError::Silent } else { LinkError::medium(error) }
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// A place at which peers may call.
#[derive(Debug)]
pub struct TcpPlace(TcpListener);

impl TcpPlace {
    /// Listens; port 0 lets the operating system choose.
    ///
    /// # Errors
    /// If there is no such address here, or it is taken.
    pub fn bind(address: impl ToSocketAddrs) -> Result<Self, LinkError> {
        Ok(Self(TcpListener::bind(address).map_err(failed)?))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn address(&self) -> Result<SocketAddr, LinkError> {
        self.0.local_addr().map_err(failed)
    }

    /// Waits for a caller.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn accept(&self) -> Result<TcpLink, LinkError> {
        let (stream, _) = self.0.accept().map_err(failed)?;
        TcpLink::over(stream)
    }

    /// Waits for a caller as long as it is to wait, which is asked again and again. Nobody else accepts
    /// meanwhile.
    ///
    /// # Errors
    /// [`LinkError::Silent`] if nobody called; what the operating system says.
    pub fn accept_while(&self, waits: &dyn Fn() -> bool) -> Result<TcpLink, LinkError> {
        self.0.set_nonblocking(true).map_err(failed)?;
        loop {
            match self.0.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(failed)?;
                    return TcpLink::over(stream);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(failed(error)),
            }
            if !waits() {
                return Err(LinkError::Silent);
            }
            std::thread::sleep(SLICE);
        }
    }
}

/// A TCP connection.
#[derive(Debug)]
pub struct TcpLink {
    stream: TcpStream,
    joiner: Joiner,
    patience: Duration,
    hung_up: bool,
    sent: u64,
    received: u64,
}

impl TcpLink {
    /// Calls a peer, at the first of its addresses that answers.
    ///
    /// # Errors
    /// If nobody answers.
    pub fn connect(address: impl ToSocketAddrs) -> Result<Self, LinkError> {
        let mut last = std::io::Error::from(ErrorKind::AddrNotAvailable);
        for address in address.to_socket_addrs().map_err(failed)? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => return Self::over(stream),
                Err(error) => last = error,
            }
        }
        Err(failed(last))
    }

    fn over(stream: TcpStream) -> Result<Self, LinkError> {
        let set = stream.set_nodelay(true);
        set.and_then(|()| stream.set_write_timeout(Some(SLICE))).map_err(failed)?;
        let joiner = Joiner::default();
        Ok(Self { stream, joiner, patience: PATIENCE, hung_up: false, sent: 0, received: 0 })
    }

    /// Gives a peer less time, or more.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// What hangs up from another thread; both ends then find the link gone.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn hang_up(&self) -> Result<impl FnOnce() + Send + use<>, LinkError> {
        let stream = self.stream.try_clone().map_err(failed)?;
        Ok(move || {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        })
    }

    /// Reads once; gives how much came.
    fn read(&mut self, piece: &mut [u8]) -> std::io::Result<usize> {
        let count = self.stream.read(piece)?;
        self.hung_up |= count == 0;
        self.received += count as u64;
        self.joiner.push(piece.get(..count).unwrap_or_default());
        Ok(count)
    }

    /// Takes in what the peer says while it does not listen, up to a message.
    fn listen(&mut self) -> Result<bool, LinkError> {
        let mut piece = [0; READ];
        self.stream.set_nonblocking(true).map_err(failed)?;
        let mut came = false;
        while !self.hung_up && self.joiner.held() <= MAX_FRAME {
            match self.read(&mut piece) {
                Ok(count) => came |= count > 0,
                Err(error) if is_late(&error) => break,
                Err(error) => return Err(failed(error)),
            }
        }
        self.stream.set_nonblocking(false).map_err(failed)?;
        Ok(came)
    }

    /// Writes all, and listens while the peer does not.
    fn write(&mut self, mut rest: &[u8]) -> Result<(), LinkError> {
        let mut clock = Stopwatch::start();
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(count) => {
                    self.sent += count as u64;
                    rest = rest.get(count..).unwrap_or_default();
                    clock = Stopwatch::start();
                }
                // The peer does not listen; perhaps it speaks, and waits for us.
                Err(error) if is_late(&error) => {
                    if self.listen()? {
                        clock = Stopwatch::start();
                    } else if clock.elapsed() > self.patience {
                        return Err(LinkError::Silent);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }
}

impl Link for TcpLink {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        self.write(&cut(message)?)
    }

    fn send_all(&mut self, messages: &[Vec<u8>]) -> Result<(), LinkError> {
        let frames: Result<Vec<_>, _> = messages.iter().map(|message| cut(message)).collect();
        self.write(&frames?.concat())
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        let mut piece = [0; READ];
        let mut clock = Stopwatch::start();
        let mut came = 0;
        loop {
            if let Some(message) = self.joiner.take(most)? {
                return Ok(Some(message));
            }
            if self.hung_up {
                return if self.joiner.is_midway() { Err(LinkError::CutOff) } else { Ok(None) };
            }
            // A trickle is as good as silence.
            if came >= PIECE {
                (came, clock) = (0, Stopwatch::start());
            }
            let rest = self.patience.saturating_sub(clock.elapsed());
            if rest.is_zero() {
                return Err(LinkError::Silent);
            }
            self.stream.set_read_timeout(Some(rest)).map_err(failed)?;
            match self.read(&mut piece) {
                Ok(count) => came += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }

    fn traffic(&self) -> Traffic {
        Traffic { sent: self.sent, received: self.received, ..Traffic::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (TcpLink, TcpLink) {
        let place = TcpPlace::bind("127.0.0.1:0").unwrap();
        let caller = TcpLink::connect(place.address().unwrap()).unwrap();
        (caller, place.accept().unwrap())
    }

    #[test]
    fn gives_up_a_silent_peer_and_one_that_trickles() {
        let (mut caller, mut link) = pair();
        link.set_patience(Duration::from_millis(50));
        assert!(matches!(link.receive(MAX_FRAME), Err(LinkError::Silent)));
        let trickle = std::thread::spawn(move || {
            for byte in [0, 0, 1, 0].into_iter().chain([7; 255]) {
                if caller.stream.write_all(&[byte]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        assert!(matches!(link.receive(MAX_FRAME), Err(LinkError::Silent)));
        drop(link);
        trickle.join().unwrap();
    }

    #[test]
    fn carries_messages_both_ways_and_tells_a_hang_up() {
        let (mut link, mut caller) = pair();
        let payer = std::thread::spawn(move || {
            caller.send(&vec![7; 300_000]).unwrap();
            assert_eq!(caller.receive(MAX_FRAME).unwrap().unwrap(), b"ok");
            caller.stream.write_all(&[0, 0, 0, 9, 1]).unwrap();
        });
        assert_eq!(link.receive(MAX_FRAME).unwrap().unwrap(), vec![7; 300_000]);
        link.send(b"ok").unwrap();
        assert!(matches!(link.receive(MAX_FRAME), Err(LinkError::CutOff)));
        payer.join().unwrap();
        assert_eq!(link.traffic(), Traffic { sent: 6, received: 300_009, ..Traffic::default() });
    }

    #[test]
    fn both_may_send_at_once_as_much_as_a_message_holds() {
        let (mut one, mut other) = pair();
        let sides = [5, 6].map(|byte| vec![byte; MAX_FRAME]);
        let (first, second) = (sides[0].clone(), sides[1].clone());
        let far = std::thread::spawn(move || {
            other.send(&second).unwrap();
            other.receive(MAX_FRAME).unwrap().unwrap() == first
        });
        one.send(&sides[0]).unwrap();
        assert_eq!(one.receive(MAX_FRAME).unwrap().unwrap(), sides[1]);
        assert!(far.join().unwrap());
    }
}
