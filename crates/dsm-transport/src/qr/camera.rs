//! Watches a video device by Debian's `zbarcam`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dsm_link::LinkError;

/// The most frames that wait to be taken; later ones are lost, and come again.
const WAITING: usize = 64;
/// The most bytes of a line of what it prints: a code of 3 kB in base 64, and what is around.
const LINE: u64 = 8192;
const BEGINS: &str = "<![CDATA[";
const ENDS: &str = "]]>";

/// A video device that is watched.
#[derive(Debug)]
pub(crate) struct Camera {
    child: Child,
    frames: Receiver<Vec<u8>>,
}

impl Camera {
    pub(crate) fn open(device: &Path) -> Result<Self, LinkError> {
        // Its other forms have nothing between two codes that are not text.
        let mut child = Command::new("zbarcam")
            .args(["-q", "--nodbus", "--nodisplay", "--xml"])
            .args(["-Sdisable", "-Sqrcode.enable", "-Sqrcode.binary"])
            .arg(device)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(LinkError::medium)?;
        let (to, frames) = sync_channel(WAITING);
        if let Some(output) = child.stdout.take() {
            std::thread::spawn(move || watch(output, &to));
        }
        Ok(Self { child, frames })
    }

    pub(crate) fn take(&mut self, wait: Duration) -> Result<Option<Vec<u8>>, LinkError> {
        match self.frames.recv_timeout(wait) {
            Ok(frame) => Ok(Some(frame)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(LinkError::medium(std::io::Error::other("zbarcam has ended")))
            }
        }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hands out the frames in what is printed, until it ends.
pub(crate) fn watch(output: impl Read, to: &SyncSender<Vec<u8>>) {
    let mut output = BufReader::new(output);
    let (mut line, mut data) = (Vec::new(), None::<String>);
    while let Ok(1..) = output.by_ref().take(LINE).read_until(b'\n', &mut line) {
        let text = String::from_utf8_lossy(&line);
        let mut rest = text.trim();
        if let Some((before, begun)) = rest.split_once(BEGINS) {
            data = before.contains("format='base64'").then(String::new);
            rest = begun;
        }
        if let Some(held) = &mut data {
            held.push_str(rest.split(ENDS).next().unwrap_or_default());
            if held.len() as u64 > LINE || rest.contains(ENDS) {
                // Who is too slow loses frames.
                let _ = STANDARD.decode(held).map(|frame| to.try_send(frame));
                data = None;
            }
        }
        line.clear();
    }
}
