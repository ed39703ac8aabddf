//! One suite for every store: wallets that talk, forget, die and cheat.

mod block;
mod cancel;
mod forks;
mod home;
mod keep;
mod meanwhile;
mod person;
mod roster;
mod table;
mod talk;
mod trade;
mod tree;

use home::{Files, Memory};

macro_rules! every_store {
    ($($module:ident: $($test:ident),+;)+) => {
        mod memory {
            $($(#[test] fn $test() { crate::$module::$test(&crate::Memory); })+)+
        }
        mod file {
            $($(#[test] fn $test() { crate::$module::$test(&crate::Files::new(false)); })+)+
        }
        mod file_opened_anew_after_every_change {
            $($(#[test] fn $test() { crate::$module::$test(&crate::Files::new(true)); })+)+
        }
    };
}

every_store! {
    trade:
        pays_and_gets_change_and_a_receipt,
        value_moves_on_without_its_issuer,
        a_cut_after_any_frame_loses_nothing,
        a_death_after_any_batch_loses_nothing,
        a_death_before_any_batch_loses_nothing,
        frames_delivered_again_change_nothing;
    forks:
        two_payees_who_meet_find_the_fork_and_keep_the_proof,
        a_fork_is_found_although_one_side_knows_more,
        a_fork_freezes_what_rests_on_it,
        an_old_copy_that_hears_of_its_future_signs_nothing,
        an_old_copy_hears_of_its_future_from_whoever_holds_its_money,
        two_entries_are_never_made_from_one_place,
        a_copy_behind_its_log_cannot_write_what_was_written;
    block:
        a_blocked_contact_gets_no_further_than_hello,
        nothing_is_written_to_a_blocked_contact,
        who_is_blocked_while_they_talk_is_not_heard_any_more,
        only_contacts_are_blocked,
        tokens_are_pinned_and_unpinned;
    roster:
        the_newest_roster_says_who_is_active;
    keep:
        the_first_fact_wins,
        an_opening_of_another_record_is_not_kept,
        of_a_forked_device_nothing_more_is_learned,
        a_contact_is_pinned_and_its_place_is_not_known,
        a_card_that_breaks_a_rule_is_refused,
        two_contacts_cannot_have_one_name,
        own_logs_begin_at_their_origin,
        a_spent_note_is_never_held_again,
        exposure_is_the_sum_of_what_is_held,
        news_go_out_once_in_order,
        news_go_out_in_parts,
        settings_are_kept,
        there_is_one_wallet_in_a_store,
        another_format_is_refused,
        a_damaged_row_is_told_and_not_believed,
        a_tip_tree_of_another_root_is_told_and_not_believed;
}
