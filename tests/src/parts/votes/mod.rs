//! Whom a server votes for, and which votes count. One server runs, its peers are played by hand;
//! each message takes a millisecond.

mod counting;
mod terms;
mod voting;

use std::time::Duration;

use labrpc::{Delay, Faults};

use crate::cluster::Cluster;
use crate::finding::Outcome;
use crate::part::Part;
use crate::test::{Cast, Test};

/// Until a message has arrived for sure, and its answer.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(5);

pub(super) fn network() -> Faults {
    Faults::RELIABLE.delayed(Delay::Constant(Duration::from_millis(1)))
}

fn vote(
    name: &'static str,
    description: &'static str,
    script: fn(&mut Cluster) -> Outcome,
) -> Test {
    Test {
        name,
        points: 1,
        description,
        cast: Cast::Alone,
        faults: network(),
        script,
        ..Test::of(Part::Votes)
    }
}

/// The majority of so many servers.
fn even(servers: usize, name: &'static str, description: &'static str) -> Test {
    Test {
        servers,
        hint: "a majority of the full cluster, more than half of it, and not of those who have answered \
               so far; with it a candidate leads at once, however late in its campaign (Raft paper, 5.2)",
        ..vote(name, description, counting::half_is_no_majority)
    }
}

/// The tests of voting.
pub(super) fn tests() -> Vec<Test> {
    vec![
        Test {
            servers: 5,
            hint: "each server votes for at most one candidate in a term, first come, first served; \
                   each new term begins without a vote (Raft paper, 5.2 and Figure 2)",
            ..vote(
                "first_come_first_served",
                "one vote in each term, and for whoever asks first",
                voting::first_come_first_served,
            )
        },
        Test {
            hint: "voted_for is null or candidateId: a candidate whose grant was lost may ask again, and \
                   gets the same answer (Raft paper, Figure 2)",
            ..vote(
                "a_lost_grant_is_given_again",
                "the same candidate may ask again in the same term",
                voting::a_lost_grant_is_given_again,
            )
        },
        Test {
            hint: "a candidate votes for itself: voted_for says so (Raft paper, 5.2; Figure 2, \
                   'Candidates')",
            ..vote(
                "a_candidate_has_voted",
                "a candidate refuses other candidates of its term",
                voting::a_candidate_has_voted,
            )
        },
        Test {
            hint: "reply false if term < currentTerm; each reply says the current term (Raft paper, \
                   Figure 2 and 5.1)",
            ..vote(
                "older_terms_are_refused",
                "a candidate of an older term is refused, and told the current one",
                voting::older_terms_are_refused,
            )
        },
        Test {
            hint: "if a request contains a newer term, take it over and be a follower, whatever you were \
                   (Raft paper, 5.1; Figure 2, 'All Servers')",
            ..vote(
                "newer_terms_in_requests",
                "followers, candidates and leaders take over a newer term from a request",
                terms::newer_terms_in_requests,
            )
        },
        Test {
            hint: "if a response contains a newer term, take it over and be a follower, whatever you were \
                   (Raft paper, 5.1; Figure 2, 'All Servers')",
            ..vote(
                "newer_terms_in_replies",
                "followers, candidates and leaders take over a newer term from a reply",
                terms::newer_terms_in_replies,
            )
        },
        Test {
            hint: "only votes that were granted count: look at vote_granted; a refusal changes nothing, and with the \
                   others' votes a candidate wins (Raft paper, 5.2)",
            ..vote(
                "refusals_do_not_count",
                "a refusal is no vote, and does not end the campaign",
                counting::refusals_do_not_count,
            )
        },
        Test {
            servers: 5,
            hint: "an election is won with votes of the same term: each begins with no vote but one's own, \
                   and the request that a reply answers says of which it is (Raft paper, 5.2)",
            ..vote(
                "votes_of_an_earlier_term_do_not_count",
                "neither late ones, nor those that were counted in the election before",
                counting::votes_of_an_earlier_term_do_not_count,
            )
        },
        Test {
            servers: 5,
            hint: "count servers, not replies: a network may deliver one twice (Raft paper, 5.2)",
            ..vote(
                "each_server_counts_once",
                "a vote that arrives several times is one vote",
                counting::each_server_counts_once,
            )
        },
        Test {
            hint: "a candidate that hears a leader of its own term follows it, and its vote in that term is \
                   given all the same (Raft paper, 5.2; Figure 2, 'Candidates')",
            ..vote(
                "heartbeats_of_the_same_term",
                "a candidate yields to the leader of its term; no vote is free again",
                terms::heartbeats_of_the_same_term,
            )
        },
        Test {
            hint: "votes make a leader of a candidate only: count them in that role (Raft paper, 5.2; \
                   Figure 4)",
            ..vote(
                "votes_for_a_follower_do_not_count",
                "votes that arrive after a candidate has stepped down",
                counting::votes_for_a_follower_do_not_count,
            )
        },
        Test {
            servers: 1,
            hint: "a candidate counts its own vote, and looks whether that is a majority: of one server it is \
                   (Raft paper, 5.2; Figure 2, 'Candidates')",
            ..vote(
                "one_server_leads_alone",
                "of one server, its own vote is the majority, and nobody need answer",
                counting::one_server_leads_alone,
            )
        },
        even(
            2,
            "the_majority_of_two_is_two",
            "one vote of two is too few, two are enough at once",
        ),
        even(
            4,
            "the_majority_of_four_is_three",
            "two votes of four are too few, three are enough at once",
        ),
        even(
            6,
            "the_majority_of_six_is_four",
            "three votes of six are too few, four are enough at once",
        ),
        even(
            8,
            "the_majority_of_eight_is_five",
            "four votes of eight are too few, five are enough at once",
        ),
        Test {
            hint: "reply false if term < currentTerm, and let nothing else of it have any effect (Raft \
                   paper, Figure 2, 'AppendEntries RPC', point 1; 5.1)",
            ..vote(
                "heartbeats_of_an_older_term",
                "a leader that has been replaced is refused and changes nothing",
                terms::heartbeats_of_an_older_term,
            )
        },
        Test {
            servers: 5,
            hint: "a reply may come when nobody waits for it any more: compare its request's term with \
                   the current one, and look at your role (Students' Guide to Raft, 'Term confusion')",
            ..vote(
                "late_replies_change_nothing",
                "replies to a leader and a follower that do not expect them",
                terms::late_replies_change_nothing,
            )
        },
    ]
}
