//! Finding a peer on the same network by multicast DNS (`spec/links.md`, LAN).
//!
//! Always true: what is announced is fresh in every announcement and tells a stranger nothing: a salt,
//! and a tag that only who knows the device can compute from it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use dsm_link::LinkError;
use mdns_sd::{IfKind, ServiceDaemon, ServiceEvent, ServiceInfo};

use crate::clock::Stopwatch;
use crate::tcp::{TcpLink, TcpPlace};

/// Fresh bytes of an announcement.
pub type Salt = [u8; 8];
/// What proves, to who knows a device, that it is meant: a keyed hash of a salt.
pub type Mark = [u8; 8];

const SERVICE: &str = "_dsm._tcp.local.";
/// How long a peer is looked for.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most announcements that are tried, so that a flood of them ends.
const TRIED: usize = 64;

/// Which network: all that this machine is on, or itself only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Every network.
    Network,
    /// The loopback interface, for tests.
    Loopback,
}

fn daemon(reach: Reach) -> Result<ServiceDaemon, LinkError> {
    let daemon = ServiceDaemon::new().map_err(LinkError::medium)?;
    if reach == Reach::Loopback {
        let only = daemon.disable_interface(IfKind::All);
        let only = only.and_then(|()| daemon.enable_interface(IfKind::LoopbackV4));
        only.map_err(LinkError::medium)?;
    }
    Ok(daemon)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn eight(text: &str) -> Option<[u8; 8]> {
    let number = u64::from_str_radix(text, 16).ok().filter(|_| text.len() == 16)?;
    Some(number.to_be_bytes())
}

/// A place at which peers may call, announced on the network.
pub struct LanPlace {
    tcp: TcpPlace,
    daemon: ServiceDaemon,
    name: String,
}

impl std::fmt::Debug for LanPlace {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "LanPlace({})", self.name)
    }
}

impl LanPlace {
    /// Listens and announces itself under a fresh salt, with the mark of this device for it.
    ///
    /// # Errors
    /// If there is no network.
    pub fn announce(reach: Reach, salt: Salt, mark: Mark) -> Result<Self, LinkError> {
        let here = match reach {
            Reach::Network => Ipv4Addr::UNSPECIFIED,
            Reach::Loopback => Ipv4Addr::LOCALHOST,
        };
        let tcp = TcpPlace::bind(SocketAddr::from((here, 0)))?;
        let daemon = daemon(reach)?;
        let salt = hex(&salt);
        let about = [("s", salt.clone()), ("t", hex(&mark))];
        let host = format!("{salt}.local.");
        let port = tcp.address()?.port();
        let addresses: &[IpAddr] = match reach {
            Reach::Network => &[],
            Reach::Loopback => &[IpAddr::V4(Ipv4Addr::LOCALHOST)],
        };
        let service = ServiceInfo::new(SERVICE, &salt, &host, addresses, port, &about[..]);
        let mut service = service.map_err(LinkError::medium)?;
        if reach == Reach::Network {
            service = service.enable_addr_auto();
        }
        let name = service.get_fullname().to_owned();
        daemon.register(service).map_err(LinkError::medium)?;
        Ok(Self { tcp, daemon, name })
    }

    /// Waits for a caller.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn accept(&self) -> Result<TcpLink, LinkError> {
        self.tcp.accept()
    }

    /// The same as long as it is to wait, which is asked again and again.
    ///
    /// # Errors
    /// [`LinkError::Silent`] if nobody called; what the operating system says.
    pub fn accept_while(&self, waits: &dyn Fn() -> bool) -> Result<TcpLink, LinkError> {
        self.tcp.accept_while(waits)
    }
}

impl Drop for LanPlace {
    fn drop(&mut self) {
        if let Ok(done) = self.daemon.unregister(&self.name) {
            let _ = done.recv_timeout(Duration::from_secs(1));
        }
        let _ = self.daemon.shutdown();
    }
}

/// Looks for the device whose mark the function gives for a salt, and calls it.
///
/// # Errors
/// If it is not found, or does not answer.
pub fn call(reach: Reach, mark: &dyn Fn(Salt) -> Mark) -> Result<TcpLink, LinkError> {
    let daemon = daemon(reach)?;
    let found = daemon.browse(SERVICE).map_err(LinkError::medium)?;
    let clock = Stopwatch::start();
    let mut tried = BTreeSet::new();
    let mut last = LinkError::Silent;
    let link = loop {
        let rest = PATIENCE.saturating_sub(clock.elapsed());
        let Ok(event) = found.recv_timeout(rest) else { break Err(last) };
        let ServiceEvent::ServiceResolved(service) = event else { continue };
        let eight = |name| service.get_property_val_str(name).and_then(eight);
        let (Some(salt), Some(told)) = (eight("s"), eight("t")) else { continue };
        if mark(salt) != told {
            continue;
        }
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in service.get_addresses() {
            addresses.push(SocketAddr::new(address.to_ip_addr(), service.get_port()));
        }
        addresses.retain(|address| tried.len() < TRIED && tried.insert(*address));
        if addresses.is_empty() {
            continue;
        }
        match TcpLink::connect(&addresses[..]) {
            Ok(link) => break Ok(link),
            Err(error) => last = error,
        }
    };
    let _ = daemon.shutdown();
    link
}

#[cfg(test)]
mod tests {
    use dsm_link::Link;

    use super::*;

    fn mark(device: u8) -> impl Fn(Salt) -> Mark {
        move |salt| salt.map(|byte| byte ^ device)
    }

    #[test]
    fn who_knows_a_device_finds_it_among_others() {
        let salts = [[1; 8], [2; 8]];
        let other = LanPlace::announce(Reach::Loopback, salts[0], mark(8)(salts[0])).unwrap();
        let place = LanPlace::announce(Reach::Loopback, salts[1], mark(9)(salts[1])).unwrap();
        let caller = std::thread::spawn(|| {
            let mut link = call(Reach::Loopback, &mark(9)).unwrap();
            link.send(b"found").unwrap();
            link.receive(10)
        });
        let mut link = place.accept().unwrap();
        assert_eq!(link.receive(10).unwrap().unwrap(), b"found");
        drop(link);
        assert!(caller.join().unwrap().unwrap().is_none());
        drop(other);
    }

    #[test]
    fn announcements_are_read_as_they_are_written_and_nothing_else() {
        assert_eq!(eight(&hex(&[0, 1, 2, 250, 4, 5, 6, 7])), Some([0, 1, 2, 250, 4, 5, 6, 7]));
        for wrong in ["", "00", "000102030405060g", "00010203040506070"] {
            assert_eq!(eight(wrong), None);
        }
    }
}
