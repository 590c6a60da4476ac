//! The suite as ordinary tests of a crate.

/// Makes the suite for this server: one `#[test]` for each test, in modules that are its parts.
/// Those in real time are made only if asked for, and so are the extra ones, which say nothing of a
/// server that does not declare what they need: `suite::tests!(server, real_time, extra)`.
#[macro_export]
macro_rules! tests {
    ($server:expr $(, $more:ident)*) => {
        $crate::tests!(@listed plain $server);
        $($crate::tests!(@listed $more $server);)*
    };
    (@listed $which:ident $server:expr) => {
        $crate::tests!(@$which $server;
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
                one_server_leads_alone
                the_majority_of_two_is_two
                the_majority_of_four_is_three
                the_majority_of_six_is_four
                the_majority_of_eight_is_five
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
    (@plain $server:expr;
        $($part:ident { $($name:ident)* })* ; $real:ident { $($real_name:ident)* }
        ; $extra:ident { $($extra_name:ident)* }
    ) => {
        $($crate::tests!(@part $server; $part $($name)*);)*

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
    (@extra $server:expr;
        $($part:ident { $($name:ident)* })* ; $real:ident { $($real_name:ident)* }
        ; $extra:ident { $($extra_name:ident)* }
    ) => {
        $crate::tests!(@part $server; $extra $($extra_name)*);
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
