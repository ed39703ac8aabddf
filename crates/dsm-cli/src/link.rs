//! Where peers meet or leave letters, as written on the command line, and how a wallet calls and waits
//! there.

use std::path::PathBuf;
use std::str::FromStr;

use dsm_crypto::{Domain, hash};
use dsm_home::fresh;
use dsm_log::DeviceId;
pub(crate) use dsm_transport::{AnyLink, Place};
use dsm_transport::{HangUp, Listener, Mark, NoPlace, Salt};
use serde_json::json;

use crate::output::Output;

/// How a wallet deals with a contact there.
#[derive(Clone, Debug)]
pub(crate) enum Way {
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

/// What is no way to a contact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoWay;

impl std::fmt::Display for NoWay {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{NoPlace}, or mail:DIRECTORY for letters")
    }
}

impl std::error::Error for NoWay {}

/// What a device's announcement on a network says to who knows it; with no device, what anybody's says
/// who waits for a first meeting.
fn mark(device: Option<&DeviceId>, salt: Salt) -> Mark {
    let hash = hash(Domain::Mark, &(salt, device.map(|device| device.0)));
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Calls a device, or anybody who waits for a first meeting; `waits` is what the other side runs.
pub(crate) fn call(
    place: &Place,
    device: Option<&DeviceId>,
    waits: &str,
) -> anyhow::Result<AnyLink> {
    let link = place.call(fresh()?, &|salt| mark(device, salt));
    link.map_err(|error| {
        let text = format!("nobody answers at {place}; the other side runs `{waits}`");
        anyhow::Error::new(error).context(text)
    })
}

/// Whether nothing is drawn in the terminal to meet there.
pub(crate) fn is_quiet(place: &Place) -> bool {
    !matches!(place, Place::Qr { show: None, .. })
}

/// A place at which this wallet waits.
pub(crate) struct Waiting(Listener);

impl Waiting {
    /// Waits as a device, or as anybody for a first meeting, and says where.
    pub(crate) fn at(
        place: &Place,
        device: Option<&DeviceId>,
        output: &mut Output,
    ) -> anyhow::Result<Self> {
        let listener = place.listen(fresh()?, &|salt| mark(device, salt))?;
        let place = listener.place()?.to_string();
        let text = format!("waiting at {place}");
        output.note(&text, &json!({ "event": "waiting", "link": place }));
        Ok(Self(listener))
    }

    /// Whether others can call while a link lives.
    pub(crate) fn takes_several(&self) -> bool {
        self.0.takes_several()
    }

    /// The next caller, and what hangs up on it from another thread.
    pub(crate) fn accept(&self) -> anyhow::Result<(AnyLink, HangUp)> {
        Ok(self.0.accept(fresh()?)?)
    }
}
