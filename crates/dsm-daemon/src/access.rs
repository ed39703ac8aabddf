//! Who may ask: whoever read the file `daemon.json` in the wallet's directory.

use std::fmt::Write as _;
use std::fs::TryLockError;
use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, HOST};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::door::Seat;
use crate::problem::Problem;

/// Where a daemon listens, and what it wants to be shown. As JSON it is the file `daemon.json`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Access {
    /// The address.
    pub address: SocketAddr,
    /// The bearer token, 64 hexadecimal digits.
    pub token: String,
}

/// The name of the file.
const FILE: &str = "daemon.json";
/// The most bytes of it.
const MAX: u64 = 1 << 10;

impl Access {
    /// To an address, with a token of 32 fresh bytes.
    pub(crate) fn new(address: SocketAddr, fresh: [u8; 32]) -> Self {
        let token = fresh.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Self { address, token }
    }

    /// Of the daemon that serves the wallet in a directory, if one does.
    ///
    /// # Errors
    /// There is none, or its file is not what was written.
    pub fn read(home: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let file = std::fs::File::open(home.join(FILE))?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {}
            // It was killed: somebody else may listen where it did.
            Ok(()) => return Err(io::ErrorKind::NotFound.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        io::Read::read_to_end(&mut io::Read::take(file, MAX), &mut bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }

    fn allows(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if !text(HOST).is_some_and(is_loopback) {
            return Err(Problem::Host);
        }
        let shown = text(AUTHORIZATION).and_then(|value| value.split_once(' '));
        let shown = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let right = |token: &str| bool::from(token.as_bytes().ct_eq(self.token.as_bytes()));
        if shown.is_some_and(|(_, token)| right(token.trim())) {
            Ok(())
        } else {
            Err(Problem::Token)
        }
    }

    /// Writes the file, for its owner only.
    pub(crate) fn write(&self, home: &Path) -> io::Result<Written> {
        use std::os::unix::fs::OpenOptionsExt;
        let (path, fresh) = (home.join(FILE), home.join("daemon.json.new"));
        // One with other permissions may have been left there.
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        // As long as the daemon lives, however it ends.
        file.try_lock()?;
        std::fs::rename(&fresh, &path)?;
        Ok(Written { path, _lock: file })
    }
}

/// The file, which goes when the daemon does.
pub(crate) struct Written {
    path: std::path::PathBuf,
    /// Whoever finds the file unlocked knows that its daemon is gone.
    _lock: std::fs::File,
}

impl Drop for Written {
    fn drop(&mut self) {
        // If it stays it names an address at which nobody answers.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Lets a request through that shows the token, and was meant for this address: a page of the web whose
/// name was made to point here has another one.
/// Whoever does not is hung up.
pub(crate) async fn check(
    State(access): State<Access>,
    Extension(seat): Extension<Arc<Seat>>,
    request: Request,
    next: Next,
) -> Response {
    let allowed = access.allows(request.headers());
    match allowed.and_then(|()| if seat.show() { Ok(()) } else { Err(Problem::Busy) }) {
        Ok(()) => next.run(request).await,
        Err(problem) => {
            let mut answer = problem.into_response();
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            answer
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|one| one.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["127.0.0.1:80", "127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:8080", "[::1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "localhost.evil"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
