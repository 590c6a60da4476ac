//! Plain Raft with habits that one does not expect, each of them right.

mod habits;
mod server;

use std::time::Duration;

use raftapi::{Server, Timing};

use crate::Variant;
use habits::{Draw, Habits, Saves};
use server::Odd;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A plain server for each habit, and one with many of them.
pub fn variants() -> Vec<Variant> {
    let plain = Habits::default;
    // Room for one heartbeat more to each peer from one round to the next.
    let slow = Timing::unchecked(ms(250), ms(750), ms(1500));
    vec![
        odd(
            "plain",
            plain(),
            "votes in a BTreeSet; replies to AppendEntries ignored but for newer terms, as there is \
             no log to mend; a newer term does not reset the timer (Figure 2)",
        ),
        odd(
            "asks-itself",
            Habits {
                asks_itself: true,
                ..plain()
            },
            "asks itself for its vote by RPC and counts the answer: one vote per server all the same",
        ),
        odd(
            "asks-again",
            Habits {
                asks_again: Some(ms(50)),
                ..plain()
            },
            "asks those who have not answered again each 50 ms: 'servers retry RPCs' (5.1)",
        ),
        odd(
            "hears-itself",
            Habits {
                hears_itself: true,
                ..plain()
            },
            "a leader's own heartbeats reset its timer, so that stepping down need not: it has heard \
             from the current leader, itself, until then",
        ),
        odd(
            "beats-itself",
            Habits {
                beats_itself: true,
                ..plain()
            },
            "sends heartbeats to everybody, itself included, and answers them",
        ),
        odd(
            "publishes-last",
            Habits {
                publishes_last: true,
                ..plain()
            },
            "says what it is at the end of a step, when the messages have left",
        ),
        odd(
            "publishes-due",
            Habits {
                publishes_due: true,
                ..plain()
            },
            "says when its election timer is due, too",
        ),
        with_timing(
            "beats-the-lagging",
            slow,
            Habits {
                beats_lagging: true,
                ..plain()
            },
            "a peer whose log differs gets a heartbeat more at once, as in 5.3, at most one between \
             two rounds: below 10 a second",
        ),
        odd(
            "probes",
            Habits {
                probes: true,
                ..plain()
            },
            "nextIndex of 5.3: an entry earlier for a peer with each refusal",
        ),
        odd(
            "prev-zero",
            Habits {
                prev_zero: true,
                ..plain()
            },
            "heartbeats follow index 0, which every log matches: nothing is to be appended",
        ),
        odd(
            "staggered",
            Habits {
                staggered: true,
                ..plain()
            },
            "a heartbeat timer for each peer, up to 40 ms apart after the first round",
        ),
        odd(
            "backwards",
            Habits {
                backwards: true,
                ..plain()
            },
            "speaks to its peers from the last to the first",
        ),
        odd(
            "saves-always",
            Habits {
                saves: Saves::AtEachEvent,
                ..plain()
            },
            "writes its disk at each event, changed or not",
        ),
        odd(
            "saves-lazily",
            Habits {
                saves: Saves::BeforeSending,
                ..plain()
            },
            "writes its disk before it sends or answers, not sooner (Figure 2: 'before responding')",
        ),
        odd(
            "saves-in-two",
            Habits {
                saves: Saves::TermThenVote,
                ..plain()
            },
            "writes a newer term and its vote in it one after the other; nothing leaves between",
        ),
        odd(
            "answers-later",
            Habits {
                answers_after: Some(ms(1)),
                ..plain()
            },
            "votes, saves, and answers in a later step, 1 ms after: a slow network could do the same",
        ),
        odd(
            "triangular",
            Habits {
                draw: Draw::Triangular,
                ..plain()
            },
            "timeouts from the middle of the range are likelier: 'chosen randomly' (5.2), no more",
        ),
        odd(
            "milliseconds",
            Habits {
                draw: Draw::Milliseconds,
                ..plain()
            },
            "draws in whole milliseconds",
        ),
        odd(
            "draws-ahead",
            Habits {
                draw: Draw::Ahead,
                ..plain()
            },
            "draws the next timeout when it begins to use one",
        ),
        odd(
            "gives-up",
            Habits {
                gives_up: true,
                ..plain()
            },
            "a candidate that a majority has refused is a follower of the same term again, its timer \
             running on: it cannot win any more",
        ),
        odd(
            "wakes-for-nothing",
            Habits {
                lazy_timer: true,
                ..plain()
            },
            "a reset does not move its deadline: it wakes at the old one, looks, and waits on",
        ),
        odd("everything", everything(), "many habits at once"),
    ]
}

fn odd(name: &'static str, habits: Habits, description: &'static str) -> Variant {
    with_timing(name, Timing::LAB, habits, description)
}

fn with_timing(
    name: &'static str,
    timing: Timing,
    habits: Habits,
    description: &'static str,
) -> Variant {
    let server = Server::new(timing, move |ctx| Odd::new(ctx, timing, habits).run());
    Variant::new(name, server, description)
}

fn everything() -> Habits {
    Habits {
        asks_itself: true,
        asks_again: Some(ms(70)),
        hears_itself: true,
        publishes_last: true,
        probes: true,
        staggered: true,
        backwards: true,
        saves: Saves::BeforeSending,
        answers_after: Some(Duration::from_micros(300)),
        draw: Draw::Triangular,
        gives_up: true,
        lazy_timer: true,
        ..Habits::default()
    }
}
