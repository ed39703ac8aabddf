//! What `dsm verify` says of a note and a receipt, as a shape, as a drawing and as a page.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use dsm_report::{Explanation, page};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::stage::Stage;

/// What a hostile issuer calls its token.
const NAME: &str = "</script><img src=x onerror=boom()>";
const TICKER: &str = "<b>\"'&\\\u{202e}";
/// What a careless owner calls a contact.
const CALLED: &str = "\\\"];}</svg><script>boom()</script>";

/// Ada made a token with a hostile name and paid Ben, who paid Cleo; what Cleo shows.
fn hostile() -> (Stage, String, String) {
    let stage = Stage::wallets(&["ada", "ben", "cleo"]);
    let policy = stage.write(
        "policy.toml",
        &format!(
            "name = {}\nticker = {}\ndecimals = 2\nlots = 1\nunits_per_lot = \"100\"\n",
            json!(NAME),
            json!(TICKER)
        ),
    );
    stage.text("ada", &["token", "new", &policy, "--issue", "100"]);
    assert_eq!(stage.meet("ada", &["pay", "ben", "10"], "ben").0.code, Some(0));
    assert_eq!(stage.meet("ben", &["pay", "cleo", "4"], "cleo").0.code, Some(0));
    stage.text("cleo", &["contact", "rename", "ada", CALLED]);
    let note = stage.write("note", &stage.text("cleo", &["export"]));
    let receipt = stage.write("receipt", &stage.text("ada", &["receipt", "ben"]));
    (stage, note, receipt)
}

fn texts(of: &Value) -> Vec<&str> {
    of.as_array().expect("an array").iter().map(|one| one.as_str().expect("a text")).collect()
}

/// Every rule of `spec/`.
fn spec() -> String {
    let chapters = std::fs::read_dir("../../spec").expect("the spec");
    chapters
        .map(|chapter| chapter.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| std::fs::read_to_string(path).expect("a chapter"))
        .collect()
}

#[test]
fn an_explanation_says_what_was_proven_and_who_could_cheat() {
    let (stage, note, receipt) = hostile();
    let spec = spec();
    for file in [&note, &receipt] {
        let said = stage.json("cleo", &["verify", file]);
        for check in said["proven"].as_array().expect("checks") {
            assert!(!texts(&check["rules"]).is_empty(), "{check}");
            for rule in texts(&check["rules"]) {
                assert!(spec.contains(&format!("**{rule}**")), "{rule} is no rule");
            }
        }
        assert!(!texts(&said["assumed"]).is_empty() && !texts(&said["not_shown"]).is_empty());
        // The same for people.
        let table =
            stage.text("cleo", &["verify", file]).split_whitespace().collect::<Vec<_>>().join(" ");
        for one in texts(&said["assumed"]).iter().chain(&texts(&said["not_shown"])) {
            assert!(table.contains(one), "{one}: {table}");
        }
        let kind: Explanation = serde_json::from_value(said.clone()).expect("the shape");
        assert_eq!(serde_json::to_value(&kind).expect("an object")["kind"], said["kind"]);
    }
    let said = stage.json("cleo", &["verify", &note]);
    assert_eq!((&said["class"], &said["units"]), (&json!("exposed"), &json!("400")));
    let threats = said["threats"].as_array().expect("threats");
    let named: BTreeSet<&str> = threats.iter().filter_map(|one| one["device"].as_str()).collect();
    assert!(texts(&said["could_cheat"]).iter().all(|device| named.contains(device)));
    let named = |name: &str| threats.iter().any(|one| one["name"] == name);
    assert!(named("ben") && named(CALLED), "{threats:?}");
    let steps = said["lineage"].as_array().expect("steps");
    assert_eq!(steps.len(), 3);
    for (at, step) in steps.iter().enumerate() {
        assert_eq!(step["step"], at + 1);
        let consumed = step["consumes"].as_array().expect("notes");
        for one in consumed.iter().filter(|one| !one["step"].is_null()) {
            let from =
                &steps[usize::try_from(one["step"].as_u64().expect("a step")).expect("small") - 1];
            assert!(from["step"].as_u64() < step["step"].as_u64(), "what it rests on stands above");
            let made = from["makes"].as_array().expect("notes");
            assert!(made.iter().any(|made| made["id"] == one["id"] && made["sum"] == one["sum"]));
        }
    }
    assert_eq!(
        steps[2]["makes"]
            .as_array()
            .expect("notes")
            .iter()
            .filter(|one| one["id"] == said["id"])
            .count(),
        1
    );
}

/// What Graphviz makes of a drawing: lines of nodes and of edges.
fn graph(dot: &str) -> (usize, usize) {
    let mut drawn = Command::new("dot");
    let mut drawn = drawn
        .arg("-Tplain")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("graphviz");
    drawn.stdin.take().expect("its input").write_all(dot.as_bytes()).expect("a pipe");
    let drawn = drawn.wait_with_output().expect("its end");
    assert!(drawn.status.success() && drawn.stderr.is_empty(), "{drawn:?}: {dot}");
    let plain = String::from_utf8(drawn.stdout).expect("text");
    let count = |word: &str| plain.lines().filter(|line| line.starts_with(word)).count();
    (count("node "), count("edge "))
}

#[test]
fn a_drawing_is_a_graph_whatever_names_say() {
    let (stage, note, receipt) = hostile();
    assert_eq!(graph(&stage.text("cleo", &["verify", &note, "--dot"])), (3, 2));
    assert_eq!(graph(&stage.text("cleo", &["verify", &receipt, "--dot"])), (2, 1));
    let said = stage.json("nobody", &["verify", &note, "--dot"]);
    assert_eq!(graph(said["dot"].as_str().expect("a graph")), (3, 2));
    assert_eq!(stage.run("cleo", &["verify", "--dot"]).code, Some(2), "of one file only");
}

/// The least contrast of a text with what lies behind it.
const CONTRAST: &str = "(() => {
    const light = (colour) => {
        const parts = colour.match(/[\\d.]+/g).map(Number).slice(0, 3).map((one) => one / 255);
        const flat = parts.map((one) => one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
        return .2126 * flat[0] + .7152 * flat[1] + .0722 * flat[2];
    };
    const behind = (one) => {
        for (let at = one; at; at = at.parentElement) {
            const box = at.matches('.step') ? at.querySelector('rect') : null;
            if (box) return getComputedStyle(box).fill;
            const colour = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const all = [...document.querySelectorAll('h1,h2,h3,p,li,th,td,dt,dd,strong,svg text')];
    return Math.min(...all.filter((one) => one.textContent).map((one) => {
        const style = getComputedStyle(one);
        const two = [light(one.closest('svg') ? style.fill : style.color), light(behind(one))];
        return (Math.max(...two) + .05) / (Math.min(...two) + .05);
    }));
})()";

/// Whether the last of 100 steps is in sight, and the page no larger than what scrolls in it.
const INSIDE: &str = "(() => { const box = (one) => document.querySelector(one).getBoundingClientRect();
    const [step, picture] = [box('#tab-100'), box('.picture')];
    return step.bottom <= picture.bottom + 1 && step.right <= picture.right + 1
        && picture.height < innerHeight && document.documentElement.scrollWidth <= innerWidth; })()";

const TRAPS: &str = "window.hits = []; window.boom = () => hits.push('boom'); \
    addEventListener('error', (event) => hits.push(String(event.message))); \
    addEventListener('securitypolicyviolation', (event) => hits.push(event.violatedDirective));";

fn opened(browser: &mut Browser, stage: &Stage, page: &str, trapped: bool) {
    let url = format!("file://{}", stage.path(page).display());
    browser.open(&url);
    let hits = if trapped { json!([]) } else { json!(null) };
    assert_eq!(browser.value("window.hits"), hits, "{page}");
    assert_eq!(browser.reported("Runtime.exceptionThrown"), [json!(null); 0]);
    assert_eq!(browser.reported("Log.entryAdded"), [json!(null); 0]);
    for request in browser.reported("Network.requestWillBeSent") {
        assert_eq!(request["params"]["request"]["url"], url);
    }
    assert_eq!(browser.value("[document.scripts.length, document.images.length]"), json!([1, 0]));
}

/// What is chosen: the steps, and the text of the panels that are shown.
fn chosen(browser: &mut Browser) -> (Value, String) {
    let tabs = browser.value(
        "[...document.querySelectorAll('[role=tab]')].flatMap((one, at) => \
         one.getAttribute('aria-selected') === 'true' ? [at + 1] : [])",
    );
    let text = browser.value(
        "[...document.querySelectorAll('.panel')].filter((one) => one.offsetHeight > 0)\
         .map((one) => one.innerText).join('|')",
    );
    (tabs, text.as_str().expect("a text").to_owned())
}

#[test]
fn a_browser_shows_the_page_and_one_looks_into_it() {
    let (stage, note, receipt) = hostile();
    for (file, to) in [(&note, "note.html"), (&receipt, "receipt.html")] {
        let to = stage.path(to).display().to_string();
        assert!(stage.text("cleo", &["verify", file, "--html", &to]).contains("in a browser"));
    }
    let said = stage.json("cleo", &["verify", &note]);
    stage.write("long.html", &page(&long(&said)));
    let mut browser = Browser::start(&stage.path(""));
    browser.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": TRAPS }));

    opened(&mut browser, &stage, "note.html", true);
    let shown = browser.value("document.body.innerText");
    let shown = shown.as_str().expect("a text");
    assert!(shown.contains(NAME) && shown.contains(CALLED), "{shown}");
    assert!(!shown.contains('\u{202e}') && shown.contains("exposed"));
    let steps = said["lineage"].as_array().expect("steps");
    let last = |at: usize| steps[at]["head"].as_str().expect("a head");
    let (tabs, text) = chosen(&mut browser);
    assert!(tabs == json!([3]) && text.contains(last(2)), "{text}");
    browser.click("#tab-1");
    let (tabs, text) = chosen(&mut browser);
    assert!(tabs == json!([1]) && text.contains(last(0)) && !text.contains(last(1)), "{text}");
    for fact in ["issue of lot 0", "records shown", "signature", "floor", CALLED] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
    browser.press("ArrowDown", 40);
    let (tabs, text) = chosen(&mut browser);
    assert!(tabs == json!([2]) && text.contains(last(1)), "{text}");
    browser.press("Tab", 9);
    assert_eq!(browser.value("document.activeElement.id"), "step-2", "what was chosen comes next");
    browser.press("Tab", 9);
    assert_eq!(browser.value("document.activeElement.tagName"), "BODY", "and nothing after it");
    for scheme in ["light", "dark"] {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        browser.call("Emulation.setEmulatedMedia", json!({ "features": features }));
        let contrast = browser.value(CONTRAST).as_f64().expect("a number");
        assert!(contrast >= 4.5, "{scheme}: {contrast}");
    }
    let tree = browser.call("Accessibility.getFullAXTree", json!({}));
    let tree = tree["nodes"].as_array().expect("nodes");
    let named = |role: &str| {
        let nodes =
            tree.iter().filter(|one| one["role"]["value"] == role && one["ignored"] == false);
        nodes.filter(|one| one["name"]["value"] != "").count()
    };
    assert_eq!((named("tablist"), named("tab"), named("tabpanel")), (1, 3, 1));
    assert_eq!(browser.value("fetch('file:///').then(() => 'read', () => 'refused')"), "refused");
    assert_eq!(browser.value("hits"), json!(["connect-src"]), "the policy holds, the trap works");
    not_blank(&browser.picture());

    opened(&mut browser, &stage, "receipt.html", true);
    assert_eq!(chosen(&mut browser).0, json!([2]));
    browser.click("#tab-1");
    assert!(chosen(&mut browser).1.contains("gives"));

    opened(&mut browser, &stage, "long.html", true);
    assert_eq!(browser.value("document.querySelectorAll('[role=tab]').length"), 100);
    assert_eq!(browser.value(INSIDE), true, "the last step is in sight from the beginning");
    browser.click("#tab-1");
    assert_eq!(browser.value(INSIDE), false);
    browser.press("End", 35);
    let (tabs, text) = chosen(&mut browser);
    assert!(tabs == json!([100]) && text.contains("step 99"), "{text}");
    assert_eq!(browser.value(INSIDE), true, "the chosen step is scrolled into the picture");
}

#[test]
fn a_page_without_its_script_shows_every_step() {
    let (stage, note, _) = hostile();
    let page = stage.text("cleo", &["verify", &note, "--html", "-"]);
    stage.write("note.html", &page);
    let mut browser = Browser::start(&stage.path(""));
    browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    opened(&mut browser, &stage, "note.html", false);
    let (_, text) = chosen(&mut browser);
    for step in ["Step 1:", "Step 2:", "Step 3:"] {
        assert!(text.contains(step), "{step}: {text}");
    }
    browser.click("#tab-1");
    assert_eq!(browser.value("location.hash"), "#step-1");
}

/// The same note after as many payments as make its lineage 100 operations.
fn long(said: &Value) -> Explanation {
    let mut said = said.clone();
    let steps = said["lineage"].as_array_mut().expect("steps");
    let last = steps.pop().expect("a step");
    for step in steps.len() + 1..=100 {
        let mut next = last.clone();
        next["step"] = json!(step);
        next["index"] = json!(step + 1);
        next["device"] = json!(format!("dsm1device{}", step % 20));
        next["consumes"][0]["step"] = json!(step - 1);
        steps.push(next);
    }
    said["hops"] = json!(100);
    serde_json::from_value(said).expect("the shape")
}

fn not_blank(picture: &[u8]) {
    let mut reader =
        png::Decoder::new(std::io::Cursor::new(picture)).read_info().expect("a picture");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
    let info = reader.next_frame(&mut pixels).expect("a picture");
    assert!(info.width >= 600 && info.height >= 400);
    let colours: BTreeSet<&[u8]> = pixels.chunks(info.color_type.samples()).collect();
    assert!(colours.len() > 20, "{} colours", colours.len());
}
