//! Directing a cluster: what scripts may ask for, and what they are told.

use std::collections::BTreeSet;
use std::time::Duration;

use labrpc::Happening;
use raftapi::{ServerId, Stable};
use suite::cluster::Cluster;
use suite::finding::{Finding, Outcome};
use suite::part::Part;
use suite::play::{Mode, Played, play};
use suite::test::Test;
use suite::watch::Recording;

use crate::servers;

const S0: ServerId = ServerId::new(0);
const S1: ServerId = ServerId::new(1);
const S2: ServerId = ServerId::new(2);
const SECOND: Duration = Duration::from_secs(1);

/// Plays a script on three careful servers.
fn direct(script: fn(&mut Cluster) -> Outcome) -> Played {
    let test = Test {
        name: "script",
        limit: 60 * SECOND,
        script,
        ..Test::of(Part::Classic)
    };
    let mode = Mode {
        recording: Recording::Everything,
        ..Mode::default()
    };
    play(&servers::is_careful(), &test, 1, mode)
}

fn finding(script: fn(&mut Cluster) -> Outcome) -> Finding {
    direct(script).finding.expect("something is found")
}

#[test]
fn a_script_that_gets_what_it_expects_finds_nothing() {
    let played = direct(|cluster| {
        let leader = cluster.check_one_leader()?;
        cluster.crash(leader.server)?;
        assert_eq!(cluster.status(leader.server), None);
        let next = cluster.check_one_leader()?;
        assert!(next.server != leader.server && next.term > leader.term);
        cluster.restart(leader.server)?;
        cluster.advance(SECOND)?;
        cluster.check_terms()?;
        assert_eq!(cluster.stable(leader.server).current_term, next.term);
        assert!(cluster.counts().calls > 10);
        Ok(())
    });
    assert_eq!(played.finding, None);
    let statistics = &played.statistics;
    assert_eq!(statistics.elections().len(), 2);
    assert_eq!(statistics.times_to_leader().len(), 2);
}

#[test]
fn check_no_leader_finds_the_leader() {
    let finding = finding(|cluster| {
        cluster.check_one_leader()?;
        cluster.check_no_leader()
    });
    assert_eq!(finding.rule, "no leader without a majority");
    assert!(finding.sentence.contains("is leader of term 1"));
}

#[test]
fn a_test_has_a_limit_in_virtual_time() {
    let finding = finding(|cluster| cluster.advance(61 * SECOND));
    assert_eq!(finding.sentence, "the test is not over after 60.000 s");
}

#[test]
fn what_cannot_be_done_is_the_script_s_fault_and_named() {
    let finding = finding(|cluster| cluster.crash(ServerId::new(7)));
    assert_eq!(finding.rule, "a test can be played");
    assert_eq!(
        finding.sentence,
        "server cannot be S7: there is no such server"
    );
}

#[test]
fn whoever_is_in_no_group_hears_nobody() {
    let played = direct(|cluster| {
        cluster.partition(&[&[S0, S1]])?;
        let leader = cluster.check_one_leader()?;
        assert_ne!(leader.server, S2);
        cluster.advance(2 * SECOND)?;
        // S2 has campaigned alone, again and again, and nobody has noticed.
        assert!(cluster.stable(S2).current_term > leader.term + 2);
        assert_eq!(cluster.stable(S0).current_term, leader.term);
        cluster.heal_all()?;
        cluster.advance(2 * SECOND)?;
        cluster.check_terms()?;
        Ok(())
    });
    assert_eq!(played.finding, None);
}

#[test]
fn a_cut_link_is_cut_in_one_direction() {
    let played = direct(|cluster| {
        let leader = cluster.check_one_leader()?;
        let deaf = cluster.servers().find(|&id| id != leader.server);
        let deaf = deaf.expect("there are three");
        cluster.cut(leader.server, deaf)?;
        cluster.advance(2 * SECOND)?;
        // It hears no heartbeat, campaigns, and is heard.
        assert!(cluster.stable(leader.server).current_term > leader.term);
        cluster.heal(leader.server, deaf)
    });
    assert_eq!(played.finding, None);
}

#[test]
fn a_server_starts_from_what_was_put_on_its_disk() {
    let played = direct(|cluster| {
        cluster.crash(S0)?;
        let stable = Stable {
            current_term: 41,
            ..Stable::default()
        };
        cluster.preload(S0, stable)?;
        cluster.restart(S0)?;
        let leader = cluster.check_one_leader()?;
        assert!(leader.term >= 41);
        Ok(())
    });
    assert_eq!(played.finding, None);
}

/// What the Go lab leaves to chance: it draws with replacement, and the leader may never be among
/// those that are cut off.
#[test]
fn each_round_of_many_elections_cuts_off_three_servers_the_leader_in_three_rounds() {
    let mut all = suite::all().into_iter();
    let many_elections = all.find(|test| test.path() == "classic::many_elections");
    let many_elections = many_elections.expect("it is in the suite");
    for seed in 0..100 {
        let mode = Mode {
            recording: Recording::Everything,
            ..Mode::default()
        };
        let played = play(&servers::is_careful(), &many_elections, seed, mode);
        let mut rounds: Vec<(u64, BTreeSet<ServerId>, bool)> = Vec::new();
        let mut leader = None;
        for record in &played.trace {
            match record.what {
                Happening::Published { server, status } if status.role == raftapi::Role::Leader => {
                    leader = Some(server);
                }
                Happening::Isolated { server } => {
                    let at = record.at.as_nanos();
                    if rounds.last().is_none_or(|&(began, ..)| began != at) {
                        rounds.push((at, BTreeSet::new(), false));
                    }
                    let (_, cut, with_leader) = rounds.last_mut().expect("one was just begun");
                    cut.insert(server);
                    *with_leader |= leader == Some(server);
                }
                _ => {}
            }
        }
        assert_eq!(rounds.len(), 9, "seed {seed}");
        assert!(
            rounds.iter().all(|(_, cut, _)| cut.len() == 3),
            "seed {seed}"
        );
        let with_leader = rounds.iter().filter(|(.., leader)| *leader).count();
        assert!(with_leader >= 3, "seed {seed}: {with_leader}");
    }
}
