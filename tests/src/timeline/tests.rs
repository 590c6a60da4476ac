//! Small traces, and what is read off them.

use labrpc::{Happening, Header, Lost, Record};
use raftapi::{Raft, Role, ServerId, Stable, Status, Time};

mod moments;
mod story;

use super::model::{About, EndedBy, Kind, ResetBy, Timeline, Timer};
use super::{Window, read};
use crate::rules::testing::*;
use moments::assert_apart;
use story::*;

/// Begin, due, end in ms.
fn spans(timers: &[Timer]) -> Vec<(u64, Option<u64>, u64)> {
    let span = |t: &Timer| (t.begin / MS, t.due.map(|due| due / MS), t.end / MS);
    timers.iter().map(span).collect()
}

fn causes(timers: &[Timer]) -> Vec<(ResetBy, EndedBy)> {
    timers.iter().map(|t| (t.reset_by, t.ended_by)).collect()
}

#[test]
fn a_timer_is_a_deadline_with_what_reset_it_and_what_ended_it() {
    let story = elected();
    let s0 = story.timers(S0);
    assert_eq!(spans(&s0), [(0, Some(300), 300), (300, Some(700), 303)]);
    let fired = (ResetBy::Start, EndedBy::Fired);
    assert_eq!(causes(&s0), [fired, (ResetBy::Campaign, EndedBy::Elected)]);
    let s1 = story.timers(S1);
    let expected = [
        (0, Some(400), 301),
        (301, Some(650), 305),
        (305, Some(900), 306),
    ];
    assert_eq!(spans(&s1), expected);
    assert_eq!(s1[1].reset_by, ResetBy::Grant);
    assert_eq!(s1[2].reset_by, ResetBy::Heartbeat);
    let timeline = story.read();
    let kind = |timer: &Timer| timeline.messages[timer.message.unwrap() as usize].kind;
    assert_eq!((kind(&s1[1]), kind(&s1[2])), (Kind::Vote, Kind::Heartbeat));
    assert!(s0.iter().chain(&s1).all(|timer| !timer.inferred));
}

#[test]
fn an_election_is_its_candidates_grants_and_outcome() {
    let timeline = elected().read();
    let [election] = &timeline.elections[..] else {
        panic!("{:?}", timeline.elections)
    };
    assert_eq!(election.candidates, [(0, 300 * MS)]);
    assert_eq!(election.grants, [(1, 0, 301 * MS)]);
    assert_eq!((election.won, election.split), (Some((0, 303 * MS)), false));

    let split = elected()
        .then(800, 8, [times_out(S2), asks(S2, S0, 2), asks(S2, S1, 2)])
        .then(801, 9, [times_out(S1), asks(S1, S0, 2), asks(S1, S2, 2)])
        .then(999, 10, [times_out(S1), asks(S1, S0, 3), asks(S1, S2, 3)]);
    let elections = split.read().elections;
    assert_eq!(elections.len(), 3);
    assert!(elections[1].split && elections[1].end == 999 * MS);
    assert!(!elections[2].split, "it is not decided yet");
}

#[test]
fn messages_are_whole_and_lost_ones_say_why() {
    let timeline = elected().read();
    let whole = |index: usize| timeline.texts[timeline.messages[index].whole as usize].as_str();
    assert_eq!(
        whole(0),
        "RequestVote { term: 1, candidate: S0, last log: index 0, term 0 }"
    );
    assert_eq!(timeline.messages[1].lost, Some((302 * MS, "lost")));
    let grant = &timeline.messages[2];
    assert_eq!((grant.kind, grant.answers), (Kind::Grant, Some(0)));
    assert!(whole(2).starts_with("VoteReply { term: 1, granted: true }, in answer to Req"));
    // The same text stands there once.
    assert_eq!(timeline.messages[3].whole, timeline.messages[4].whole);
    let about = |about| timeline.events.iter().filter(|e| e.about == about).count();
    assert_eq!((about(About::Vote), about(About::Heartbeat)), (6, 6));
}

#[test]
fn stale_heartbeats_and_refusals_reset_nothing_and_are_asked_about() {
    let story = elected()
        .then(400, 8, [beaten(S1, S2, 0), acks(S1, S2, 0, 1)])
        .then(405, 9, [asks(S2, S1, 1)])
        .then(410, 10, [reaches(S1, S2, 1), answers(S1, S2, 1, false)]);
    assert_eq!(story.timers(S1).len(), 3);
    let moments = story.read().moments;
    let of = |start: &str| {
        let found = moments.iter().find(|m| m.question.starts_with(start));
        found.unwrap_or_else(|| panic!("{start}: {moments:#?}"))
    };
    let answer = |start| {
        let moment = of(start);
        moment.choices[moment.answer].as_str()
    };
    let runs_on = "nothing: it runs on";
    assert_eq!(
        answer("What does the heartbeat of term 0 from S2 do to S1"),
        runs_on
    );
    assert_eq!(
        answer("What does S2's request for a vote in term 1 do to S1"),
        runs_on
    );
    assert_eq!(
        answer("What does the heartbeat of term 1 from S0 do to S1"),
        "it is reset"
    );
    assert_eq!(answer("Who campaigns first?"), "S0");
    assert_eq!(answer("Who wins the election of term 1?"), "S0");
    assert_apart(&moments);
}

#[test]
fn a_reset_without_a_reason_is_something_else() {
    let story = elected().then(
        410,
        9,
        [
            reaches(S1, S2, 1),
            answers(S1, S2, 1, false),
            waits(S1, 990),
        ],
    );
    let timers = story.timers(S1);
    assert_eq!(timers[3].reset_by, ResetBy::Other);
    let moments = story.read().moments;
    let wrong = moments
        .iter()
        .find(|m| m.why.contains("resets it all the same"));
    assert_eq!(wrong.expect("it is told").answer, 0);
}

/// S1 wakes each 50 ms, and campaigns at 300 ms.
fn ticks(due: Option<u64>) -> Story {
    let status = |due: Option<u64>| Happening::Published {
        server: S1,
        status: Status {
            election_due: due.map(Time::from_millis),
            ..Status::new(0, Role::Follower)
        },
    };
    let mut story = Story::default()
        .then(0, 0, [starts(S1), status(due), waits(S1, 50)])
        .then(20, 1, [beaten(S1, S0, 0), status(due.map(|due| due + 20))]);
    for tick in 1..6 {
        let at = tick * 50;
        story = story.then(at, 10 + tick, [times_out(S1), waits(S1, at + 50)]);
    }
    story
        .then(300, 20, [times_out(S1), publishes(S1, 1, Role::Candidate)])
        .then(300, 20, [asks(S1, S0, 1), waits(S1, 350)])
}

#[test]
fn of_a_server_that_ticks_the_timer_is_inferred_or_published() {
    let inferred = ticks(None).timers(S1);
    let expected = [(0, None, 20), (20, Some(300), 300), (300, None, 300)];
    assert_eq!(spans(&inferred), expected);
    assert!(inferred.iter().all(|timer| timer.inferred));
    assert_eq!(causes(&inferred)[1], (ResetBy::Heartbeat, EndedBy::Fired));

    let published = ticks(Some(280)).timers(S1);
    assert_eq!(
        spans(&published)[..2],
        [(0, Some(280), 20), (20, Some(300), 300)]
    );
    assert!(published[..2].iter().all(|timer| !timer.inferred));
}

#[test]
fn a_crash_ends_everything_and_a_start_begins_it_again() {
    let restart = Happening::Started {
        server: S1,
        start: 1,
        stable: Stable::default(),
    };
    let timeline = elected()
        .then(400, 7, [crashes(S1), Happening::Isolated { server: S2 }])
        .then(500, 9, [restart, waits(S1, 800)])
        .then(600, 9, [Happening::Cut { from: S0, to: S1 }])
        .read();
    let lane = &timeline.lanes[1];
    assert_eq!(lane.timers[2].ended_by, EndedBy::Crashed);
    assert_eq!(lane.timers[3].reset_by, ResetBy::Start);
    assert_eq!(
        (&lane.crashes[..], &lane.restarts[..]),
        (&[400 * MS][..], &[500 * MS][..])
    );
    assert_eq!((lane.down[0].begin, lane.down[0].end), (400 * MS, 500 * MS));
    assert_eq!(lane.roles.last().unwrap().end, 400 * MS);
    let cut_off = timeline.lanes[2].isolated[0];
    assert_eq!((cut_off.begin, cut_off.end), (400 * MS, 600 * MS));
    assert_eq!((timeline.cuts[0].from, timeline.cuts[0].end), (0, 600 * MS));
}

#[test]
fn the_end_of_a_trace_is_enough() {
    let whole = elected();
    // The RequestVotes were sent before.
    let from = whole
        .trace
        .iter()
        .position(|r| r.at == Time::from_millis(301));
    let end = &whole.trace[from.unwrap()..];
    let timeline = read(&header(), end);
    assert_eq!((timeline.begin, timeline.end), (301 * MS, 306 * MS));
    assert_eq!(timeline.messages[0].sent, None);
    assert_eq!(timeline.messages[0].arrived, [301 * MS]);
    assert!(
        timeline
            .lanes
            .iter()
            .all(|lane| lane.down.is_empty() && !lane.by_hand)
    );
    assert_eq!(timeline.lanes[1].timers[0].reset_by, ResetBy::Grant);
    for from in 0..whole.trace.len() {
        let timeline = read(&header(), &whole.trace[from..]);
        let window = Window::of(&timeline, None, None);
        super::svg(&timeline, window, true, std::io::sink()).unwrap();
    }
}

#[test]
fn who_neither_starts_nor_waits_is_played_by_hand() {
    let timeline = Story::default()
        .then(0, 0, [starts(S0), waits(S0, 300)])
        .then(10, 1, [beats(S1, S0, 1)])
        .then(
            11,
            2,
            [beaten(S0, S1, 1), acks(S0, S1, 1, 1), waits(S0, 400)],
        )
        .read();
    assert!(timeline.lanes[1].by_hand && !timeline.lanes[0].by_hand);
    assert!(timeline.lanes[1].timers.is_empty() && timeline.lanes[1].down.is_empty());
    assert_eq!(timeline.lanes[2].down.len(), 1, "nothing was seen of S2");
}

#[test]
fn a_slow_disk_does_not_hide_why_a_timer_was_reset() {
    // The grant of step 1 leaves when the disk is done, in the middle of step 2.
    let timers = Story::default()
        .then(0, 0, [starts(S1), waits(S1, 300)])
        .then(10, 1, [reaches(S1, S0, 1), waits(S1, 400)])
        .then(15, 2, [beaten(S1, S0, 1), waits(S1, 450)])
        .then(20, 1, [persists(S1, 1, Some(S0)), answers(S1, S0, 1, true)])
        .then(21, 2, [acks(S1, S0, 1, 1)])
        .timers(S1);
    let causes: Vec<ResetBy> = timers.iter().map(|timer| timer.reset_by).collect();
    assert_eq!(causes, [ResetBy::Start, ResetBy::Grant, ResetBy::Heartbeat]);
}

#[test]
fn a_broken_rule_is_pinned_to_its_server() {
    let finding = "S1 voted twice in term 1: for S0 <b>, for S2".to_string();
    let timeline = elected()
        .then(600, 9, [Happening::RuleBroken { finding }])
        .read();
    let broken = timeline.broken.as_ref().expect("it is broken");
    assert_eq!((broken.at, broken.server), (600 * MS, Some(1)));
    let mut svg = Vec::new();
    let window = Window::of(&timeline, None, None);
    super::svg(&timeline, window, true, &mut svg).unwrap();
    let svg = String::from_utf8(svg).unwrap();
    assert!(
        svg.contains("0.600 s: S1 voted twice in term 1: for S0 &lt;b&gt;"),
        "{svg}"
    );
    for word in ["leader, term 1", "1: vote S0", ">lost<", "a_story, seed 7"] {
        assert!(svg.contains(word), "{word} is missing");
    }
}

#[test]
fn the_whole_run_as_columns() {
    let text = crate::columns::all_columns(
        &elected().trace,
        3,
        Time::from_millis(300)..=Time::from_millis(303),
        true,
    );
    let expected = "
           S0                     S1                     S2
  0.300 s  deadline
           saves term 1, vote S0
           CANDIDATE 1
           vote? 1 > S1 S2
           waits until 0.700 s
  0.301 s                         S0 > vote? 1
                                  saves term 1, vote S0
                                  FOLLOWER 1
                                  grants 1 > S0
                                  waits until 0.650 s
  0.302 s                                                S0 > x (lost)
  0.303 s  S1 > grants 1
           LEADER 1
           heartbeat 1 > S1 S2
           waits until 0.403 s
";
    assert_eq!(text, expected[1..], "\n{text}");
}

#[test]
fn columns_without_heartbeats_still_tell_of_lost_votes() {
    let all = Time::ZERO..=Time::NEVER;
    let story = elected().then(310, 9, [beats(S0, S2, 1), lost(S0, S2)]);
    let text = crate::columns::all_columns(&story.trace, 3, all, false);
    assert_eq!(text.matches("S0 > x (lost)").count(), 1, "{text}");
    assert!(
        !text.contains("heartbeat") && !text.contains("waits"),
        "{text}"
    );
}

#[test]
fn who_waits_for_ever_has_no_timer_that_is_due() {
    let never = Happening::DeadlineSet {
        server: S1,
        deadline: Some(Time::NEVER),
    };
    let story = Story::default()
        .then(0, 0, [starts(S1), never])
        .then(900, 1, [crashes(S2)]);
    let timers = story.timers(S1);
    assert_eq!(spans(&timers), [(0, None, 900)]);
    assert!(!timers[0].inferred);
    let svg = drawn(&story.read());
    assert!(svg.contains("no deadline: waits for ever"), "{svg}");
}

#[test]
fn refusals_that_reset_the_timer_are_shown_however_many() {
    let mut story = elected();
    for refusal in 0..8 {
        let at = 400 + refusal * 10;
        story = story
            .then(at, 10 + refusal, [asks(S2, S1, 1), reaches(S1, S2, 1)])
            .then(at, 10 + refusal, [answers(S1, S2, 1, false)])
            .then(at, 10 + refusal, [waits(S1, at + 500)]);
    }
    let timers = story
        .then(970, 30, [times_out(S1), publishes(S1, 2, Role::Candidate)])
        .timers(S1);
    let other = timers.iter().filter(|t| t.reset_by == ResetBy::Other);
    assert_eq!(other.count(), 8);
    assert!(timers.iter().all(|timer| !timer.inferred));
}

fn drawn(timeline: &Timeline) -> String {
    let mut svg = Vec::new();
    let window = Window::of(timeline, None, None);
    super::svg(timeline, window, true, &mut svg).unwrap();
    String::from_utf8(svg).unwrap()
}

#[test]
fn notes_of_one_time_are_one_and_what_was_expected_comes_last() {
    let note = |note: &str| Happening::Noted { note: note.into() };
    let timeline = elected()
        .then(
            400,
            9,
            [note("as expected: a leader"), note("S0 is cut off")],
        )
        .then(400, 9, [note("and S1 too")])
        .then(401, 9, [note("not as expected: nobody leads")])
        .then(900, 9, [crashes(S2)])
        .read();
    let notes: Vec<_> = timeline
        .notes
        .iter()
        .map(|n| (n.text.as_str(), n.expected))
        .collect();
    let both = "S0 is cut off; and S1 too; as expected: a leader";
    assert_eq!(
        notes,
        [(both, false), ("not as expected: nobody leads", true)]
    );
    let svg = drawn(&timeline);
    assert!(
        svg.contains(&format!("<title>0.400 s: {both}</title>")),
        "{svg}"
    );
    assert!(svg.contains(&format!(">{both}</text>")), "{svg}");
}
