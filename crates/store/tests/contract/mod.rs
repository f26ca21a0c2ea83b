//! The store's contract as tests that know no engine: each case is handed an empty store.

use std::future::Future;
use std::sync::Arc;

use portcullis_model::store::Store;

pub(crate) mod artefacts;
pub(crate) mod credentials;
pub(crate) mod directory;
pub(crate) mod imports;
pub(crate) mod isolation;
pub(crate) mod keys;
pub(crate) mod races;
pub(crate) mod random_traces;
pub(crate) mod samples;
pub(crate) mod sessions;
pub(crate) mod sign_in_log;
pub(crate) mod throttles;

/// An engine's way to make an empty store, kept alive as long as the value.
pub(crate) trait Fresh {
    /// A store without a tenant.
    fn open() -> impl Future<Output = Self>;
    /// The store.
    fn store(&self) -> Arc<dyn Store>;
}

/// One `#[tokio::test]` per case, on the engine of `$fresh`. A case that is missing here is dead code and does not pass the linter.
macro_rules! every_case {
    ($fresh:ty) => {
        $crate::contract::cases! { $fresh,
            artefacts::{
                a_transaction_moves_only_from_the_version_that_was_read,
                a_transaction_that_expired_does_not_move,
                a_code_is_spent_once,
                a_code_of_a_revoked_grant_is_burnt,
                a_refresh_token_is_spent_once,
                revoking_a_grant_kills_its_family,
                revoking_an_unknown_grant_forbids_what_comes_later,
                an_assertion_id_is_spent_once,
                nothing_is_issued_twice,
                u05_no_artefact_is_redeemed_as_another_kind,
                expired_artefacts_are_purged_and_live_ones_stay,
            }
            credentials::{
                a_password_is_rehashed_only_from_the_hash_that_was_read,
                an_authenticator_is_registered_once,
                a_time_step_is_used_once,
                client_secrets_are_listed,
                consent_adds_up,
            }
            directory::{
                users_are_found_by_id_name_and_home_account,
                a_shared_address_names_nobody,
                s12_what_is_forgotten_here_stays_forgotten_after_an_import,
                a_principal_name_wins_over_an_address,
                memberships_follow_nesting_circles_and_roles,
                the_configuration_is_read_whole,
                tenants_are_found_by_domain_and_application,
            }
            imports::{
                importing_twice_changes_nothing,
                an_export_is_an_equal_world,
                a_dry_run_says_the_same_and_writes_nothing,
                kinds_that_are_not_named_stay,
                a_removed_user_leaves_nothing_behind,
                an_object_for_another_home_account_inherits_no_session,
                names_and_domains_may_be_swapped,
                contradictions_are_refused_whole,
                u04_an_id_never_names_something_else,
                a_configuration_version_grows_with_every_change,
                of_two_changes_of_policies_from_one_version_one_wins,
                credentials_are_set_and_kept,
                c08_another_password_or_authenticator_ends_sessions_and_grants,
            }
            isolation::{
                u01_every_read_sees_its_own_tenant_only,
                u02_every_change_reaches_its_own_tenant_only,
                u02_the_same_ids_in_two_tenants_are_two_rows,
            }
            keys::{
                keys_are_listed_newest_first_and_retired,
                a_key_check_is_kept_once,
                the_oldest_sealed_secret_is_found,
            }
            races::{
                b07_64_concurrent_redemptions_of_one_code_spend_it_once,
                c02_concurrent_refreshes_of_one_token_have_one_winner,
                a_transaction_advances_once_however_many_try,
                parallel_guesses_cannot_exceed_the_budget,
                losers_in_a_group_do_not_touch_their_neighbours,
                what_the_engine_refuses_fails_one_caller_only,
                reads_see_every_acknowledged_commit,
                a_caller_that_goes_away_harms_nobody,
            }
            random_traces::{
                random_traces_agree_with_a_naive_model,
                u03_activity_in_another_tenant_is_not_seen,
            }
            sessions::{
                a_session_is_renewed_only_from_the_cookie_that_was_read,
                a_session_notes_its_last_use,
                s13_sessions_are_listed_by_subject_last_used_first,
                s13_ending_other_sessions_spares_one_and_other_people,
                an_ended_session_stays_ended,
                ending_all_sessions_of_a_user_spares_others,
                clients_join_a_session_once,
                a_direct_connect_session_comes_back_as_it_was,
            }
            sign_in_log::{
                rows_come_back_newest_first,
                rows_are_found_by_person_correlation_client_and_error,
                rows_are_found_by_whether_somebody_sat_in_front,
                the_log_is_not_purged,
            }
            throttles::{
                a_budget_is_used_up_locks_and_comes_back,
                a_success_forgets_the_attempts,
                an_attempt_that_is_taken_back_leaves_the_others,
                a_new_window_forgets_old_attempts,
                an_empty_budget_allows_nothing,
                a_smaller_budget_holds_at_once,
                a_lost_change_charges_nothing,
            }
        }
    };
}

macro_rules! cases {
    ($fresh:ty, $($module:ident :: { $($case:ident),* $(,)? })*) => {$(
        mod $module {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let fresh = <$fresh as $crate::contract::Fresh>::open().await;
                    let store = $crate::contract::Fresh::store(&fresh);
                    $crate::contract::$module::$case(store).await;
                }
            )*
        }
    )*};
}

pub(crate) use cases;
pub(crate) use every_case;
