//! `dsm daemon`: serves programs on this machine.

use std::net::SocketAddr;

use dsm_daemon::{Ready, Setup, document, serve};
use dsm_home::Home;
use serde_json::json;

use crate::headers::{self, Feeds};
use crate::interrupt::Interrupt;
use crate::link::Place;
use crate::output::Output;

pub(crate) fn run(
    home: &Home,
    listen: SocketAddr,
    links: Vec<Place>,
    feeds: &Feeds,
    openapi: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    if openapi {
        return print(&document()?);
    }
    let headers = (!feeds.is_empty()).then(|| headers::opened(home, feeds)).transpose()?;
    let interrupt = Interrupt::new(output, "interrupted")?;
    let opened = home.open_keys()?;
    let path = home.path().join("daemon.json");
    let ready = |Ready { access, links, stop }: Ready| {
        interrupt.does(stop);
        let address = format!("http://{}", access.address);
        let text = format!(
            "programs: {address}, with the token in {}{}",
            path.display(),
            links.iter().map(|link| format!("\nwaiting at {link}")).collect::<String>()
        );
        let object = json!({
            "event": "serving", "address": address, "access": path.display().to_string(),
            "links": links,
        });
        output.say(&text, &object);
    };
    Ok(serve(home, opened, &Setup { listen, links }, headers, ready)?)
}

/// The document as it is checked in, without the number of the format of answers.
fn print(document: &str) -> anyhow::Result<()> {
    use std::io::Write;
    Ok(std::io::stdout().lock().write_all(document.as_bytes())?)
}
