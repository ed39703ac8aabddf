//! `dsm settings`: what this wallet asks of value.

use dsm_core::View;
use dsm_home::Home;
use dsm_report::{Settings, SettingsChange};
use dsm_store::Changes;
use ureq::http::Method;

use crate::output::Output;
use crate::served::Daemon;

pub(crate) fn run(home: &Home, change: &SettingsChange, output: &mut Output) -> anyhow::Result<()> {
    let changes = *change != SettingsChange::default();
    let settings = match Daemon::of(home) {
        Some(daemon) if changes => daemon.ask(&Method::PUT, "/v1/settings", Some(change))?.1,
        Some(daemon) => daemon.get("/v1/settings")?,
        None => {
            let mut wallet = home.read()?;
            let settings = change.made(wallet.books()?.settings().clone());
            if changes {
                let settings = Some(settings.clone());
                wallet.commit(&Changes { settings, ..Changes::default() })?;
            }
            Settings::from(&settings)
        }
    };
    let text = format!(
        "Enough for any amount: class {}.\nIn a weaker class, at most {} base units of a token may \
         rest on any one device.\nThe chips of {} makers count (`dsm anchor maker list`).",
        settings.accept.name(),
        settings.exposed_cap.0,
        settings.makers.len()
    );
    output.say(&text, &settings);
    Ok(())
}
