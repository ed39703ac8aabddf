//! `dsm settings`: what this wallet asks of value.

use clap::ValueEnum;
use dsm_core::{FinalityClass, View};
use dsm_home::Home;
use dsm_report::{self as report, Units};
use dsm_store::Changes;
use serde_json::json;
use ureq::http::Method;

use crate::output::Output;
use crate::served::Daemon;

/// A finality class on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Class {
    /// Nothing prevents a second spend; a cheat leaves evidence.
    Exposed,
    /// Chips that cannot go back, at every hop.
    Anchored,
    /// Certificates of slot sets for every hop.
    Registered,
}

impl From<Class> for FinalityClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Exposed => Self::Exposed,
            Class::Anchored => Self::Anchored,
            Class::Registered => Self::Registered,
        }
    }
}

pub(crate) fn run(
    home: &Home,
    accept: Option<Class>,
    exposed_cap: Option<u64>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let settings = match Daemon::of(home) {
        Some(daemon) if accept.is_none() && exposed_cap.is_none() => daemon.get("/v1/settings")?,
        Some(daemon) => {
            let accept = accept.map(|class| report::Class::from(FinalityClass::from(class)));
            let body = json!({ "accept": accept, "exposed_cap": exposed_cap.map(Units) });
            daemon.ask(&Method::PUT, "/v1/settings", Some(&body))?.1
        }
        None => set(home, accept, exposed_cap)?,
    };
    let text = format!(
        "Enough for any amount: class {}.\nIn a weaker class, at most {} base units of a token may \
         rest on any one device.",
        settings.accept.name(),
        settings.exposed_cap.0
    );
    output.say(&text, &settings);
    Ok(())
}

fn set(
    home: &Home,
    accept: Option<Class>,
    exposed_cap: Option<u64>,
) -> anyhow::Result<report::Settings> {
    let mut wallet = home.read()?;
    let mut settings = wallet.books()?.settings().clone();
    if accept.is_some() || exposed_cap.is_some() {
        settings.enough = accept.map_or(settings.enough, FinalityClass::from);
        settings.exposed_cap = exposed_cap.unwrap_or(settings.exposed_cap);
        wallet.commit(&Changes { settings: Some(settings.clone()), ..Changes::default() })?;
    }
    Ok(report::Settings::from(&settings))
}
