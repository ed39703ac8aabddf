use super::*;

#[test]
fn it_does_not_matter_what_is_written_first() {
    let write = |cents: u64, what: &str| -> Vec<u8> {
        to_vec(&(cents, Text::<200>::try_from(what).expect("a short text")))
    };
    let (ada, ben) = ([write(1_250, "lunch"), write(300, "coffee")], [write(300, "coffee")]);
    let (ada, ben) = (ada.each_ref().map(Vec::as_slice), ben.each_ref().map(Vec::as_slice));
    assert_eq!(dsm_core::data::check_order(&Ledger, &vec![], &ada, &ben, 100), Ok(()));
}
