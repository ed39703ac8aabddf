//! Stores that an earlier version of the program wrote, as they lie in `tests/fixtures`.

use std::path::PathBuf;

use crate::stage::Stage;

/// Two wallets of format 3: Ada paid Ben 10 and 5.50, Ben paid 2 back, and Ada wrote a payment of 3 that Ben, who has blocked her, has not had
/// yet.
#[test]
fn a_store_of_format_3_still_opens_and_goes_on() {
    let stage = Stage::new();
    for name in ["ada", "ben"] {
        let old = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-3");
        stage.take(&old.join(name), name);
    }
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_350, 1_350));
    let settings = stage.json("ada", &["settings"]);
    assert_eq!(settings["exposed_cap"], "4321");
    assert_eq!(stage.json("ada", &["anchor", "maker", "list"])["makers"], serde_json::json!([]));
    assert_eq!(stage.json("ada", &["anchor", "status"])["anchor"], "software");
    stage.text("ben", &["contact", "unblock", "ada"]);
    let (one, other) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:?} {other:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_350, 1_650));
    assert!(stage.text("ben", &["verify"]).contains("class     exposed"));
}

/// Two wallets of format 2: Ada paid Ben 10 and 5.50, Ben paid 2 back to her and 1 to Cleo, and Ada wrote
/// two payments, of 3 and 1, that Ben has not had yet.
#[test]
fn a_store_of_format_2_still_opens_and_goes_on() {
    let stage = Stage::new();
    for name in ["ada", "ben"] {
        let old = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-2");
        stage.take(&old.join(name), name);
    }
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_250, 1_250));
    assert_eq!(stage.json("ben", &["contact", "show", "ada"])["blocked"], false);
    let (one, other) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:?} {other:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_250, 1_650));
    stage.text("ben", &["contact", "block", "ada"]);
    assert_eq!(stage.json("ben", &["contact", "show", "ada"])["blocked"], true);
}

/// Two wallets of format 1: Ada paid Ben 10 and 5.50, Ben paid 2 back, and when Ada paid 1 more the
/// process of Ben was killed before he had it.
#[test]
fn a_store_of_format_1_still_opens_and_goes_on() {
    let stage = Stage::new();
    for name in ["ada", "ben"] {
        let old = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
        stage.take(&old.join(name), name);
    }
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_550, 1_350));
    let history = stage.text("ada", &["history", "ben"]);
    assert!(history.contains("paid 1.00 CUP to ben  not acknowledged yet"), "{history}");
    let (one, other) = stage.meet("ada", &["contact", "sync", "ben"], "ben");
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:?} {other:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (8_550, 1_450));
    let (one, other) = stage.meet("ben", &["pay", "ada", "10.50", "CUP"], "ada");
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:?} {other:?}");
    assert_eq!((stage.balance("ada"), stage.balance("ben")), (9_600, 400));
    assert!(stage.text("ben", &["verify"]).contains("class     exposed"));
}
