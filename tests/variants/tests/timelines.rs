//! The election timers of correct servers, however they are written, read off traces of them.

use labrpc::Header;
use suite::play::{Mode, play};
use suite::timeline::model::{EndedBy, Lane, ResetBy, Role, Timeline, Timer};
use suite::watch::Recording;
use variants::{Variant, all};

const MS: u64 = 1_000_000;

fn timelines(variant: &Variant) -> impl Iterator<Item = Timeline> {
    let tests = [
        "re_election",
        "leader_crashes",
        "everything_at_once",
        "crashes_while_writing",
    ];
    tests.into_iter().map(|name| {
        let test = suite::all().into_iter().find(|test| test.name == name);
        let test = test.expect("there is such a test");
        let mode = Mode {
            recording: Recording::Everything,
            ..Mode::default()
        };
        let played = play(&variant.server, &test, 3, mode);
        let header = Header {
            trace: Header::VERSION,
            run: test.name.to_string(),
            seed: 3,
            servers: test.servers,
            about: variant.server.about(),
        };
        suite::timeline::read(&header, &played.trace)
    })
}

fn timers(timeline: &Timeline) -> impl Iterator<Item = (&Lane, &Timer)> {
    let lanes = timeline.lanes.iter();
    lanes.flat_map(|lane| lane.timers.iter().map(move |timer| (lane, timer)))
}

#[test]
fn timers_follow_one_another_and_leaders_have_none() {
    for variant in all() {
        for timeline in timelines(&variant) {
            let place = format!("{}, {}", variant.name, timeline.run);
            for lane in &timeline.lanes {
                let mut last = 0;
                for timer in &lane.timers {
                    assert!(
                        timer.begin >= last && timer.end >= timer.begin,
                        "{place}: {timer:?}"
                    );
                    last = timer.end;
                }
            }
            for (lane, timer) in timers(&timeline) {
                let mut leads = lane.roles.iter().filter(|role| role.role == Role::Leader);
                let apart = leads.all(|role| role.end <= timer.begin || timer.end <= role.begin);
                assert!(apart, "{place}: {timer:?}");
                if timer.ended_by == EndedBy::Fired {
                    let due = timer.due.expect("what fired was due");
                    assert!((due..=due + MS).contains(&timer.end), "{place}: {timer:?}");
                }
            }
        }
    }
}

#[test]
fn what_resets_a_timer_is_known() {
    let (mut all_of_them, mut unknown) = (0, 0);
    for variant in all() {
        for timeline in timelines(&variant) {
            for (_, timer) in timers(&timeline) {
                all_of_them += 1;
                unknown += usize::from(timer.reset_by == ResetBy::Other);
            }
        }
    }
    assert!(unknown * 1000 < all_of_them, "{unknown} of {all_of_them}");
}

#[test]
fn who_wakes_for_other_reasons_is_found_out() {
    for variant in all() {
        let name = variant.name.as_str();
        let wakes = ["ticks", "poller", "mutex", "wakes-for-nothing"];
        let wakes = wakes.iter().any(|prefix| name.starts_with(prefix));
        let timely = name.starts_with("reference") || ["plain", "publishes-due"].contains(&name);
        if !wakes && !timely {
            continue;
        }
        for timeline in timelines(&variant) {
            // As a candidate, who waits to the end, it may wait for nothing else.
            let heard = |timer: &&Timer| timer.reset_by == ResetBy::Heartbeat;
            for timer in timers(&timeline).map(|(_, timer)| timer).filter(heard) {
                assert_eq!(timer.inferred, wakes, "{name}, {}: {timer:?}", timeline.run);
            }
        }
    }
}

#[test]
fn a_question_is_answered_before_the_next_is_asked() {
    let mut asked = 0;
    for variant in all() {
        for timeline in timelines(&variant) {
            let place = format!("{}, {}", variant.name, timeline.run);
            asked += timeline.moments.len();
            let mut last = timeline.begin;
            for moment in &timeline.moments {
                assert!(
                    last <= moment.at && moment.at < moment.shown,
                    "{place}: {moment:?}"
                );
                last = moment.shown;
            }
            assert!(last <= timeline.end, "{place}");
        }
    }
    assert!(asked > 100, "{asked}");
}
