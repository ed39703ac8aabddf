//! Where peers meet or leave letters, as written on the command line, and how a wallet calls and waits
//! there.

use std::path::absolute;

use dsm_engine::mark;
use dsm_home::fresh;
use dsm_log::DeviceId;
pub(crate) use dsm_transport::{AnyLink, Place, Way};
use dsm_transport::{HangUp, Listener};
use serde_json::json;

use crate::output::Output;

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

/// What it is called for a process that runs in another directory.
pub(crate) fn from_anywhere(way: &Way) -> anyhow::Result<String> {
    let way = match way {
        Way::Mail(directory) => Way::Mail(absolute(directory)?),
        Way::Talk(Place::File(directory)) => Way::Talk(Place::File(absolute(directory)?)),
        Way::Talk(Place::Serial { port, baud }) => {
            Way::Talk(Place::Serial { port: absolute(port)?, baud: *baud })
        }
        other => other.clone(),
    };
    Ok(way.to_string())
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
