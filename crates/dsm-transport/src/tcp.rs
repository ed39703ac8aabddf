//! TCP, on the loopback interface only (`spec/links.md`, TCP).

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use dsm_link::{FrameTooLong, Joiner, Link, cut};

/// How long a peer may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much is read at once.
const PIECE: usize = 1 << 16;

/// Why a TCP link fails.
#[derive(Debug)]
pub enum TcpError {
    /// The address is not on the loopback interface.
    NotLoopback(SocketAddr),
    /// The operating system says so.
    Io(std::io::Error),
    /// The peer is silent.
    Silent,
    /// The peer announces more than is allowed.
    TooLong(FrameTooLong),
    /// The peer hung up in the middle of a message.
    CutOff,
}

impl std::fmt::Display for TcpError {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLoopback(address) => write!(
                to,
                "{address} is not on this machine: one caller is served at a time, so a stranger \
                 could keep everybody else out; use 127.0.0.1"
            ),
            Self::Io(error) => error.fmt(to),
            Self::TooLong(error) => error.fmt(to),
            Self::Silent => write!(to, "the peer was silent for {} seconds", PATIENCE.as_secs()),
            Self::CutOff => to.write_str("the peer hung up in the middle of a message"),
        }
    }
}

impl std::error::Error for TcpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::TooLong(error) => Some(error),
            Self::NotLoopback(_) | Self::Silent | Self::CutOff => None,
        }
    }
}

impl From<std::io::Error> for TcpError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Silent,
            _ => Self::Io(error),
        }
    }
}

fn on_loopback(address: SocketAddr) -> Result<SocketAddr, TcpError> {
    if address.ip().is_loopback() { Ok(address) } else { Err(TcpError::NotLoopback(address)) }
}

/// A place at which peers may call.
#[derive(Debug)]
pub struct TcpPlace(TcpListener);

impl TcpPlace {
    /// Listens; port 0 lets the operating system choose.
    ///
    /// # Errors
    /// If the address is not on the loopback interface, or is taken.
    pub fn bind(address: SocketAddr) -> Result<Self, TcpError> {
        Ok(Self(TcpListener::bind(on_loopback(address)?)?))
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn address(&self) -> Result<SocketAddr, TcpError> {
        Ok(self.0.local_addr()?)
    }

    /// Waits for a caller.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn accept(&self) -> Result<TcpLink, TcpError> {
        let (stream, _) = self.0.accept()?;
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
    pub fn connect(address: SocketAddr) -> Result<Self, TcpError> {
        Self::over(TcpStream::connect_timeout(&on_loopback(address)?, PATIENCE)?)
    }

    fn over(stream: TcpStream) -> Result<Self, TcpError> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, joiner: Joiner::default(), sent: 0, received: 0 })
    }
}

impl Link for TcpLink {
    type Error = TcpError;

    fn send(&mut self, message: &[u8]) -> Result<(), TcpError> {
        let frame = cut(message).map_err(TcpError::TooLong)?;
        self.stream.write_all(&frame)?;
        self.sent += frame.len() as u64;
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<Vec<u8>>, TcpError> {
        let mut piece = vec![0; PIECE];
        loop {
            if let Some(message) = self.joiner.take().map_err(TcpError::TooLong)? {
                return Ok(Some(message));
            }
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                return if self.joiner.is_midway() { Err(TcpError::CutOff) } else { Ok(None) };
            }
            self.received += count as u64;
            self.joiner.push(piece.get(..count).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_addresses_off_this_machine() {
        let away: SocketAddr = "192.0.2.1:1".parse().unwrap();
        assert!(matches!(TcpPlace::bind(away), Err(TcpError::NotLoopback(_))));
        assert!(matches!(TcpLink::connect(away), Err(TcpError::NotLoopback(_))));
    }

    #[test]
    fn gives_up_a_silent_peer() {
        let place = TcpPlace::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let _caller = TcpLink::connect(place.address().unwrap()).unwrap();
        let mut link = place.accept().unwrap();
        link.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        assert!(matches!(link.receive(), Err(TcpError::Silent)));
    }

    #[test]
    fn carries_messages_both_ways_and_tells_a_hang_up() {
        let place = TcpPlace::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = place.address().unwrap();
        let payer = std::thread::spawn(move || {
            let mut link = TcpLink::connect(address).unwrap();
            link.send(&vec![7; 300_000]).unwrap();
            assert_eq!(link.receive().unwrap().unwrap(), b"ok");
            link.stream.write_all(&[0, 0, 0, 9, 1]).unwrap();
        });
        let mut link = place.accept().unwrap();
        assert_eq!(link.receive().unwrap().unwrap(), vec![7; 300_000]);
        link.send(b"ok").unwrap();
        assert!(matches!(link.receive(), Err(TcpError::CutOff)));
        payer.join().unwrap();
        assert_eq!((link.sent, link.received), (6, 300_009));
    }
}
