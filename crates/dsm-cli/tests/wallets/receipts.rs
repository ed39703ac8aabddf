//! Which receipt is shown, and which is not.

use serde_json::Value;

use crate::stage::Stage;

fn entry(stage: &Stage, words: &[&str]) -> Value {
    stage.json("ada", &[&["receipt"], words].concat())["entry"].clone()
}

#[test]
fn a_receipt_is_of_the_last_payment_that_was_acknowledged_by_this_contact() {
    let stage = Stage::rich(&["ada", "ben", "cleo"]);
    let paid = |to: &str| {
        let (said, _) = stage.meet("ada", &["pay", to, "1"], to);
        said.event("acknowledged").expect("a payment")["entry"].clone()
    };
    let (first, second, to_cleo) = (paid("ben"), paid("ben"), paid("cleo"));
    assert_eq!(entry(&stage, &["ben"]), second);
    assert_eq!(entry(&stage, &["ben", &first.to_string()]), first);
    // Of two more payments, written and not acknowledged, there is none.
    for contact in ["ben", "cleo", "ben"] {
        stage.json("ada", &["pay", contact, "1", "--away"]);
    }
    assert_eq!((entry(&stage, &["ben"]), entry(&stage, &["cleo"])), (second, to_cleo.clone()));
    let last = stage.json("ada", &["history"])["history"].as_array().expect("a list").len();
    for none in [to_cleo, Value::from(last), Value::from(0), Value::from(u64::MAX)] {
        let error = stage.fails("ada", &["receipt", "ben", &none.to_string()]);
        assert!(error.contains("acknowledged no such entry"), "{error}");
    }
}
