//! Where peers meet, as a person writes it (`spec/links.md`, places).

use std::path::{Path, PathBuf};
use std::str::FromStr;

use dsm_link::{Link, LinkError, Tag};

use crate::lan::{self, LanPlace, Mark, Reach, Salt};
use crate::{Directory, Framed, Qr, Serial, Show, TcpLink, TcpPlace, Watch};

const BAUD: u32 = 115_200;

/// A link over whatever was chosen.
pub type AnyLink = Box<dyn Link + Send>;

/// A place to wait at or to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `tcp:HOST:PORT`.
    Tcp(String),
    /// `lan`: whoever is meant is found on the same network.
    Lan(Reach),
    /// `serial:/dev/ttyX` or `serial:/dev/ttyX:BAUD`.
    Serial {
        /// The port.
        port: PathBuf,
        /// Its speed.
        baud: u32,
    },
    /// `file:DIRECTORY`.
    File(PathBuf),
    /// `qr:SHOW,WATCH`: a directory for pictures or `-` for the terminal, and a directory of pictures
    /// or a video device.
    Qr {
        /// The directory to which pictures go; none for the terminal.
        show: Option<PathBuf>,
        /// The directory or the device that is watched.
        watch: PathBuf,
    },
}

/// What is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl std::fmt::Display for NoPlace {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(
            "write tcp:HOST:PORT, lan, serial:/dev/ttyX[:BAUD], file:DIRECTORY, or \
             qr:SHOW,WATCH with a directory or - to show and a directory or /dev/videoX to watch",
        )
    }
}

impl std::error::Error for NoPlace {}

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let path =
            |text: &str| if text.is_empty() { Err(NoPlace) } else { Ok(PathBuf::from(text)) };
        match kind {
            "tcp" => {
                let (host, port) = rest.rsplit_once(':').ok_or(NoPlace)?;
                let good = !host.is_empty() && port.parse::<u16>().is_ok();
                if good { Ok(Self::Tcp(rest.to_owned())) } else { Err(NoPlace) }
            }
            "lan" if text == "lan" => Ok(Self::Lan(Reach::Network)),
            "lan" if rest == "loopback" => Ok(Self::Lan(Reach::Loopback)),
            "serial" => {
                let speed = rest.rsplit_once(':').map(|(port, baud)| (port, baud.parse()));
                let (port, baud) = match speed {
                    Some((port, Ok(baud @ 1..))) => (port, baud),
                    Some(_) => return Err(NoPlace),
                    None => (rest, BAUD),
                };
                Ok(Self::Serial { port: path(port)?, baud })
            }
            "file" => Ok(Self::File(path(rest)?)),
            "qr" => {
                let (show, watch) = rest.split_once(',').ok_or(NoPlace)?;
                let show = if show == "-" { None } else { Some(path(show)?) };
                Ok(Self::Qr { show, watch: path(watch)? })
            }
            _ => Err(NoPlace),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(to, "tcp:{address}"),
            Self::Lan(Reach::Network) => to.write_str("lan"),
            Self::Lan(Reach::Loopback) => to.write_str("lan:loopback"),
            Self::Serial { port, baud } => write!(to, "serial:{}:{baud}", port.display()),
            Self::File(path) => write!(to, "file:{}", path.display()),
            Self::Qr { show, watch } => match show {
                Some(show) => write!(to, "qr:{},{}", show.display(), watch.display()),
                None => write!(to, "qr:-,{}", watch.display()),
            },
        }
    }
}

/// Opens the pictures of one conversation.
fn pictures(show: Option<&Path>, watch: &Path, tag: Tag) -> Result<Qr, LinkError> {
    let show = match show {
        Some(directory) => Show::Pictures(directory.into()),
        None => Show::Terminal(Box::new(std::io::stderr())),
    };
    let watch =
        if watch.is_dir() { Watch::Pictures(watch.into()) } else { Watch::Device(watch.into()) };
    Qr::open(show, watch, tag)
}

impl Place {
    /// Calls whoever waits there. The tag is fresh random bytes; the mark is that of the device which
    /// is meant, for a salt, and counts where several may be found.
    ///
    /// # Errors
    /// If nobody answers.
    pub fn call(&self, tag: Tag, mark: &dyn Fn(Salt) -> Mark) -> Result<AnyLink, LinkError> {
        Ok(match self {
            Self::Tcp(address) => Box::new(TcpLink::connect(address)?),
            Self::Lan(reach) => Box::new(lan::call(*reach, mark)?),
            Self::Serial { port, baud } => Box::new(Framed::call(Serial::open(port, *baud)?, tag)?),
            Self::File(path) => Box::new(Framed::call(Directory::open(path, tag)?, tag)?),
            Self::Qr { show, watch } => {
                Box::new(Framed::call(pictures(show.as_deref(), watch, tag)?, tag)?)
            }
        })
    }

    /// Waits there for callers. The salt is fresh random bytes; the mark is that of this device.
    ///
    /// # Errors
    /// If the place is not there, or taken.
    pub fn listen(&self, salt: Salt, mark: &dyn Fn(Salt) -> Mark) -> Result<Listener, LinkError> {
        Ok(Listener(match self {
            Self::Tcp(address) => Open::Tcp(TcpPlace::bind(address)?),
            Self::Lan(reach) => {
                Open::Lan(LanPlace::announce(*reach, salt, mark(salt))?, self.clone())
            }
            Self::Serial { .. } | Self::File(_) | Self::Qr { .. } => Open::Each(self.clone()),
        }))
    }
}

/// A place at which callers are awaited.
#[derive(Debug)]
pub struct Listener(Open);

#[derive(Debug)]
enum Open {
    Tcp(TcpPlace),
    Lan(LanPlace, Place),
    /// A medium that carries one conversation at a time, opened anew for each.
    Each(Place),
}

impl Listener {
    /// Where to call, if it is not where it was said: a port may have been chosen.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn place(&self) -> Result<Place, LinkError> {
        Ok(match &self.0 {
            Open::Tcp(place) => Place::Tcp(place.address()?.to_string()),
            Open::Lan(_, place) | Open::Each(place) => place.clone(),
        })
    }

    /// Waits for a caller. The tag is fresh random bytes.
    ///
    /// # Errors
    /// If the medium is gone.
    pub fn accept(&self, tag: Tag) -> Result<AnyLink, LinkError> {
        Ok(match &self.0 {
            Open::Tcp(place) => Box::new(place.accept()?),
            Open::Lan(place, _) => Box::new(place.accept()?),
            Open::Each(Place::Serial { port, baud }) => {
                Box::new(Framed::wait(Serial::open(port, *baud)?, tag, None)?)
            }
            Open::Each(Place::File(path)) => {
                Box::new(Framed::wait(Directory::open(path, tag)?, tag, None)?)
            }
            Open::Each(Place::Qr { show, watch }) => {
                Box::new(Framed::wait(pictures(show.as_deref(), watch, tag)?, tag, None)?)
            }
            Open::Each(Place::Tcp(_) | Place::Lan(_)) => return Err(LinkError::Silent),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        for text in [
            "tcp:127.0.0.1:0",
            "tcp:[::1]:80",
            "tcp:host.example:65535",
            "lan",
            "lan:loopback",
            "serial:/dev/ttyUSB0:9600",
            "file:/media/stick",
            "qr:/tmp/a,/tmp/b",
            "qr:-,/dev/video0",
        ] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        let serial = "serial:/dev/ttyS0".parse::<Place>().unwrap();
        assert_eq!(serial.to_string(), "serial:/dev/ttyS0:115200");
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for text in [
            "",
            "tcp",
            "tcp:",
            "tcp:80",
            "tcp::80",
            "tcp:host:70000",
            "lan:",
            "lan:x",
            "serial:",
            "serial:/dev/x:0",
            "serial:/dev/x:fast",
            "file:",
            "qr:",
            "qr:a",
            "qr:,b",
            "qr:a,",
            "ble",
        ] {
            assert_eq!(text.parse::<Place>(), Err(NoPlace), "{text}");
        }
    }
}
