//! Peers and servers that lie, stall and flood: each costs time, and is answered with an error that says how.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use bitcoin::consensus::serialize;
use bitcoin::hashes::{Hash as _, sha256d};
use bitcoin::p2p::message_network::VersionMessage;
use bitcoin::p2p::{Address, ServiceFlags};
use dsm_feed::{
    Access, Core, Feed, FeedError, FilterFeed, Hash, MAX_HEADERS, Magic, Patience, Peer, RawHeader,
    hash_of,
};

const KNOWN: Hash = [5; 32];

/// As long as a test may take to see that nothing comes.
fn patience() -> Patience {
    Patience { connect: Duration::from_secs(2), answer: Duration::from_millis(1_500) }
}

/// Somebody who answers the next caller so.
fn server(answer: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        if let Ok((stream, _)) = listener.accept() {
            answer(stream);
        }
    });
    address
}

fn head(magic: Magic, command: &str, length: u32, checksum: [u8; 4]) -> Vec<u8> {
    let mut name = command.as_bytes().to_vec();
    name.resize(12, 0);
    [&magic.0[..], &name, &length.to_le_bytes(), &checksum].concat()
}

fn message(command: &str, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short message");
    let hash = sha256d::Hash::hash(payload).to_byte_array();
    let checksum = [hash[0], hash[1], hash[2], hash[3]];
    [head(Magic::REGTEST, command, length, checksum), payload.to_vec()].concat()
}

fn version(services: ServiceFlags) -> Vec<u8> {
    let here = Address::new(&SocketAddr::from(([127, 0, 0, 1], 1)), services);
    let mut words =
        VersionMessage::new(services, 0, here.clone(), here, 9, "/liar:1/".to_owned(), 700_000);
    words.version = 70_016;
    message("version", &serialize(&words))
}

/// Reads one message of the caller; gives its command.
fn heard(stream: &mut TcpStream) -> String {
    let mut head = [0; 24];
    stream.read_exact(&mut head).expect("a head");
    let length = u32::from_le_bytes([head[16], head[17], head[18], head[19]]);
    let mut payload = vec![0; length as usize];
    stream.read_exact(&mut payload).expect("a payload");
    let name: Vec<u8> = head[4..16].iter().copied().take_while(|byte| *byte != 0).collect();
    String::from_utf8(name).expect("a command")
}

/// Behaves until it is asked something, with the noise that real nodes make.
fn greet(stream: &mut TcpStream) {
    assert_eq!(heard(stream), "version");
    let filters = ServiceFlags::NETWORK | ServiceFlags::COMPACT_FILTERS;
    let noise = [message("wtxidrelay", &[]), message("sendaddrv2", &[])].concat();
    stream.write_all(&[version(filters), noise, message("verack", &[])].concat()).expect("sent");
    assert_eq!(heard(stream), "verack");
    let noise = [message("sendheaders", &[]), message("feefilter", &[0; 8])].concat();
    stream.write_all(&noise).expect("sent");
}

/// A peer that greets, hears a question and answers so.
fn liar(answer: impl FnOnce(&mut TcpStream) + Send + 'static) -> Peer {
    peer(server(move |mut stream| {
        greet(&mut stream);
        heard(&mut stream);
        answer(&mut stream);
        // Whoever waits for more finds nobody gone.
        let _ = stream.read(&mut [0; 1]);
    }))
}

/// A peer that greets, hears a question and says these bytes.
fn sayer(answer: Vec<u8>) -> Peer {
    liar(move |stream| {
        let _ = stream.write_all(&answer);
    })
}

fn peer(address: SocketAddr) -> Peer {
    Peer::new(address, Magic::REGTEST, patience())
}

/// Headers that follow each other, and the first of them `KNOWN`.
fn chain(count: usize) -> Vec<RawHeader> {
    let mut parent = KNOWN;
    let follow = |_| {
        let mut header = [1; 80];
        header[4..36].copy_from_slice(&parent);
        parent = hash_of(&header);
        header
    };
    (0..count).map(follow).collect()
}

fn headers(list: &[RawHeader]) -> Vec<u8> {
    let count = u16::try_from(list.len()).expect("a short list").to_le_bytes();
    let items = list.iter().flat_map(|header| [header.as_slice(), &[0]].concat());
    [0xfd, count[0], count[1]].into_iter().chain(items).collect()
}

fn error_of(peer: &mut Peer) -> FeedError {
    peer.headers(&[KNOWN]).expect_err("a lie")
}

fn took(ask: impl FnOnce()) -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test of how long something takes")]
    let clock = Instant::now();
    ask();
    clock.elapsed()
}

#[test]
fn an_honest_peer_with_noise_and_pings_is_understood() {
    let mut peer = liar(|stream| {
        stream.write_all(&message("ping", &[7; 8])).expect("sent");
        assert_eq!(heard(stream), "pong");
        let noise = [message("inv", &[0]), message("addrv2", &[0]), message("sneeze", &[1; 99])];
        stream.write_all(&noise.concat()).expect("sent");
        stream.write_all(&message("headers", &headers(&chain(2_000)))).expect("sent");
    });
    assert_eq!(peer.headers(&[KNOWN]).expect("an answer"), chain(MAX_HEADERS));
}

#[test]
fn a_peer_that_says_nothing_or_dribbles_is_late_after_the_time_for_the_whole_answer() {
    let silent = server(|mut stream| {
        let _ = stream.read(&mut [0; 1 << 10]);
        let _ = stream.read(&mut [0; 1]);
    });
    let mute = liar(|_| ());
    let dribbling = liar(|stream| {
        for byte in message("headers", &headers(&chain(2_000))) {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    for mut peer in [peer(silent), mute, dribbling] {
        let time = took(|| assert!(matches!(error_of(&mut peer), FeedError::Late)));
        // Two questions at most: who are you, and what came.
        assert!(time < patience().answer * 2 + Duration::from_secs(1), "{time:?}");
    }
}

#[test]
fn a_peer_that_hangs_up_is_closed_and_one_that_is_not_there_is_unreachable() {
    let gone = liar(|stream| stream.shutdown(Shutdown::Both).expect("an open stream"));
    let torn = liar(|stream| {
        let half = message("headers", &headers(&chain(9)));
        stream.write_all(&half[..200]).expect("sent");
        stream.shutdown(Shutdown::Write).expect("an open stream");
    });
    for mut peer in [gone, torn] {
        let error = error_of(&mut peer);
        assert!(matches!(error, FeedError::Closed | FeedError::Broken(_)), "{error}");
    }
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let nobody = free.local_addr().expect("its address");
    drop(free);
    assert!(matches!(error_of(&mut peer(nobody)), FeedError::Unreachable(_)));
}

#[test]
fn a_length_is_refused_before_a_byte_of_it_is_held() {
    for (command, length) in [("headers", 162_004), ("ping", 9), ("addr", 4_000_001)] {
        let mut peer = sayer(head(Magic::REGTEST, command, length, [0; 4]));
        let error = error_of(&mut peer);
        assert!(matches!(error, FeedError::TooLong { .. }), "{command}: {error}");
    }
    let mut peer = sayer(head(Magic::REGTEST, "headers", u32::MAX, [0; 4]));
    let FeedError::TooLong { announced, .. } = error_of(&mut peer) else { panic!("not refused") };
    assert_eq!(announced, u64::from(u32::MAX));
}

#[test]
fn other_networks_other_protocols_and_damage_are_told_apart() {
    let mut foreign = sayer(head(Magic::MAIN, "headers", 0, [0; 4]));
    assert!(matches!(error_of(&mut foreign), FeedError::Foreign(magic) if magic == Magic::MAIN.0));
    let mut web = peer(server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = stream.read(&mut [0; 1 << 10]);
    }));
    assert!(matches!(error_of(&mut web), FeedError::Foreign(magic) if &magic == b"HTTP"));
    let mut damaged = message("headers", &headers(&chain(3)));
    damaged[100] ^= 1;
    assert!(matches!(error_of(&mut sayer(damaged)), FeedError::Damaged(_)));
    let mut named = message("headers", &headers(&chain(3)));
    named[4] = 0xff;
    assert!(matches!(error_of(&mut sayer(named)), FeedError::Malformed(_)));
}

#[test]
fn headers_that_are_too_many_torn_or_of_nowhere_are_refused() {
    let said = |payload: &[u8]| error_of(&mut sayer(message("headers", payload)));
    let long = said(&headers(&chain(MAX_HEADERS + 1)));
    assert!(matches!(long, FeedError::TooLong { .. }), "{long}");
    let mut many = headers(&chain(300));
    many[1..3].copy_from_slice(&2_001_u16.to_le_bytes());
    assert!(matches!(said(&many), FeedError::TooMany("headers")));
    let few = &headers(&chain(300))[..200];
    assert!(matches!(said(few), FeedError::Malformed(_)));
    let mut with_transactions = headers(&chain(300));
    with_transactions[83] = 1;
    assert!(matches!(said(&with_transactions), FeedError::Malformed(_)));
    // A short count in the long form.
    assert!(matches!(said(&headers(&chain(1))), FeedError::Malformed(_)));
    assert!(matches!(said(&[]), FeedError::Malformed(_)));
    let strange = &chain(300)[1..];
    assert!(matches!(said(&headers(strange)), FeedError::Unconnected));
}

#[test]
fn a_peer_that_talks_without_end_beside_the_answer_is_left() {
    let endless = |noise: Vec<u8>| liar(move |stream| while stream.write_all(&noise).is_ok() {});
    let addresses = [vec![0xfd, 0xe8, 3], vec![0; 30_000]].concat();
    for noise in [message("addr", &addresses), message("x", &[]), message("ping", &[0; 8])] {
        let mut peer = endless(noise);
        let mut error = None;
        let time = took(|| error = peer.headers(&[KNOWN]).err());
        assert!(matches!(error, Some(FeedError::Flooded)), "{error:?}");
        assert!(time < patience().answer + Duration::from_secs(1), "{time:?}");
    }
}

#[test]
fn what_nobody_asked_for_ends_the_conversation() {
    for command in ["block", "cfilter", "cfheaders", "tx"] {
        let error = error_of(&mut sayer(message(command, &[0; 100])));
        assert!(matches!(error, FeedError::Unasked(what) if what == command));
    }
}

#[test]
fn another_block_and_other_filters_than_those_asked_for_are_refused() {
    let block = [chain(1)[0].as_slice(), &[1]].concat();
    let mut peer = sayer(message("block", &block));
    assert!(matches!(peer.block(&[8; 32]), Err(FeedError::Other("block"))));
    let mut peer = sayer(message("block", &block));
    assert_eq!(peer.block(&hash_of(&chain(1)[0])).expect("an answer"), block);
    let missing = [vec![1, 2, 0, 0, 0x40], vec![8; 32]].concat();
    let mut peer = sayer(message("notfound", &missing));
    assert!(matches!(peer.block(&[8; 32]), Err(FeedError::Missing("block"))));

    let filter = |block: u8| [vec![0], vec![block; 32], vec![1, 0]].concat();
    let mut peer = sayer(message("cfilter", &filter(8)));
    assert_eq!(peer.filters(1, &[[8; 32]]).expect("an answer"), [vec![0]]);
    let mut peer = sayer(message("cfilter", &filter(9)));
    assert!(matches!(peer.filters(1, &[[8; 32]]), Err(FeedError::Other("filter"))));
    let two = [vec![0], vec![8; 32], vec![0; 32], vec![2], vec![3; 64]].concat();
    let mut peer = sayer(message("cfheaders", &two));
    assert!(matches!(peer.filter_headers(1, &[[8; 32]]), Err(FeedError::Other(_))));
    let mut vast = [vec![0], vec![8; 32], vec![0; 32]].concat();
    vast.extend([0xff; 9]);
    let mut peer = sayer(message("cfheaders", &vast));
    assert!(matches!(peer.filter_headers(1, &[[8; 32]]), Err(FeedError::Malformed(_))));
}

#[test]
fn a_peer_without_filters_is_not_asked_for_them() {
    let mut peer = peer(server(|mut stream| {
        heard(&mut stream);
        let hello = [version(ServiceFlags::NETWORK), message("verack", &[])].concat();
        stream.write_all(&hello).expect("sent");
        heard(&mut stream);
        let _ = stream.read(&mut [0; 1]);
    }));
    assert!(matches!(peer.filters(1, &[[8; 32]]), Err(FeedError::NotServed("filters"))));
}

/// A server of JSON-RPC that says this to every caller.
fn core(answer: impl Fn(&mut TcpStream) + Send + 'static) -> Core {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 1 << 16]);
            answer(&mut stream);
        }
    });
    let access = Access::Password { user: "ada".to_owned(), password: "secret".to_owned() };
    Core::new(url, access, patience())
}

fn body(text: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).into_bytes()
}

#[test]
fn a_server_that_stalls_dribbles_or_answers_without_end_costs_time_only() {
    let start = b"HTTP/1.1 200 OK\r\n\r\n[";
    let silent = core(|_| thread::sleep(patience().answer * 2));
    let dribbling = core(move |stream| {
        let _ = stream.write_all(start);
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let endless = core(move |stream| {
        let _ = stream.write_all(start);
        while stream.write_all(&[b' '; 1 << 10]).is_ok() {}
    });
    for mut core in [silent, dribbling, endless] {
        let mut error = None;
        let time = took(|| error = core.headers(&[KNOWN]).err());
        assert!(matches!(error, Some(FeedError::Late | FeedError::TooLong { .. })), "{error:?}");
        assert!(time < patience().answer + Duration::from_secs(1), "{time:?}");
    }
}

#[test]
fn a_server_that_answers_something_else_is_told_so() {
    let says = |text: &str| {
        let text = body(text);
        let mut core = core(move |stream| stream.write_all(&text).expect("sent"));
        core.headers(&[KNOWN]).expect_err("a lie")
    };
    for text in
        ["", "null", "[]", "{}", "[[[[", r#"[{"id":1,"result":{"height":1,"confirmations":1}}]"#]
    {
        let error = says(text);
        assert!(matches!(error, FeedError::Malformed(_)), "{text}: {error}");
    }
    let nested = "[".repeat(2_000);
    assert!(matches!(says(&nested), FeedError::Malformed(_)));
    let refusal =
        r#"[{"id":0,"result":null,"error":{"code":-28,"message":"Loading\u001b[2J block index"}}]"#;
    let FeedError::Refused { code: -28, text } = says(refusal) else { panic!("no refusal") };
    assert!(!text.contains('\u{1b}'));
    let moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let mut core = core(|stream| stream.write_all(moved).expect("sent"));
    assert!(matches!(core.headers(&[KNOWN]), Err(FeedError::Refused { code: 302, .. })));
}
