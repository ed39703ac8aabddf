//! The clock of wallets: a real Bitcoin node is followed, and tells two wallets, of which one has no network.

use std::time::Duration;

use dsm_regtest::Node;
use serde_json::Value;

use crate::daemon::Served;
use crate::stage::{Said, Stage};

fn follow<'a>(cookie: &'a str, url: &'a str) -> Vec<&'a str> {
    vec!["--json", "headers", "follow", "--bitcoin", "regtest", "--core", url, "--cookie", cookie]
}

fn height(said: &Said) -> u64 {
    assert_eq!(said.code, Some(0), "{said:?}");
    said.objects()[0]["bitcoin"]["height"].as_u64().expect("a height")
}

#[test]
fn a_wallet_follows_a_node_and_tells_one_without_a_network() {
    let node = Node::start().expect("a node");
    node.mine(120).expect("blocks");
    let stage = Stage::wallets(&["ada", "ben"]);
    let (url, cookie) = (node.url(), node.cookie().display().to_string());
    let unknown = stage.run("ada", &["status"]);
    assert!(unknown.out.contains("height unknown; see `dsm headers follow`"), "{unknown:?}");
    assert_eq!(height(&stage.run("ada", &follow(&cookie, &url))), 120);
    // By the Bitcoin network too, and again after more blocks.
    node.mine(5).expect("blocks");
    let peer = node.address().to_string();
    let more = stage.run("ada", &["headers", "follow", "--peer", &peer]);
    assert!(more.out.contains("regtest, height 125, "), "{more:?}");
    assert!(more.out.contains(": follows the same chain; 5 new headers"), "{more:?}");
    let status = stage.run("ada", &["--json", "status"]);
    assert_eq!(status.objects()[0]["bitcoin"]["height"], 125);
    // Carried in a file to a device without a network.
    let file = stage.path("headers.bin").display().to_string();
    let given = stage.run("ada", &["headers", "give", &file]);
    assert!(given.out.contains("has 125 headers, up to height 125"), "{given:?}");
    let again = stage.run("ada", &["headers", "give", &file]);
    assert!(again.error.contains("give a name that is free"), "{again:?}");
    let taken =
        stage.run("ben", &["--json", "headers", "follow", "--bitcoin", "regtest", "--file", &file]);
    assert_eq!(height(&taken), 125);
    proofs(&node, &stage, &["--core", &url, "--cookie", &cookie]);
}

/// Ada proves, Ben checks; he asks nobody.
fn proofs(node: &Node, stage: &Stage, core: &[&str]) {
    let file = stage.path("height").display().to_string();
    let prove = [&["headers", "prove", &file], core].concat();
    let proven = stage.run("ada", &prove);
    assert!(proven.out.contains("shows that Bitcoin reached height 119, 6 deep"), "{proven:?}");
    // Of somebody who has no wallet.
    let check = |more: &[&str]| {
        let ask = ["--json", "headers", "check", &file, "--easiest", "207fffff"];
        stage.run("nobody", &[&ask, more].concat())
    };
    let checked = check(&["--height", "119"]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert_eq!(checked.objects()[0]["height"], 119);
    let refused = check(&["--height", "120"]);
    assert_eq!(
        (refused.code, refused.objects()[0]["rule"].clone()),
        (Some(3), Value::from("R-71")),
        "{refused:?}"
    );
    // Headers of regtest are worth nothing where blocks are hard.
    let main = stage.run("nobody", &["--json", "headers", "check", &file]);
    assert_eq!(
        (main.code, main.objects()[0]["rule"].clone()),
        (Some(3), Value::from("R-72")),
        "{main:?}"
    );
    let block = node.call("getblockhash", serde_json::json!([100])).expect("a hash");
    let block = block.as_str().expect("text");
    let inside = node.call("getblock", serde_json::json!([block])).expect("a block");
    let coinbase = inside["tx"][0].as_str().expect("a transaction");
    let file = stage.path("transaction").display().to_string();
    let prove =
        [&["headers", "prove", &file, "--transaction", coinbase, "--block", block], core].concat();
    assert_eq!(stage.run("ada", &prove).code, Some(0));
    let said = stage.run("ben", &["headers", "check", &file, "--depth", "25"]);
    assert!(
        said.out.contains(&format!("the block of regtest at height 100 contains {coinbase}, ")),
        "{said:?}"
    );
    // What was asked about another network, or about later, is not answered by this.
    for more in [["--bitcoin", "main"], ["--height", "101"]] {
        let ask = [&["headers", "check", &file, "--depth", "25"][..], &more].concat();
        let said = stage.run("ben", &ask);
        assert_eq!(said.code, Some(1), "{said:?}");
    }
    let deeper = stage.run("ben", &["--json", "headers", "check", &file, "--depth", "26"]);
    assert_eq!(deeper.objects()[0]["rule"], "R-70", "{deeper:?}");
}

#[test]
fn feeds_that_disagree_are_shown_and_a_feed_that_is_away_is_said() {
    let (node, other) = (Node::start().expect("a node"), Node::start().expect("a node"));
    node.mine(30).expect("blocks");
    other.mine(20).expect("blocks");
    let stage = Stage::wallets(&["ada"]);
    let (one, two) = (node.address().to_string(), other.address().to_string());
    let nobody = "127.0.0.1:1";
    let ask = [
        "headers",
        "follow",
        "--bitcoin",
        "regtest",
        "--peer",
        &one,
        "--peer",
        &two,
        "--peer",
        nobody,
    ];
    let said = stage.run("ada", &ask);
    assert!(said.out.contains("height 30, "), "{said:?}");
    assert!(said.out.contains("follows another chain, up to "), "{said:?}");
    assert!(said.out.contains("127.0.0.1:1: no answer: "), "{said:?}");
    assert!(said.out.contains("feeds disagree"), "{said:?}");
    assert_eq!(said.code, Some(0));
    let alone = stage.run("ada", &["headers", "follow", "--peer", nobody]);
    assert_eq!(alone.code, Some(4), "{alone:?}");
    let nothing = stage.run("ada", &["headers", "follow"]);
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    // The other one gets longer: its chain is the one to follow, by a reorganisation.
    other.mine(11).expect("blocks");
    let said = stage.run("ada", &["headers", "follow", "--peer", &two]);
    assert!(said.out.contains("height 31, "), "{said:?}");
}

#[test]
fn a_daemon_follows_and_the_commands_ask_it() {
    let node = Node::start().expect("a node");
    node.mine(3).expect("blocks");
    let stage = Stage::wallets(&["ada"]);
    let peer = node.address().to_string();
    let daemon = Served::with(&stage, "ada", &["--bitcoin", "regtest", "--peer", &peer]);
    let heard = (0..200).find_map(|_| {
        let said = stage.run("ada", &["--json", "status"]);
        let object = said.objects().remove(0);
        let there = object["bitcoin"]["height"] == 3 && object["feeds"][0]["agrees"] == true;
        if !there {
            std::thread::sleep(Duration::from_millis(50));
        }
        there.then_some(object)
    });
    assert!(heard.is_some(), "{:?}", stage.run("ada", &["status"]));
    // One process writes the file.
    let second = stage.run("ada", &["headers", "follow", "--peer", &peer]);
    assert!(second.error.contains("is in use by another process"), "{second:?}");
    drop(daemon);
}
