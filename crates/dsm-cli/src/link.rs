//! Where peers meet, as written on the command line, and how a wallet calls and waits there.

use dsm_crypto::{Domain, hash};
use dsm_home::fresh;
use dsm_log::DeviceId;
pub(crate) use dsm_transport::{AnyLink, Place};
use dsm_transport::{HangUp, Listener, Mark, Salt};
use serde_json::json;

use crate::output::Output;

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

    /// The next caller, and what hangs up on it from another thread.
    pub(crate) fn accept(&self) -> anyhow::Result<(AnyLink, HangUp)> {
        Ok(self.0.accept(fresh()?)?)
    }
}
