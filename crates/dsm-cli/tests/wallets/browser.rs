//! A real browser, told what to do over two pipes in the DevTools protocol.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// It ends by itself if a test hangs.
const START: &str = "exec timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --disable-background-networking --disable-component-update --disable-sync --no-first-run \
    --remote-debugging-pipe --user-data-dir=\"$3\" about:blank 3<\"$1\" 4>\"$2\" >/dev/null 2>&1";

pub(crate) struct Browser {
    process: Child,
    to: File,
    from: BufReader<File>,
    last: u64,
    session: Option<String>,
    /// What it reported and nobody waited for.
    pub(crate) seen: Vec<Value>,
}

impl Browser {
    /// One with an empty tab and a profile of its own.
    pub(crate) fn start(directory: &Path) -> Self {
        let (to, from) = (directory.join("to"), directory.join("from"));
        let made = Command::new("mkfifo").args([&to, &from]).status().expect("mkfifo");
        assert!(made.success());
        let mut shell = Command::new("sh");
        shell.args(["-c", START, "sh"]).args([&to, &from]).arg(directory.join("profile"));
        let process = shell.stdin(Stdio::null()).spawn().expect("a shell");
        let to = OpenOptions::new().write(true).open(&to).expect("a pipe");
        let from = BufReader::new(File::open(&from).expect("a pipe"));
        let mut browser = Self { process, to, from, last: 0, session: None, seen: Vec::new() };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", target);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    fn read(&mut self) -> Value {
        let mut said = Vec::new();
        self.from.read_until(0, &mut said).expect("a pipe");
        assert_eq!(said.pop(), Some(0), "the browser ended; is chromium installed?");
        serde_json::from_slice(&said).expect("JSON")
    }

    /// Calls a method and waits for its result.
    pub(crate) fn call(&mut self, method: &str, words: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": words });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("a pipe");
        loop {
            let mut said = self.read();
            if said["id"] == self.last {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].take();
            }
            self.seen.push(said);
        }
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&mut self, url: &str) {
        self.seen.clear();
        self.call("Page.navigate", json!({ "url": url }));
        while !self.seen.iter().any(|one| one["method"] == "Page.loadEventFired") {
            let said = self.read();
            self.seen.push(said);
        }
    }

    /// What was reported under a name.
    pub(crate) fn reported(&self, method: &str) -> Vec<Value> {
        self.seen.iter().filter(|one| one["method"] == method).cloned().collect()
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let words =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut said = self.call("Runtime.evaluate", words);
        assert!(said["exceptionDetails"].is_null(), "{expression}: {said}");
        said["result"]["value"].take()
    }

    /// Presses and lets go of a key.
    pub(crate) fn press(&mut self, key: &str, number: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let words =
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": number });
            self.call("Input.dispatchKeyEvent", words);
        }
    }

    /// Clicks into the middle of an element.
    pub(crate) fn click(&mut self, selector: &str) {
        let middle = format!(
            "(() => {{ const one = document.querySelector('{selector}'); one.scrollIntoView(); \
             const box = one.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let middle = self.value(&middle);
        for kind in ["mousePressed", "mouseReleased"] {
            let words = json!({
                "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", words);
        }
    }

    /// What it shows, as a file in the PNG format.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let said = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
        for one in said["data"].as_str().expect("base64").bytes().filter(|one| *one != b'=') {
            let six = match one {
                b'A'..=b'Z' => one - b'A',
                b'a'..=b'z' => one - b'a' + 26,
                b'0'..=b'9' => one - b'0' + 52,
                b'+' => 62,
                _ => 63,
            };
            bits = (bits << 6 | u32::from(six)) & 0xffff;
            held += 6;
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from(bits >> held & 0xff).expect("eight bits"));
            }
        }
        bytes
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
    }
}
