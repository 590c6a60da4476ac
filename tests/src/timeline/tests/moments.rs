//! What is asked of small traces, and when.

use super::*;
use crate::timeline::model::Moment;

/// One is over before the next is asked about.
pub fn assert_apart(moments: &[Moment]) {
    assert!(moments.iter().all(|moment| moment.at < moment.shown));
    for pair in moments.windows(2) {
        assert!(pair[0].shown <= pair[1].at, "{pair:#?}");
    }
}

fn of<'a>(moments: &'a [Moment], start: &str) -> &'a Moment {
    let found = moments.iter().find(|m| m.question.starts_with(start));
    found.unwrap_or_else(|| panic!("{start}: {moments:#?}"))
}

/// All start, and wait until then.
fn wait_until(deadlines: [Time; 3]) -> Story {
    let servers = [S0, S1, S2].into_iter().zip(deadlines);
    servers.fold(Story::default(), |story, (server, deadline)| {
        let waits = Happening::DeadlineSet {
            server,
            deadline: Some(deadline),
        };
        story.then(0, server.index() as u64, [starts(server), waits])
    })
}

#[test]
fn a_vote_is_asked_about_where_nobody_asks_who_wins() {
    let story = elected()
        .then(900, 8, [times_out(S1), persists(S1, 2, Some(S1))])
        .then(900, 8, [publishes(S1, 2, Role::Candidate)])
        .then(900, 8, [asks(S1, S2, 2), waits(S1, 1300)])
        .then(910, 9, [reaches(S2, S1, 2), persists(S2, 2, Some(S1))])
        .then(910, 9, [answers(S2, S1, 2, true), waits(S2, 1400)])
        .then(920, 10, [hears(S1, S2, 2, true)])
        .then(920, 10, [publishes(S1, 2, Role::Leader)]);
    let moments = story.read().moments;
    let moment = of(
        &moments,
        "What does S1's request for a vote in term 2 do to S2",
    );
    assert_eq!(moment.choices[moment.answer], "it is reset");
    assert_apart(&moments);
}

#[test]
fn who_campaigns_first_is_asked_before_the_pre_vote() {
    let moments = wait_until([300, 400, 500].map(Time::from_millis))
        .then(300, 3, [times_out(S0), waits(S0, 700)])
        .then(300, 3, [publishes(S0, 0, Role::PreCandidate)])
        .then(310, 4, [hears(S0, S1, 0, true), waits(S0, 720)])
        .then(310, 4, [publishes(S0, 1, Role::Candidate), asks(S0, S1, 1)])
        .read()
        .moments;
    let moment = of(&moments, "Who campaigns first?");
    assert!(moment.at < 300 * MS && moment.shown == 310 * MS);
    assert_eq!(
        moment.why,
        "Whose election timer runs out first and who then is granted the pre-votes of a majority. \
         S0's ran from 0.000 s to 0.300 s; S1's ran from 0.000 s and was due at 0.400 s; S2's ran \
         from 0.000 s and was due at 0.500 s"
    );
}

#[test]
fn who_is_told_to_campaign_waits_for_no_timer() {
    let moments = wait_until([300, 400, 500].map(Time::from_millis))
        .then(200, 4, [hears(S0, S1, 0, true), waits(S0, 720)])
        .then(200, 4, [publishes(S0, 1, Role::Candidate), asks(S0, S1, 1)])
        .read()
        .moments;
    assert!(moments.iter().all(|m| m.question != "Who campaigns first?"));
}

#[test]
fn times_that_are_close_are_told_to_the_microsecond() {
    let close = [300_100, 300_200, 400_000].map(|us| Time::from_nanos(us * 1000));
    let mut story = wait_until(close).then(300, 3, [times_out(S0), waits(S0, 700)]);
    for record in &mut story.trace[6..] {
        record.at = close[0];
    }
    let at = story.trace.len();
    story = story.then(300, 3, [publishes(S0, 1, Role::Candidate), asks(S0, S1, 1)]);
    for record in &mut story.trace[at..] {
        record.at = close[0];
    }
    let moments = story.read().moments;
    let why = &of(&moments, "Who campaigns first?").why;
    assert!(
        why.contains("S0's ran from 0.000000 s to 0.300100 s; S1's ran from 0.000000 s and was due at 0.300200 s"),
        "{why}"
    );
}

#[test]
fn what_happens_at_one_time_is_asked_about_once_and_truly() {
    // A heartbeat resets the timer; what comes at the same time finds the new one.
    let story = elected()
        .then(400, 8, [beats(S0, S1, 1), beaten(S1, S0, 1)])
        .then(400, 8, [acks(S1, S0, 1, 1), waits(S1, 950)])
        .then(400, 9, [asks(S2, S1, 1), reaches(S1, S2, 1)])
        .then(400, 9, [answers(S1, S2, 1, false)])
        .then(400, 10, [beaten(S2, S0, 1), acks(S2, S0, 1, 1)])
        .then(400, 10, [waits(S2, 960)]);
    let moments = story.read().moments;
    assert_apart(&moments);
    let then = moments.iter().filter(|m| m.shown == 400 * MS).count();
    assert_eq!(then, 1, "{moments:#?}");
    let refused = |m: &&Moment| m.why.contains("refuses its vote");
    assert_eq!(moments.iter().find(refused).map(|m| &m.why), None);
}
