//! The election suite: a cluster to direct, rules to check, tests for any server.
//!
//! Any crate gets the suite as ordinary `#[test]`s in one line of a file below its `tests/`:
//!
//! ```text
//! suite::tests!(raft::server(raftapi::Timing::LAB));
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`rules`] | what every Raft must keep, checked at every event; and what a script may add |
//! | [`view`], [`statistics`], [`attempts`], [`watch`] | what is seen of a run |
//! | [`chance`], [`samples`] | what a correct server may owe to chance; what a sample of timeouts says |
//! | [`cluster`], `expect`, `settle` | directing a run, and expecting things of it: what scripts are written in |
//! | [`hand`] | one server alone, its peers played by hand |
//! | [`test`](mod@test), [`part`], `parts` | what a test is; the suite, part by part |
//! | [`play`], [`runner`] | one run; many of them |
//! | [`marks`], [`weights`] | what it is all worth |
//! | [`finding`], [`diagnosis`], [`task`] | what is wrong, why, and where a student is to look |
//! | [`report`], [`columns`] | how it reads |
//! | [`settings`] | `RAFT_SEED`, `RAFT_SEEDS`, `RAFT_WATCHDOG`, `RAFT_CHECK_DETERMINISM` |

#![deny(missing_docs)]

pub mod attempts;
pub mod chance;
pub mod cluster;
pub mod columns;
pub mod diagnosis;
mod expect;
pub mod finding;
pub mod hand;
mod logging;
pub mod marks;
pub mod part;
mod parts;
pub mod play;
pub mod report;
pub mod rules;
pub mod runner;
pub mod samples;
pub mod settings;
mod settle;
pub mod statistics;
pub mod task;
pub mod test;
pub mod view;
pub mod watch;
mod watchdog;
pub mod weights;

use std::path::Path;

use raftapi::Server;

use crate::cluster::TimeKind;
use crate::part::Part;
use crate::report::Failed;
use crate::runner::Plan;
use crate::settings::Settings;
use crate::test::Test;

/// How many seeds are played of most tests.
pub const SEEDS: u64 = 100;

/// All tests of the suite, part by part.
pub fn all() -> Vec<Test> {
    parts::all()
}

/// Plays a test on a server as the environment asks: what [`tests!`] calls. `module` is where it
/// stands, and ends with its part. A test of what the server does not declare passes unplayed;
/// nothing is tried before the basics pass.
///
/// # Errors
///
/// When it failed; the error is the whole story. `package` is whose tests these are, for the
/// replay command, and `folder` where it is, to point at the task that a student is to look at.
///
/// # Panics
///
/// When there is no such test, or a variable of the environment makes no sense.
pub fn check(
    server: &Server,
    module: &str,
    name: &str,
    package: &str,
    folder: &str,
) -> Result<(), Failed> {
    let settings = Settings::from_env().unwrap_or_else(|error| panic!("{error}"));
    // The first module is the crate, the last one the part.
    let module = module.split_once("::").map_or(module, |(_, rest)| rest);
    let part = module.rsplit("::").next().unwrap_or(module);
    let test = all()
        .into_iter()
        .find(|t| t.name == name && t.part.name() == part);
    let test = test.unwrap_or_else(|| panic!("there is no test {part}::{name}"));
    let path = format!("{module}::{name}");
    if !test.is_for(&server.features) {
        return Ok(());
    }
    if let Some(first) = first_to_mend(server, &test, &settings) {
        return Err(Failed::not_tried(&path, &first));
    }
    let plan = Plan {
        first_seed: settings.seed.unwrap_or(0),
        seeds: match settings.seed {
            Some(_) => Some(1),
            None => settings.seeds,
        },
        ..Plan::of(server, vec![test], &settings)
    };
    let tested = plan.run(|_, _| ()).remove(0);
    for remark in &tested.remarks {
        println!("{path}: {remark}");
    }
    let check = settings.replay_prefix();
    let replay = |seed| match tested.test.time {
        TimeKind::Virtual => {
            format!("{check}RAFT_SEED={seed} cargo test -p {package} {path} -- --exact")
        }
        TimeKind::Real => format!("cargo test -p {package} {path} # it may not come back"),
    };
    Failed::of(&tested, replay, Some(Path::new(folder))).map_or(Ok(()), Err)
}

/// What must pass before this test is tried, and does not: the basics; and for a test in real
/// time, the same script in virtual time.
fn first_to_mend(server: &Server, test: &Test, settings: &Settings) -> Option<String> {
    let basics = |t: &Test| t.part == Part::Basics && t.part != test.part;
    let twin = |t: &Test| {
        test.time == TimeKind::Real && t.time == TimeKind::Virtual && t.name == test.name
    };
    let first: Vec<Test> = all().into_iter().filter(|t| basics(t) || twin(t)).collect();
    let plan = Plan {
        seeds: Some(match test.time {
            TimeKind::Virtual => 1,
            TimeKind::Real => 20,
        }),
        first_failure_only: true,
        ..Plan::of(server, first, settings)
    };
    let failed = plan.run(|_, _| ()).into_iter().find(|t| t.failed > 0);
    failed.map(|tested| tested.test.path())
}

/// Makes the suite for this server: one `#[test]` for each of [`all`] tests, in modules that are
/// its parts. Those in real time are made only if asked for: `suite::tests!(server, real_time)`.
#[macro_export]
macro_rules! tests {
    ($server:expr) => {
        $crate::tests!(@listed virtual_time $server);
    };
    ($server:expr, real_time) => {
        $crate::tests!($server);
        $crate::tests!(@listed real_time $server);
    };
    (@listed $time:ident $server:expr) => {
        $crate::tests!(@$time $server;
            basics { first_steps }
            classic { initial_election re_election many_elections }
            votes {
                first_come_first_served
                a_lost_grant_is_given_again
                a_candidate_has_voted
                older_terms_are_refused
                newer_terms_in_requests
                newer_terms_in_replies
                refusals_do_not_count
                votes_of_an_earlier_term_do_not_count
                each_server_counts_once
                heartbeats_of_the_same_term
                votes_for_a_follower_do_not_count
                the_majority_of_four_is_three
                heartbeats_of_an_older_term
                late_replies_change_nothing
            }
            numbers {
                heartbeats_at_most_ten_a_second
                several_heartbeats_to_a_minimum_timeout
                a_spread_of_several_round_trips
                leader_within_five_seconds_of_any_failure
            }
            timers {
                the_first_timeout
                a_heartbeat_resets_the_timer
                a_grant_resets_the_timer
                a_refused_vote_does_not
                a_heartbeat_of_an_older_term_does_not
                a_reply_does_not
                a_newer_term_does_not
                a_candidate_campaigns_again
                a_former_leader_has_a_timer
                a_busy_leader_sends_heartbeats
                a_candidate_that_yields_waits_for_its_leader
                heartbeats_come_in_time
                first_heartbeat_at_once
                no_needless_elections
                timeouts_are_drawn_afresh
                servers_draw_differently
            }
            split_votes {
                three_start_together
                four_start_together
                five_start_together
                seven_start_together
                nine_start_together
                leader_of_three_dies
                leader_of_five_dies
                bare_majority_of_nine
            }
            unreliable {
                lost_messages
                delayed_messages
                repeated_messages
                late_replies
                everything_at_once
                few_needless_elections
            }
            crashes {
                a_vote_survives_a_crash
                a_candidate_s_own_vote_survives_a_crash
                a_term_survives_a_crash
                nothing_is_promised_before_it_is_on_disk
                the_log_survives_votes_and_crashes
                a_leader_comes_back_as_a_follower
                leader_crashes
                rolling_restarts
                all_crash_at_once
                majority_crashes
                crashes_in_mid_step
                crashes_while_writing
            }
            partitions {
                leader_cut_off
                follower_cut_off
                majority_and_minority
                three_pieces
                even_split
                mute_servers
                deaf_servers
                partial_partitions
                flapping_links
            }
            restriction {
                logs_that_are_behind_are_refused
                logs_that_are_as_good_are_voted_for
                a_refused_candidate_s_term_counts
                a_candidate_tells_the_end_of_its_log
                only_a_good_log_leads
            }
            scale {
                twenty_five_servers
                hundred_and_one_servers
                an_hour_of_calm
                an_hour_of_faults
            }
            ;
            real_time { initial_election re_election many_elections leader_crashes }
            ;
            extra {
                cut_off_for_a_minute
                pre_votes_bind_nobody
                pre_votes_are_refused
                pre_votes_are_no_votes
                pre_votes_of_another_term
                half_heard_leaders_with_pre_vote
                leaders_without_a_majority_resign
                a_bare_majority_keeps_a_leader
                late_answers_keep_no_leader
                deaf_leader_is_replaced
                star_without_its_leader
                disturbers_are_ignored
                leases_run_out
                transfers_pass_leases
                half_heard_leaders_with_leases
                leadership_is_handed_over
                failed_transfers_are_given_up
                logs_that_are_behind_do_not_lead
                timeout_now_is_obeyed
            }
        );
    };
    (@virtual_time $server:expr;
        $($part:ident { $($name:ident)* })* ; $real:ident { $($real_name:ident)* }
        ; $extra:ident { $($extra_name:ident)* }
    ) => {
        $($crate::tests!(@part $server; $part $($name)*);)*
        $crate::tests!(@part $server; $extra $($extra_name)*);

        /// The list of the macro and the suite's own are one.
        #[test]
        fn no_test_is_left_out() {
            let listed = [
                $($(concat!(stringify!($part), "::", stringify!($name)),)*)*
                $(concat!(stringify!($real), "::", stringify!($real_name)),)*
                $(concat!(stringify!($extra), "::", stringify!($extra_name)),)*
            ];
            let all: ::std::vec::Vec<_> = $crate::all().iter().map(|test| test.path()).collect();
            assert_eq!(all, listed);
        }
    };
    (@real_time $server:expr;
        $($part:ident { $($name:ident)* })* ; $real:ident { $($real_name:ident)* }
        ; $extra:ident { $($extra_name:ident)* }
    ) => {
        $crate::tests!(@part $server; $real $($real_name)*);
    };
    (@part $server:expr; $part:ident $($name:ident)*) => {
        mod $part {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[test]
                fn $name() -> ::std::result::Result<(), $crate::report::Failed> {
                    let (package, folder) = (env!("CARGO_PKG_NAME"), env!("CARGO_MANIFEST_DIR"));
                    $crate::check(&$server, module_path!(), stringify!($name), package, folder)
                }
            )*
        }
    };
}
