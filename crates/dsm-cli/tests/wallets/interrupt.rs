//! Ctrl-C at the real binary, while the other side says nothing any more.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use dsm_engine::Stopwatch;

use crate::stage::Stage;

/// Longer than a command may take to end, and shorter than any link is patient.
pub(crate) const SOON: Duration = Duration::from_secs(15);
/// The payer's bytes until it said Hello: after its part of the handshake.
const HELLO: u64 = 3_600;
/// The payer's bytes until it sent the payment.
pub(crate) const PAID: u64 = HELLO + 2_500;

/// Somebody presses Ctrl-C; what the process said, and how long it took to end.
pub(crate) fn press(process: Child) -> (Output, Duration) {
    let start = Stopwatch::start();
    let pressed = Command::new("kill").args(["-INT", &process.id().to_string()]).status();
    assert!(pressed.expect("the command").success());
    (process.wait_with_output().expect("its end"), start.elapsed())
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A line in the middle, on which nothing comes back once the caller said so much. Says where it is,
/// and tells when.
pub(crate) fn silent_after(most: u64, to: &str) -> (String, Receiver<()>) {
    let place = TcpListener::bind("127.0.0.1:0").expect("a port");
    let here = format!("tcp:{}", place.local_addr().expect("an address"));
    let to = to.strip_prefix("tcp:").expect("an address").to_owned();
    let (tell, told) = channel();
    thread::spawn(move || {
        let (caller, _) = place.accept().expect("a call");
        let called = TcpStream::connect(to).expect("a call");
        pass(caller, called, most, tell);
    });
    (here, told)
}

fn pass(mut caller: TcpStream, mut called: TcpStream, most: u64, tell: Sender<()>) {
    let said = Arc::new(AtomicU64::new(0));
    let heard = Arc::clone(&said);
    let (mut back, mut answers) = (caller.try_clone(), called.try_clone());
    thread::spawn(move || {
        let (Ok(back), Ok(answers)) = (&mut back, &mut answers) else { return };
        let mut piece = [0; 1 << 12];
        while let Ok(count @ 1..) = answers.read(&mut piece) {
            if heard.load(Ordering::SeqCst) <= most {
                let _ = back.write_all(&piece[..count]);
            }
        }
    });
    let mut piece = [0; 1 << 12];
    while let Ok(count @ 1..) = caller.read(&mut piece) {
        let before = said.fetch_add(count as u64, Ordering::SeqCst);
        if before + count as u64 > most && before <= most {
            let _ = tell.send(());
        }
        // The called side hears all of it.
        let _ = called.write_all(&piece[..count]);
    }
    let _ = called.shutdown(Shutdown::Both);
}

pub(crate) fn pays(stage: &Stage, link: &str) -> Child {
    let mut pay = stage.command("ada", &["pay", "ben", "1", "--link", link]);
    pay.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary")
}

#[test]
fn a_payer_who_gives_up_before_it_is_bound_pays_nothing() {
    let stage = Stage::rich(&["ada", "ben"]);
    // Once nobody answers at all, once nobody goes on after Hello.
    let deaf = TcpListener::bind("127.0.0.1:0").expect("a port");
    let deaf = format!("tcp:{}", deaf.local_addr().expect("an address"));
    let mut waiting = stage.wait("ben", &[]);
    let (broken, told) = silent_after(HELLO, &waiting.link);
    for (link, told) in [(deaf, None), (broken, Some(told))] {
        let pay = pays(&stage, &link);
        if let Some(told) = told {
            told.recv_timeout(SOON).expect("it says Hello");
        }
        thread::sleep(Duration::from_millis(500));
        let (output, time) = press(pay);
        assert!(!output.status.success() && time < SOON, "{output:?} after {time:?}");
        assert!(error(&output).contains("nothing was paid"), "{output:?}");
        assert_eq!(stage.balance("ada"), 10_000);
    }
    let _ = waiting.process.kill();
    let _ = waiting.process.wait();
}

#[test]
fn a_payer_who_gives_up_when_it_is_bound_is_told_and_pays_at_the_next_meeting() {
    let stage = Stage::rich(&["ada", "ben"]);
    let waiting = stage.wait("ben", &[]);
    let (link, told) = silent_after(PAID, &waiting.link);
    let pay = pays(&stage, &link);
    told.recv_timeout(SOON).expect("it pays");
    thread::sleep(Duration::from_millis(500));
    let (output, time) = press(pay);
    assert!(!output.status.success() && time < SOON, "{output:?} after {time:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("too late to cancel"), "{output:?}");
    assert!(error(&output).contains("delivered when you meet again"), "{output:?}");
    assert!(waiting.end().code.is_some());
    let (one, other) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:?} {other:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_900, 100));
}

#[test]
fn whoever_waits_for_callers_may_stop_at_any_time() {
    let stage = Stage::rich(&["ada", "ben"]);
    // Alone, and while somebody called who says nothing more.
    for calls in [false, true] {
        let waiting = stage.wait("ben", &["--times", "2"]);
        let (link, told) = silent_after(HELLO, &waiting.link);
        let mut pay = calls.then(|| pays(&stage, &link));
        if calls {
            told.recv_timeout(SOON).expect("it says Hello");
            thread::sleep(Duration::from_millis(500));
        }
        let start = Stopwatch::start();
        let pid = waiting.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("a command").success());
        let said = waiting.end();
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        assert!(said.code.is_some_and(|code| code != 0), "{said:?}");
        let why = said.event("error").expect("an error");
        assert!(why["error"].as_str().is_some_and(|why| why.starts_with("interrupted")), "{why}");
        assert_eq!(said.event("hello").is_some(), calls, "{said:?}");
        if let Some(pay) = &mut pay {
            let _ = pay.kill();
            let _ = pay.wait();
        }
    }
    assert_eq!(stage.balance("ada"), 10_000);
}
