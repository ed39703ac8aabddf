//! TCP, on the loopback interface only (`spec/links.md`, TCP).

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use dsm_link::{Joiner, Link, LinkError, Traffic, cut};

/// How long a peer may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much is read at once.
const PIECE: usize = 1 << 16;

/// An address that is not on the loopback interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotLoopback(SocketAddr);

impl std::fmt::Display for NotLoopback {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            to,
            "{} is not on this machine: one caller is served at a time, so a stranger could keep \
             everybody else out; use 127.0.0.1",
            self.0
        )
    }
}

impl std::error::Error for NotLoopback {}

fn failed(error: std::io::Error) -> LinkError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => LinkError::Silent,
        _ => LinkError::medium(error),
    }
}

fn on_loopback(address: SocketAddr) -> Result<SocketAddr, LinkError> {
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(LinkError::medium(NotLoopback(address)))
    }
}

/// A place at which peers may call.
#[derive(Debug)]
pub struct TcpPlace(TcpListener);

impl TcpPlace {
    /// Listens; port 0 lets the operating system choose.
    ///
    /// # Errors
    /// If the address is not on the loopback interface, or is taken.
    pub fn bind(address: SocketAddr) -> Result<Self, LinkError> {
        Ok(Self(TcpListener::bind(on_loopback(address)?).map_err(failed)?))
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
}

/// A TCP connection. Counts the bytes of its frames.
#[derive(Debug)]
pub struct TcpLink {
    stream: TcpStream,
    joiner: Joiner,
    /// Bytes sent, lengths included.
    pub sent: u64,
    /// Bytes received, lengths included.
    pub received: u64,
}

impl TcpLink {
    /// Calls a peer.
    ///
    /// # Errors
    /// If the address is not on the loopback interface, or nobody answers.
    pub fn connect(address: SocketAddr) -> Result<Self, LinkError> {
        let stream = TcpStream::connect_timeout(&on_loopback(address)?, PATIENCE);
        Self::over(stream.map_err(failed)?)
    }

    fn over(stream: TcpStream) -> Result<Self, LinkError> {
        let set = stream.set_nodelay(true);
        let set = set.and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        set.and_then(|()| stream.set_write_timeout(Some(PATIENCE))).map_err(failed)?;
        Ok(Self { stream, joiner: Joiner::default(), sent: 0, received: 0 })
    }
}

impl TcpLink {
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
}

impl Link for TcpLink {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        let frame = cut(message)?;
        self.stream.write_all(&frame).map_err(failed)?;
        self.sent += frame.len() as u64;
        Ok(())
    }

    fn traffic(&self) -> Traffic {
        Traffic { sent: self.sent, received: self.received, ..Traffic::default() }
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        let mut piece = vec![0; PIECE];
        loop {
            if let Some(message) = self.joiner.take(most)? {
                return Ok(Some(message));
            }
            let count = self.stream.read(&mut piece).map_err(failed)?;
            if count == 0 {
                return if self.joiner.is_midway() { Err(LinkError::CutOff) } else { Ok(None) };
            }
            self.received += count as u64;
            self.joiner.push(piece.get(..count).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use dsm_link::MAX_FRAME;

    use super::*;

    #[test]
    fn refuses_addresses_off_this_machine() {
        let away: SocketAddr = "192.0.2.1:1".parse().unwrap();
        assert!(matches!(TcpPlace::bind(away), Err(LinkError::Medium(_))));
        assert!(matches!(TcpLink::connect(away), Err(LinkError::Medium(_))));
    }

    #[test]
    fn gives_up_a_silent_peer() {
        let place = TcpPlace::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let _caller = TcpLink::connect(place.address().unwrap()).unwrap();
        let mut link = place.accept().unwrap();
        link.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        assert!(matches!(link.receive(MAX_FRAME), Err(LinkError::Silent)));
    }

    #[test]
    fn carries_messages_both_ways_and_tells_a_hang_up() {
        let place = TcpPlace::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = place.address().unwrap();
        let payer = std::thread::spawn(move || {
            let mut link = TcpLink::connect(address).unwrap();
            link.send(&vec![7; 300_000]).unwrap();
            assert_eq!(link.receive(MAX_FRAME).unwrap().unwrap(), b"ok");
            link.stream.write_all(&[0, 0, 0, 9, 1]).unwrap();
        });
        let mut link = place.accept().unwrap();
        assert_eq!(link.receive(MAX_FRAME).unwrap().unwrap(), vec![7; 300_000]);
        link.send(b"ok").unwrap();
        assert!(matches!(link.receive(MAX_FRAME), Err(LinkError::CutOff)));
        payer.join().unwrap();
        assert_eq!((link.sent, link.received), (6, 300_009));
    }
}
