//! Where peers meet, as a person writes it (`spec/links.md`, places).

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use dsm_link::{Link, LinkError, Tag, Traffic};

use crate::lan::{self, LanPlace, Mark, Reach, Salt};
use crate::{Directory, Framed, Medium, Qr, Serial, Show, TcpLink, TcpPlace, Watch};

const BAUD: u32 = 115_200;
/// How often it is looked whether a medium is free.
const LOOK: Duration = Duration::from_millis(20);

/// A link over whatever was chosen.
pub type AnyLink = Box<dyn Link + Send>;
/// Ends a link from another thread.
pub type HangUp = Box<dyn FnOnce() + Send>;

type AnyMedium = Box<dyn Medium + Send>;

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

/// How a wallet deals with a contact at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// They talk, over the secure channel.
    Talk(Place),
    /// Letters answer each other: the place is too slow for a handshake.
    Exchange(Place),
    /// `mail:DIRECTORY`: letters are left there.
    Mail(PathBuf),
}

impl FromStr for Way {
    type Err = NoWay;

    fn from_str(text: &str) -> Result<Self, NoWay> {
        match text.strip_prefix("mail:") {
            Some("") => Err(NoWay),
            Some(directory) => Ok(Self::Mail(PathBuf::from(directory))),
            None => Ok(match text.parse().map_err(|NoPlace| NoWay)? {
                slow @ Place::Qr { .. } => Self::Exchange(slow),
                place => Self::Talk(place),
            }),
        }
    }
}

impl std::fmt::Display for Way {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Talk(place) | Self::Exchange(place) => place.fmt(to),
            Self::Mail(directory) => write!(to, "mail:{}", directory.display()),
        }
    }
}

/// What is no way to a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoWay;

impl std::fmt::Display for NoWay {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{NoPlace}, or mail:DIRECTORY for letters")
    }
}

impl std::error::Error for NoWay {}

impl Place {
    /// The medium, for one conversation; none if the place is one of streams.
    fn medium(&self, tag: Tag) -> Result<Option<AnyMedium>, LinkError> {
        Ok(Some(match self {
            Self::Tcp(_) | Self::Lan(_) => return Ok(None),
            Self::Serial { port, baud } => Box::new(Serial::open(port, *baud)?),
            Self::File(path) => Box::new(Directory::open(path, tag)?),
            Self::Qr { show, watch } => {
                let show = match show {
                    Some(directory) => Show::Pictures(directory.clone()),
                    None => Show::Terminal(Box::new(std::io::stderr())),
                };
                let watch = watch.clone();
                let is_device = !watch.is_dir();
                let watch = if is_device { Watch::Device(watch) } else { Watch::Pictures(watch) };
                Box::new(Qr::open(show, watch, tag)?)
            }
        }))
    }

    /// Calls whoever waits there. The tag is fresh random bytes; the mark is that of the device which
    /// is meant, for a salt, and counts where several may be found.
    ///
    /// # Errors
    /// If nobody answers.
    pub fn call(&self, tag: Tag, mark: &dyn Fn(Salt) -> Mark) -> Result<AnyLink, LinkError> {
        Ok(match (self, self.medium(tag)?) {
            (_, Some(medium)) => Box::new(Framed::call(medium, tag)?),
            (Self::Tcp(address), None) => Box::new(TcpLink::connect(address)?),
            (Self::Lan(reach), None) => Box::new(lan::call(*reach, mark)?),
            (_, None) => return Err(LinkError::Silent),
        })
    }

    /// Waits there for callers. The salt is fresh random bytes; the mark is that of this device.
    ///
    /// # Errors
    /// If the place is not there, or taken.
    pub fn listen(&self, salt: Salt, mark: &dyn Fn(Salt) -> Mark) -> Result<Listener, LinkError> {
        let open = match self {
            Self::Tcp(address) => Open::Tcp(TcpPlace::bind(address)?),
            Self::Lan(reach) => Open::Lan(LanPlace::announce(*reach, salt, mark(salt))?),
            Self::Serial { .. } | Self::File(_) | Self::Qr { .. } => Open::Medium(Arc::default()),
        };
        Ok(Listener { open, place: self.clone() })
    }
}

/// A place at which callers are awaited.
#[derive(Debug)]
pub struct Listener {
    open: Open,
    place: Place,
}

#[derive(Debug)]
enum Open {
    Tcp(TcpPlace),
    Lan(LanPlace),
    /// Carries one conversation at a time, which holds a copy, and is opened anew for each.
    Medium(Arc<()>),
}

impl Listener {
    /// Where to call, if it is not where it was said: a port may have been chosen.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn place(&self) -> Result<Place, LinkError> {
        match &self.open {
            Open::Tcp(place) => Ok(Place::Tcp(place.address()?.to_string())),
            Open::Lan(_) | Open::Medium(_) => Ok(self.place.clone()),
        }
    }

    /// Whether others can call while a link lives. Where they cannot, a link that rests would keep them out.
    #[must_use]
    pub fn takes_several(&self) -> bool {
        !matches!(self.open, Open::Medium(_))
    }

    /// Waits for a caller; gives what hangs up from another thread, too. The tag is fresh random bytes.
    ///
    /// # Errors
    /// If the medium is gone.
    pub fn accept(&self, tag: Tag) -> Result<(AnyLink, HangUp), LinkError> {
        let link = match &self.open {
            Open::Tcp(place) => place.accept()?,
            Open::Lan(place) => place.accept()?,
            Open::Medium(one) => return self.wait(one, tag, &|| true),
        };
        with_hang_up(link)
    }

    /// The same as long as it is to wait, which is asked again and again.
    ///
    /// # Errors
    /// If the medium is gone, or [`LinkError::Silent`] if nobody called.
    pub fn accept_while(
        &self,
        tag: Tag,
        waits: &dyn Fn() -> bool,
    ) -> Result<(AnyLink, HangUp), LinkError> {
        let link = match &self.open {
            Open::Tcp(place) => place.accept_while(waits)?,
            Open::Lan(place) => place.accept_while(waits)?,
            Open::Medium(one) => return self.wait(one, tag, waits),
        };
        with_hang_up(link)
    }

    fn wait(
        &self,
        one: &Arc<()>,
        tag: Tag,
        waits: &dyn Fn() -> bool,
    ) -> Result<(AnyLink, HangUp), LinkError> {
        while Arc::strong_count(one) > 1 {
            if !waits() {
                return Err(LinkError::Silent);
            }
            std::thread::sleep(LOOK);
        }
        let medium = self.place.medium(tag)?.ok_or(LinkError::Silent)?;
        let link = Framed::wait_while(medium, tag, waits)?;
        let hang_up = link.hang_up();
        Ok((Box::new(Only { link, _one: Arc::clone(one) }), Box::new(hang_up)))
    }
}

fn with_hang_up(link: TcpLink) -> Result<(AnyLink, HangUp), LinkError> {
    let hang_up = link.hang_up()?;
    Ok((Box::new(link), Box::new(hang_up)))
}

/// The only link over its medium as long as it lives.
struct Only {
    link: Framed<AnyMedium>,
    _one: Arc<()>,
}

impl Link for Only {
    fn send(&mut self, message: &[u8]) -> Result<(), LinkError> {
        self.link.send(message)
    }

    fn receive(&mut self, most: usize) -> Result<Option<Vec<u8>>, LinkError> {
        self.link.receive(most)
    }

    fn traffic(&self) -> Traffic {
        self.link.traffic()
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
