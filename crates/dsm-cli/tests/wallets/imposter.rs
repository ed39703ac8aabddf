//! Other programs in the place of a daemon, or on the way to one; and a daemon that is gone.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use dsm_engine::Stopwatch;
use serde_json::Value;

use crate::daemon::two;
use crate::stage::Said;

/// Hears what is said at an address until it is dropped.
fn hears(listener: TcpListener) -> impl Fn() -> String {
    listener.set_nonblocking(true).expect("a socket");
    move || {
        let mut heard = String::new();
        while let Ok((mut stream, _)) = listener.accept() {
            heard.push_str("a call: ");
            stream.set_nonblocking(false).expect("a socket");
            stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
            // Whoever called is gone.
            let _ = stream.read_to_string(&mut heard);
        }
        heard
    }
}

#[test]
fn no_proxy_hears_the_token_of_a_daemon() {
    let (stage, _ada, _ben) = two();
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", proxy.local_addr().expect("an address"));
    let mut command = stage.command("ada", &["--json", "balance"]);
    for name in ["ALL_PROXY", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY"] {
        command.env(name, &url);
    }
    let mut asking = command.spawn().expect("the binary");
    for _ in 0..100 {
        if asking.try_wait().expect("a process").is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    let _ = asking.kill();
    let ended = asking.wait().expect("an end");
    assert_eq!(hears(proxy)(), "");
    assert!(ended.success());
}

#[test]
fn who_listens_where_a_daemon_was_killed_is_neither_asked_nor_believed() {
    let (stage, ada, ben) = two();
    let file = stage.path("ada").join("daemon.json");
    drop((ada, ben));
    let left: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("it was killed")).expect("an object");
    let address = left["address"].as_str().expect("an address");
    let heard = hears(TcpListener::bind(address).expect("it is free again"));
    assert_eq!(stage.balance("ada"), 10_000);
    assert_eq!(heard(), "");
}

#[test]
fn who_hears_no_answer_to_a_payment_is_not_told_that_nothing_was_paid() {
    let (stage, ada, _ben) = two();
    // It calls, and nobody says anything.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let link = format!("tcp:{}", silent.local_addr().expect("an address"));
    let mut command = stage.command("ada", &["pay", "ben", "1", "--link", &link]);
    let paying = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary");
    let (called, _) = silent.accept().expect("a call");
    drop(ada);
    let said = Said::of(&paying.wait_with_output().expect("an end"));
    drop(called);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.error.contains("`dsm history` before you pay again"), "{said:?}");
}

#[test]
fn a_daemon_that_says_nothing_is_not_waited_for() {
    let (stage, ada, _ben) = two();
    let signal = |name: &str| {
        let told = Command::new("kill").args([name, &ada.id().to_string()]).status();
        assert!(told.expect("kill").success());
    };
    signal("-STOP");
    let clock = Stopwatch::start();
    let said = stage.run("ada", &["balance"]);
    let took = clock.elapsed();
    signal("-CONT");
    assert!(said.code == Some(1) && said.error.contains("says nothing"), "{said:?}");
    assert!(Duration::from_secs(25) < took && took < Duration::from_secs(50), "{took:?}");
    assert_eq!(stage.balance("ada"), 10_000);
}
