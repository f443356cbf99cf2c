//! What every store must do, as one suite that each store's tests run: in memory, on SQLite, on PostgreSQL.
//!
//! A check is a sentence, and panics where it does not hold. Each gets an empty store of its own.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a check that fails panics; the suite is for tests only")]

mod appending;
mod auditing;
mod concurrency;
mod editions;
mod expiring;
mod facts;
mod feed;
mod finality;
mod fixture;
mod histories;
mod kept;
mod keys;
mod lists;
mod rebuilding;
mod sealing;
mod stale;

use std::sync::Arc;

use crate::store::Store;

pub use rebuilding::{Damage, five_licenses, rebuild_mends};

/// A store under test.
type Tested = Arc<dyn Store>;

macro_rules! suite {
    ($($module:ident::$check:ident),+ $(,)?) => {
        /// Runs every check on a store of its own, and then fails with the names of those that did not hold.
        pub async fn run_all<S: Store + 'static, F: Future<Output = S>>(make: impl Fn() -> F) {
            let mut failed: Vec<&str> = Vec::new();
            $(
                let store: Tested = Arc::new(make().await);
                if tokio::spawn($module::$check(store)).await.is_err() {
                    failed.push(stringify!($check));
                }
            )+
            assert!(failed.is_empty(), "these checks do not hold: {}", failed.join(", "));
        }
    };
}

suite! {
    appending::what_was_appended_is_loaded,
    appending::what_never_was_is_not_loaded,
    appending::an_answer_is_found_again,
    appending::a_refusal_is_recorded_and_changes_no_license,
    appending::several_licenses_are_written_together,
    appending::a_large_batch_is_written_whole,
    appending::a_state_of_a_newer_fold_is_never_overwritten,
    appending::a_trial_can_become_a_bought_license,
    stale::a_stale_base_version_writes_nothing,
    stale::a_base_version_ahead_of_the_ledger_writes_nothing,
    stale::a_stale_guard_writes_nothing,
    stale::a_guard_on_a_license_that_exists_meanwhile_writes_nothing,
    stale::a_guard_on_a_license_that_does_not_exist_writes_nothing,
    stale::a_taken_order_number_writes_nothing,
    stale::an_order_number_taken_twice_in_a_batch_writes_nothing,
    stale::a_taken_command_id_writes_nothing,
    stale::a_command_id_taken_twice_in_a_batch_writes_nothing,
    stale::a_taken_sequence_writes_nothing,
    stale::a_refusal_recorded_twice_writes_nothing,
    stale::a_command_that_loses_users_writes_nothing,
    stale::guards_that_hold_let_the_batch_pass,
    facts::every_fact_comes_back_as_it_was,
    facts::texts_come_back_as_they_were,
    facts::a_past_day_is_answered,
    facts::a_past_state_of_knowledge_is_answered,
    facts::both_at_once_are_answered,
    lists::a_list_is_by_number_and_in_pages,
    lists::a_list_is_filtered,
    lists::a_list_tells_trials_from_trials_that_are_over,
    lists::a_list_of_the_past_is_filtered_by_what_was,
    lists::what_is_kept_to_a_partner_is_what_is_the_partners_now,
    lists::a_list_is_filtered_by_type_plugin_and_end_of_swm,
    lists::what_was_of_a_type_with_a_plugin_until_a_day_is_listed,
    expiring::ends_are_listed_soonest_first_and_in_pages,
    expiring::only_licenses_in_use_expire,
    expiring::ends_are_listed_as_they_were_known,
    histories::a_history_comes_in_pages,
    histories::an_event_comes_back_with_all_that_stands_around_it,
    histories::time_of_record_never_goes_back,
    editions::the_edition_adopted_last_is_the_current_one,
    editions::an_editions_bytes_are_kept_as_they_were,
    editions::a_first_edition_takes_no_others_place,
    finality::an_instant_that_is_not_over_is_not_final,
    finality::nothing_is_recorded_at_a_final_instant,
    rebuilding::a_healthy_ledger_needs_no_mending,
    rebuilding::no_kind_of_value_is_in_doubt,
    rebuilding::a_rebuild_goes_page_by_page,
    rebuilding::a_newer_fold_is_not_rebuilt,
    feed::the_feed_of_an_empty_ledger_is_empty,
    feed::the_feed_has_every_event_once_and_in_order,
    feed::an_event_in_the_feed_is_as_in_its_history,
    feed::a_refusal_is_in_the_feed_with_its_commands_license,
    feed::the_feed_is_read_in_pages,
    feed::the_feed_is_filtered,
    feed::a_filtered_page_says_how_far_it_looked,
    feed::the_feed_of_a_partner_follows_the_license,
    feed::one_look_goes_through_so_many_positions_at_most,
    feed::what_is_followed_is_what_the_feed_shows,
    feed::what_cannot_be_read_is_not_followed,
    auditing::every_record_comes_once_as_it_lies,
    auditing::events_are_read_without_their_records,
    keys::a_key_comes_back_as_it_was,
    keys::every_role_can_have_a_key,
    keys::keys_are_listed_oldest_first,
    keys::a_keys_id_is_taken_once,
    keys::a_key_is_revoked_once,
    keys::the_last_use_of_keys_is_noted,
    kept::a_kept_quote_comes_back_as_it_was,
    kept::a_quotes_id_is_taken_once,
    kept::a_kept_quote_is_no_event,
    sealing::an_empty_log_has_the_empty_root,
    sealing::every_event_is_a_leaf_in_its_place,
    sealing::what_is_sealed_is_proved_at_every_size,
    sealing::sealing_stroke_by_stroke_gives_the_same_tree,
    sealing::those_who_seal_at_once_seal_once,
    sealing::a_checkpoint_comes_back_as_it_was,
    sealing::a_size_is_signed_once_by_a_key,
    sealing::a_key_is_made_and_replaced,
    concurrency::writers_of_one_license_lose_nothing,
    concurrency::writers_of_many_licenses_lose_nothing,
    concurrency::of_many_that_repeat_a_command_one_writes_it,
    concurrency::opposite_guards_do_not_pass_together,
}
