//! Where peers meet, as written on the command line.

use std::net::SocketAddr;
use std::str::FromStr;

/// A place to wait at or to call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// TCP, on this machine only.
    Tcp(SocketAddr),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.strip_prefix("tcp:").ok_or("links begin with tcp: so far")?;
        let address = address.parse().map_err(|_| "write tcp:127.0.0.1:PORT")?;
        Ok(Self::Tcp(address))
    }
}
