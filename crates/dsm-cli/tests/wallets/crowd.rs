//! Strangers at the door of a real process.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::stage::Stage;

/// How many strangers there are: more than places for them.
const STRANGERS: usize = 100;
/// The most memory that they may cost, in KiB.
const MOST: u64 = 96 << 10;

/// The most memory that a process had in use at once, in KiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("its status");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("its peak");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

/// A stranger of one of three kinds, who goes on until it is hung up.
fn trouble(mut stranger: TcpStream, kind: usize) {
    // The first message of a channel has 2,418 bytes at most; this announces fewer.
    let _ = match kind % 3 {
        // Says nothing until it is hung up.
        0 => std::io::copy(&mut stranger, &mut std::io::sink()).map(|_| ()),
        // Trickles.
        1 => stranger.write_all(&[0, 0, 2, 0]).and_then(|()| {
            loop {
                stranger.write_all(&[7])?;
                thread::sleep(Duration::from_millis(20));
            }
        }),
        // Floods.
        _ => loop {
            if let Err(error) = stranger.write_all(&[0x7f; 1 << 16]) {
                break Err(error);
            }
        },
    };
}

#[test]
fn contacts_pay_at_once_past_a_hundred_strangers() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    // Cleo has nothing to pay with until Ada pays it.
    let (paid, _) = stage.meet("ada", &["pay", "cleo", "5"], "cleo");
    assert_eq!(paid.code, Some(0), "{paid:?}");
    let waiting = stage.wait("ben", &["--times", "7"]);
    let address = waiting.link.strip_prefix("tcp:").expect("an address").to_owned();
    for kind in 0..STRANGERS {
        let stranger = TcpStream::connect(&address).expect("a call");
        thread::spawn(move || trouble(stranger, kind));
    }
    let payers = ["ada", "cleo"];
    thread::scope(|scope| {
        for payer in payers {
            let (stage, link) = (&stage, &waiting.link);
            scope.spawn(move || {
                for _ in 0..3 {
                    let paid = stage.run(payer, &["pay", "ben", "1", "--link", link]);
                    assert_eq!(paid.code, Some(0), "{payer}: {paid:?}");
                }
            });
        }
    });
    let peak = peak(waiting.process.id());
    assert!(peak < MOST, "{peak} KiB");
    let last = stage.run("ada", &["contact", "sync", "ben", "--link", &waiting.link]);
    assert_eq!(last.code, Some(0), "{last:?}");
    let said = waiting.end();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.objects().iter().filter(|one| one["event"] == "received").count(), 6);
    assert_eq!(stage.balance("ben"), 600);
}
