//! What the suite says of servers that are wrong: each is found, by what is wrong with it.

use std::time::Duration;

use raftapi::Server;
use suite::part::Part;
use suite::report::Failed;
use suite::runner::Plan;
use suite::settings::Settings;
use suite::test::Cast;
use suite::tested::{Failure, Tested};

use crate::servers;

/// Every test of a part on this server.
fn plan_part(server: Server, part: Part, seeds: u64) -> Plan {
    let mut tests = suite::all();
    tests.retain(|test| test.part == part);
    Plan {
        seeds: Some(seeds),
        watchdog: Some(Duration::from_secs(1)),
        ..Plan::of(&server, tests, &Settings::default())
    }
}

/// The classic tests on this server.
fn plan(server: Server, seeds: u64) -> Plan {
    plan_part(server, Part::Classic, seeds)
}

fn judge(server: Server, seeds: u64, check_determinism: bool) -> Vec<Tested> {
    let plan = Plan {
        check_determinism,
        ..plan(server, seeds)
    };
    plan.run(|_, _| ())
}

/// The failure of a test, which must break this rule, say so in these words, and have a trace.
fn failure<'a>(tested: &'a Tested, rule: &str, words: &str) -> &'a Failure {
    let name = tested.test.name;
    let text = Failed::of(tested, |seed| format!("replay {seed}"), None, None);
    println!("{}", text.expect(name)); // for whoever wants to read it: -- --nocapture
    let failure = tested.failure.as_ref().expect(name);
    let sentence = &failure.finding.sentence;
    assert_eq!(failure.finding.rule, rule, "{name}: {sentence}");
    assert!(sentence.contains(words), "{name}: {sentence}");
    assert!(!failure.trace.is_empty(), "{name} has no trace");
    failure
}

/// Expects that every seed of every test fails on this server.
fn passes_nothing(server: Server, rule: &str, words: &str) {
    for tested in judge(server, 20, false) {
        failure(&tested, rule, words);
        assert_eq!(tested.failed, tested.played, "{}", tested.test.name);
    }
}

#[test]
fn a_server_that_does_nothing_passes_nothing() {
    passes_nothing(
        servers::does_nothing(),
        "a leader within 5 seconds",
        "nobody campaigned",
    );
}

/// What is measured of a server is never measured of nothing. Whose peers are played by hand may
/// have a perfect timer and refuse everything: the first steps charge that.
#[test]
fn whoever_does_nothing_or_refuses_everything_has_no_numbers_and_no_timers() {
    for part in [Part::Numbers, Part::Timers] {
        for tested in plan_part(servers::does_nothing(), part, 2).run(|_, _| ()) {
            assert_eq!(tested.failed, tested.played, "{}", tested.test.name);
        }
        let mut plan = plan_part(servers::refuses_everything(), part, 2);
        let by_hand = [Cast::Alone, Cast::AloneLater];
        plan.tests.retain(|test| !by_hand.contains(&test.cast));
        for tested in plan.run(|_, _| ()) {
            assert_eq!(tested.failed, tested.played, "{}", tested.test.name);
        }
    }
}

#[test]
fn a_server_that_refuses_everything_passes_nothing() {
    passes_nothing(
        servers::refuses_everything(),
        "a leader within 5 seconds",
        "nobody won the elections",
    );
}

/// Whoever does nothing, refuses everything or grants everything must not score by keeping still.
#[test]
fn the_first_steps_sort_out_who_has_not_begun() {
    let wrong = [
        (servers::does_nothing(), "who hears of no leader campaigns"),
        (servers::refuses_everything(), "a server votes"),
        (servers::grants_everything(), "a server refuses votes"),
    ];
    for (server, rule) in wrong {
        for tested in plan_part(server, Part::Basics, 100).run(|_, _| ()) {
            failure(&tested, rule, "S0");
            assert_eq!(tested.failed, tested.played);
        }
    }
    for tested in plan_part(servers::is_careful(), Part::Basics, 100).run(|_, _| ()) {
        assert_eq!(tested.failed, 0, "{:?}", tested.failure);
    }
}

/// As long as nobody else campaigns in the same term, it is a Raft: the first test shows no more.
#[test]
fn a_server_that_grants_everything_passes_nothing_but_by_merit() {
    let tested = judge(servers::grants_everything(), 20, false);
    for tested in &tested[1..] {
        failure(tested, "one vote per server and term", "voted twice");
    }
}

#[test]
fn a_server_that_crowns_itself_passes_nothing() {
    passes_nothing(
        servers::crowns_itself(),
        "a leader has the votes of a majority",
        "never asked for a vote",
    );
}

#[test]
fn a_server_that_leads_in_secret_is_told_to_publish_it() {
    passes_nothing(
        servers::leads_in_secret(),
        "a leader within 5 seconds",
        "sends AppendEntries of term 1, but has not published that it is leader",
    );
}

#[test]
fn a_server_without_a_term_does_not_agree() {
    let tested = &judge(servers::has_no_term(), 20, false)[0];
    let rule = "connected servers agree on the term";
    failure(tested, rule, "is in term 1, S2 still in term 0");
    assert_eq!(tested.failed, tested.played);
}

#[test]
fn a_server_that_says_nothing_is_told_to() {
    let tested = &judge(servers::says_nothing(), 20, false)[0];
    let rule = "a server publishes its status";
    failure(tested, rule, "S2 has never published its status");
}

#[test]
fn a_server_that_heartbeats_do_not_keep_from_campaigning_unseats_the_leader() {
    let tested = &judge(servers::is_impatient(), 20, false)[0];
    let rule = "a leader that nothing disturbs stays";
    failure(
        tested,
        rule,
        "in a healthy network, and it is follower of term",
    );
    assert_eq!(tested.failed, tested.played);
}

#[test]
fn a_leader_that_follows_an_older_one_is_unseated_by_its_return() {
    let tested = &judge(servers::follows_old_leaders(), 20, false)[1];
    let rule = "a leader that nothing disturbs stays";
    failure(tested, rule, "came back, the leader of term");
    assert!(tested.failed > tested.played / 2);
}

#[test]
fn a_server_that_is_right_passes_everything() {
    for tested in judge(servers::is_careful(), 100, true) {
        assert_eq!((tested.failed, tested.played), (0, 100));
    }
}

#[test]
fn a_panic_is_a_finding() {
    passes_nothing(servers::panics(), "a server does not panic", "who are you?");
}

#[test]
fn a_return_is_a_finding() {
    passes_nothing(
        servers::returns(),
        "a server runs until it is killed",
        "returned at 1.000 s",
    );
}

#[test]
fn a_spin_is_a_finding() {
    passes_nothing(
        servers::spins(),
        "a server waits until later",
        "steps within a millisecond, the last one at 0.000 s",
    );
}

#[test]
fn a_server_that_waits_for_nanoseconds_spins() {
    passes_nothing(
        servers::waits_for_nanoseconds(),
        "a server waits until later",
        "steps within a millisecond",
    );
}

#[test]
fn a_flood_is_a_finding() {
    passes_nothing(
        servers::floods(),
        "a server waits between messages",
        "100000 things",
    );
}

#[test]
#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
fn a_stack_overflow_is_a_finding() {
    passes_nothing(
        servers::overflows(),
        "a server does not overflow its stack",
        "at 1.000 s",
    );
}

#[test]
fn a_server_that_does_not_answer_its_leader_is_told_to() {
    let tested = &judge(servers::answers_no_leader(), 20, false)[0];
    let words = "AppendEntries that were delivered, none was answered";
    failure(tested, "requests are answered", words);
}

/// Each step comes back, but so late that a test would take minutes.
#[test]
fn a_server_that_sleeps_in_each_step_is_given_up() {
    let mut plan = plan(servers::sleeps(), 1000);
    plan.tests.truncate(1);
    plan.watchdog = Some(Duration::from_millis(200));
    let tested = plan.run(|_, _| ()).remove(0);
    failure(
        &tested,
        "a server comes back to its inbox",
        "does not come back",
    );
    assert!(tested.given_up && tested.played < 10);
}

#[test]
fn a_server_that_hangs_is_given_up() {
    for tested in judge(servers::hangs(), 20, false) {
        let words = "S1 does not come back to its inbox at 1.000 s, after its deadline passed";
        failure(&tested, "a server comes back to its inbox", words);
        assert!(tested.given_up && tested.played == 1);
    }
}

#[test]
fn a_server_that_hangs_when_it_is_killed_is_given_up() {
    for tested in judge(servers::hangs_when_killed(), 2, false) {
        let words = "after it was killed";
        failure(&tested, "a server comes back to its inbox", words);
        assert!(tested.given_up && tested.played == 1);
    }
}

#[test]
fn two_runs_of_one_seed_that_differ_are_a_finding_of_their_own() {
    for server in [
        servers::remembers_earlier_runs(),
        servers::iterates_a_hash_map(),
        servers::reads_the_wall_clock(),
    ] {
        for tested in judge(server, 40, true) {
            let rule = "two runs of one seed are the same";
            failure(&tested, rule, "two runs of one seed differ");
        }
    }
}

#[test]
fn a_failure_that_does_not_come_back_is_not_called_a_wrong_raft() {
    let many_elections = &judge(servers::remembers_earlier_runs(), 100, false)[2];
    let rule = "two runs of one seed are the same";
    failure(many_elections, rule, "one run of this seed came to this");
}

/// Plays the first test once on this server, in real time.
fn in_real_time(server: Server, rule: &str, words: &str) {
    let mut plan = plan_part(server, Part::RealTime, 1);
    plan.tests.truncate(1);
    plan.watchdog = Some(Duration::from_millis(500));
    failure(&plan.run(|_, _| ())[0], rule, words);
}

#[test]
fn in_real_time_a_panic_is_a_finding() {
    in_real_time(servers::panics(), "a server does not panic", "who are you?");
}

#[test]
fn in_real_time_a_return_is_a_finding() {
    let rule = "a server runs until it is killed";
    in_real_time(servers::returns(), rule, "although nobody had killed it");
}

#[test]
fn in_real_time_a_server_without_votes_does_not_lead() {
    let rule = "a leader has the votes of a majority";
    in_real_time(servers::crowns_itself(), rule, "never asked for a vote");
}

#[test]
fn in_real_time_a_server_that_hangs_when_it_is_killed_is_given_up() {
    let rule = "a server comes back to its inbox";
    in_real_time(servers::hangs_when_killed(), rule, "after it was killed");
}
