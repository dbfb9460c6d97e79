//! What every store promises, as checks that anyone's store can run in one line: [`all`].
//!
//! Each check panics with a sentence when its promise is broken. None knows how a store works, and
//! each promise has its file here. To run them on a store of your own, say how it is opened, opened
//! again, and damaged:
//!
//! ```ignore
//! struct Mine(TempDir);
//!
//! #[async_trait]
//! impl StoreUnderTest for Mine {
//!     async fn open(&self) -> Arc<dyn Store> { /* a new, empty one at each call */ }
//!     async fn reopen(&self, store: Arc<dyn Store>) -> Arc<dyn Store> { /* close it, open it */ }
//!     async fn kill(&self, store: Arc<dyn Store>) -> Arc<dyn Store> { /* as after kill -9, open it */ }
//!     async fn damage(&self, store: Arc<dyn Store>, what: &Stored) -> Arc<dyn Store> {
//!         /* close it, overwrite the bytes of that value with others, open it */
//!     }
//! }
//!
//! #[tokio::test]
//! async fn my_store_keeps_the_contract() {
//!     contract::all(&Mine(tempfile::tempdir().unwrap())).await;
//! }
//! ```
//!
//! The store is reopened before every step, but for the checks of claims: those may end with the
//! process that holds them. [`MemoryStore`](super::MemoryStore) is the reference: where the text of a
//! promise leaves a doubt, what it does is meant.

mod atomicity;
mod corruption;
mod deaths;
mod definitions;
mod documents;
mod due_order;
mod fairness;
mod journal;
mod keeping;
mod labels;
mod leases;
mod paging;
mod tally;
mod trial;
mod values;
mod versions;

pub use trial::{StoreUnderTest, Stored};

/// Runs every check, one after the other, each on an empty store.
pub async fn all(subject: &dyn StoreUnderTest) {
    atomicity::a_refused_change_leaves_nothing_behind(subject).await;
    atomicity::a_change_over_many_families_lands_whole(subject).await;
    atomicity::a_bad_change_does_not_harm_its_neighbors(subject).await;
    versions::of_two_writers_one_wins(subject).await;
    versions::absence_is_expected_too(subject).await;
    versions::a_record_is_named_once(subject).await;
    leases::a_claimed_task_is_not_handed_out_again(subject).await;
    leases::an_old_claim_settles_nothing(subject).await;
    leases::a_lapsed_claim_settles_until_someone_takes_over(subject).await;
    leases::renewing_keeps_a_claim(subject).await;
    leases::released_tasks_are_due_as_they_were(subject).await;
    leases::replacing_a_task_ends_its_claim(subject).await;
    leases::a_dropped_task_is_gone_whoever_holds_it(subject).await;
    leases::a_change_claims_the_one_task_it_means(subject).await;
    leases::what_a_change_claimed_comes_back_as_it_was_armed(subject).await;
    leases::a_claim_from_before_a_restart_is_whole_or_void(subject).await;
    due_order::the_earliest_is_handed_out_first(subject).await;
    due_order::closed_lanes_hand_out_nothing(subject).await;
    due_order::the_next_moment_is_known(subject).await;
    due_order::whoever_finds_nothing_is_told_a_later_moment(subject).await;
    due_order::arming_again_moves_a_task(subject).await;
    due_order::an_instance_lists_what_it_is_owed(subject).await;
    fairness::tenants_take_turns(subject).await;
    fairness::many_small_tenants_do_not_starve_a_large_one(subject).await;
    fairness::allowances_hold(subject).await;
    fairness::what_is_overdue_comes_last(subject).await;
    deaths::deaths_are_counted_until_the_task_is_armed_anew(subject).await;
    deaths::only_deaths_count(subject).await;
    deaths::a_count_may_be_armed(subject).await;
    deaths::suspects_are_passed_over_when_asked(subject).await;
    definitions::newer_definitions_are_left_to_newer_processes(subject).await;
    labels::a_unique_label_stands_on_one_instance(subject).await;
    labels::a_unique_label_passes_from_one_to_another(subject).await;
    labels::instances_are_found_by_what_they_carry_now(subject).await;
    labels::names_and_values_are_never_run_together(subject).await;
    paging::pages_are_newest_first_and_miss_nothing(subject).await;
    paging::every_part_of_a_filter_must_hold(subject).await;
    tally::cells_are_exact(subject).await;
    journal::history_is_read_in_order_and_never_overwritten(subject).await;
    journal::the_beginning_of_a_history_can_be_taken_away(subject).await;
    keeping::an_image_is_one_moment(subject).await;
    keeping::what_was_exported_comes_to_the_same_in_another_store(subject).await;
    keeping::what_was_taken_in_is_found_and_due(subject).await;
    values::long_values_come_back_whole(subject).await;
    values::absurd_values_are_refused(subject).await;
    corruption::a_damaged_record_is_never_told_as_absent(subject).await;
    corruption::what_has_ended_is_not_read_to_find_what_is_live(subject).await;
    corruption::a_damaged_line_is_never_left_out(subject).await;
    corruption::a_damaged_document_is_never_told_as_absent(subject).await;
    documents::versions_guard_documents(subject).await;
    documents::what_a_change_rests_on_must_stand(subject).await;
    documents::keys_are_listed_in_order_within_their_space(subject).await;
}
