//! Connections of programs that do not know the token.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use dsm_engine::Stopwatch;

use crate::daemon::two;

/// How many strangers there are: more than places for them.
const STRANGERS: usize = 300;
/// How long the slowest answer may take beside them.
const MOST: Duration = Duration::from_secs(2);

/// Comes again as soon as it is hung up: silent, in the middle of a word, or asking without the token.
fn stranger(to: SocketAddr, kind: usize, ends: &AtomicBool, visits: &AtomicUsize) {
    let said = match kind % 3 {
        0 => "",
        1 => "GET /v1/wal",
        _ => "GET /v1/wallet HTTP/1.1\r\nHost: localhost\r\n\r\n",
    };
    while !ends.load(Ordering::Relaxed) {
        if let Ok(mut stream) = TcpStream::connect(to) {
            visits.fetch_add(1, Ordering::Relaxed);
            let _ = stream.write_all(said.as_bytes());
            let _ = stream.read_to_end(&mut Vec::new());
        }
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn strangers_keep_out_nobody_who_has_the_token() {
    let (_stage, ada, _ben) = two();
    let (ends, visits) = (AtomicBool::new(false), AtomicUsize::new(0));
    let slowest = thread::scope(|scope| {
        for kind in 0..STRANGERS {
            let (to, ends, visits) = (ada.address(), &ends, &visits);
            scope.spawn(move || stranger(to, kind, ends, visits));
        }
        while visits.load(Ordering::Relaxed) < STRANGERS {
            thread::sleep(Duration::from_millis(10));
        }
        let answer = |_| {
            let clock = Stopwatch::start();
            assert_eq!(ada.units(), 10_000);
            clock.elapsed()
        };
        let slowest = (0..50).map(answer).max();
        ends.store(true, Ordering::Relaxed);
        slowest
    });
    let slowest = slowest.expect("answers");
    assert!(slowest < MOST, "{slowest:?}, beside {visits:?} visits");
}

#[test]
fn who_does_not_show_the_token_is_hung_up_and_who_did_stays() {
    let (_stage, ada, _ben) = two();
    let clock = Stopwatch::start();
    let until_hung_up = |mut stream: TcpStream| {
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        (String::from_utf8(heard).expect("text"), clock.elapsed())
    };
    let other = ada.raw(b"GET /v1/wallet HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (heard, took) = until_hung_up(other);
    assert!(heard.starts_with("HTTP/1.1 401") && took < Duration::from_secs(1), "{heard} {took:?}");
    let mut known = ada.raw(b"");
    let ask = ada.head("GET", "/v1/settings").replace("Connection: close\r\n", "\r\n");
    let mut asked = || {
        known.write_all(ask.as_bytes()).expect("it is there");
        let mut heard = [0; 12];
        known.read_exact(&mut heard).expect("an answer");
        assert_eq!(&heard, b"HTTP/1.1 200");
        let mut rest = vec![0; 1 << 12];
        while !rest.contains(&b'}') {
            let _ = known.read(&mut rest).expect("its body");
        }
    };
    asked();
    for said in [&b""[..], b"GET /v1/wal"] {
        let before = clock.elapsed();
        let (heard, after) = until_hung_up(ada.raw(said));
        let took = after.saturating_sub(before);
        let right = Duration::from_secs(1)..Duration::from_secs(8);
        assert!(heard.is_empty() && right.contains(&took), "{heard} {took:?}");
    }
    asked();
}

#[test]
fn more_connections_than_there_are_places_for_are_told_so() {
    let (_stage, ada, _ben) = two();
    let ask = ada.head("GET", "/v1/wallet").replace("Connection: close\r\n", "\r\n");
    let mut answers = Vec::new();
    let held: Vec<TcpStream> = (0..65)
        .map(|_| {
            let mut stream = ada.raw(ask.as_bytes());
            let mut heard = [0; 12];
            stream.read_exact(&mut heard).expect("an answer");
            answers.push(String::from_utf8_lossy(&heard).into_owned());
            stream
        })
        .collect();
    assert!(answers[..64].iter().all(|answer| answer == "HTTP/1.1 200"), "{answers:?}");
    assert_eq!(answers[64], "HTTP/1.1 429");
    drop(held);
    // As soon as it is noticed that they left.
    thread::sleep(Duration::from_millis(500));
    assert_eq!(ada.units(), 10_000);
}
