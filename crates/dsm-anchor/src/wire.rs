//! How commands get to a chip and answers back.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

/// The longest answer of a chip.
const MAX_ANSWER: usize = 4096;
/// How long a chip may take: making a key is the slowest thing that it is asked.
const PATIENCE: Duration = Duration::from_secs(60);

/// What carries a command to a chip, and its answer.
pub trait Wire {
    /// Sends a command and waits for the whole answer.
    ///
    /// # Errors
    /// What the system says, or an answer of a length that no chip gives.
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>>;
}

/// The kernel's resource manager, `/dev/tpmrm0`. Sessions end when it is closed.
#[derive(Debug)]
pub struct Device(File);

impl Device {
    /// Opens it.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).open(path).map(Self)
    }
}

impl Wire for Device {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        // One write is one command, one read one answer.
        self.0.write_all(command)?;
        let mut answer = vec![0; MAX_ANSWER];
        let length = self.0.read(&mut answer)?;
        answer.truncate(length);
        Ok(answer)
    }
}

/// An emulator that takes commands on a socket.
#[derive(Debug)]
pub struct Socket(TcpStream);

impl Socket {
    /// Connects to it.
    ///
    /// # Errors
    /// What the system says.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }
}

impl Wire for Socket {
    fn exchange(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(command)?;
        let mut header = [0; 10];
        self.0.read_exact(&mut header)?;
        let [_, _, a, b, c, d, ..] = header;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        if !(header.len()..=MAX_ANSWER).contains(&length) {
            return Err(io::Error::new(
                ErrorKind::InvalidData,
                "an answer of a length that no chip gives",
            ));
        }
        let mut answer = header.to_vec();
        answer.resize(length, 0);
        self.0.read_exact(&mut answer[header.len()..])?;
        Ok(answer)
    }
}
