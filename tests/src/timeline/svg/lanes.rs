//! What a server is, its election timer, its disk, and what befalls it.

use super::canvas::{Anchor, Canvas, text_width};
use super::{BAND, LEFT, Plan, RIGHT, WIDTH, colour};
use crate::timeline::model::{Cut, EndedBy, InRole, Lane, ResetBy, Role, Timer};

/// Lanes, roles, timers: what lies below the messages.
pub fn bands(plan: &Plan<'_>, canvas: &mut Canvas) {
    for (server, lane) in (0u32..).zip(&plan.timeline.lanes) {
        let y = plan.y(server);
        canvas.keep_free(LEFT, y, WIDTH - LEFT, BAND);
        canvas.bold(20.0, y + 15.0, &format!("S{server}"), 20.0);
        let end = WIDTH - RIGHT;
        canvas.line((LEFT, y + BAND), (end, y + BAND), colour::PALE, 1.0, "");
        if lane.by_hand {
            let middle = y + BAND / 2.0;
            canvas.line((LEFT, middle), (end, middle), colour::GREY, 1.5, "1 4");
            canvas.text(
                LEFT,
                y - 6.0,
                "played by hand",
                Anchor::Start,
                13.0,
                colour::GREY,
            );
        }
        for timer in visible(plan, &lane.timers, |t| (t.begin, t.end)) {
            wedge(plan, canvas, y, timer);
        }
        for role in visible(plan, &lane.roles, |r| (r.begin, r.end)) {
            band(plan, canvas, y, role);
        }
        for span in visible(plan, &lane.down, |s| (s.begin, s.end)) {
            let (x, end) = (plan.x(span.begin), plan.x(span.end));
            let attributes = r##"fill="url(#down)" stroke="#7d8590" stroke-dasharray="4 3""##;
            canvas.rect(x, y, end - x, BAND, attributes);
            inside(canvas, (x, end), y, "down", (colour::INK, "white"));
        }
        cut_off(plan, canvas, server, lane);
    }
}

fn visible<'a, T>(
    plan: &'a Plan<'_>,
    all: &'a [T],
    span: impl Fn(&T) -> (u64, u64) + 'a,
) -> impl Iterator<Item = &'a T> {
    all.iter().filter(move |item| {
        let (begin, end) = span(item);
        plan.window.meets(begin, end)
    })
}

/// A text in a band, if it has room.
fn inside(
    canvas: &mut Canvas,
    (x, end): (f64, f64),
    y: f64,
    text: &str,
    (fill, ground): (&str, &str),
) -> bool {
    let fits = text_width(text, 13.0) + 6.0 <= end - x;
    if fits {
        canvas.text_on(((x + end) / 2.0, y + 13.5), text, 13.0, fill, ground);
    }
    fits
}

fn band(plan: &Plan<'_>, canvas: &mut Canvas, y: f64, role: &InRole) {
    let (x, end) = (plan.x(role.begin), plan.x(role.end));
    let (fill, ink, name) = match role.role {
        Role::Follower => ("#eef1f4", colour::INK, "follower"),
        Role::PreCandidate => ("url(#pre-candidate)", colour::INK, "pre-candidate"),
        Role::Candidate => ("url(#candidate)", colour::INK, "candidate"),
        Role::Leader => (colour::GREEN, "white", "leader"),
    };
    // A moment in a role is still to be seen.
    let width = (end - x).max(2.0);
    canvas.rect(
        x,
        y,
        width,
        BAND,
        &format!(r#"fill="{fill}" stroke="{}""#, colour::INK),
    );
    let whole = format!("{name}, term {}", role.term);
    let colours = (ink, if ink == "white" { fill } else { "white" });
    if !inside(canvas, (x, end), y, &whole, colours) {
        inside(canvas, (x, end), y, &role.term.to_string(), colours);
    }
}

/// A timer runs down from full to empty; where it is reset before, the rest is cut off.
fn wedge(plan: &Plan<'_>, canvas: &mut Canvas, y: f64, timer: &Timer) {
    let height = plan.lane_height * 0.3;
    let (x, end) = (plan.x(timer.begin), plan.x(timer.end));
    let left = |at: u64| match timer.due {
        Some(due) if due > timer.begin => {
            let left = due.saturating_sub(at) as f64 / (due - timer.begin) as f64;
            left * height
        }
        _ => height,
    };
    let from = timer.begin.max(plan.window.from);
    let to = timer.end.min(plan.window.to);
    let points = [(x, y), (x, y - left(from)), (end, y - left(to)), (end, y)];
    let known = timer.due.is_some();
    let attributes = match (timer.inferred, known) {
        (false, true) => format!(
            r#"fill="{0}" fill-opacity="0.35" stroke="{1}" stroke-width="1""#,
            colour::SKY,
            colour::BLUE
        ),
        (false, false) => return waits_for_ever(canvas, x, end, y, timer),
        // Nobody can know when it would have run out: no slope is drawn.
        (true, false) => return edge(canvas, x, end, y, height, timer),
        (true, true) => format!(
            r#"fill="{0}" fill-opacity="0.15" stroke="{1}" stroke-width="1" stroke-dasharray="4 3""#,
            colour::SKY,
            colour::BLUE
        ),
    };
    canvas.polygon(&points, &attributes);
    cause(plan, canvas, y - left(from), timer);
}

/// No timer: a server that set itself no deadline.
fn waits_for_ever(canvas: &mut Canvas, x: f64, end: f64, y: f64, timer: &Timer) {
    let text = "no deadline: waits for ever";
    if text_width(text, 13.0) + 16.0 <= end - x {
        canvas.label(
            &[(x + 12.0, y - 6.0)],
            text,
            Anchor::Start,
            13.0,
            colour::GREY,
        );
    }
    sign(canvas, x, y - 6.0, timer.reset_by);
}

/// A timer of which it is only known that it ran.
fn edge(canvas: &mut Canvas, x: f64, end: f64, y: f64, height: f64, timer: &Timer) {
    let blue = colour::BLUE;
    canvas.line((x, y - height), (x, y), blue, 1.0, "4 3");
    canvas.line(
        (x, y - height * 0.15),
        (end, y - height * 0.15),
        blue,
        1.0,
        "4 3",
    );
    sign(canvas, x, y - height, timer.reset_by);
}

fn cause(plan: &Plan<'_>, canvas: &mut Canvas, top: f64, timer: &Timer) {
    if plan.window.holds(timer.begin) {
        sign(canvas, plan.x(timer.begin), top, timer.reset_by);
    }
}

/// What reset a timer.
pub fn sign(canvas: &mut Canvas, x: f64, y: f64, reset_by: ResetBy) {
    let stroke = r#"stroke="white" stroke-width="1""#;
    let fill = |colour: &str| format!(r#"fill="{colour}" {stroke}"#);
    match reset_by {
        ResetBy::Heartbeat => canvas.circle(x, y, 3.5, &fill(colour::BLUE)),
        ResetBy::Grant => {
            let points = [(x - 5.5, y + 4.0), (x, y - 6.0), (x + 5.5, y + 4.0)];
            canvas.polygon(&points, &fill(colour::GREEN));
        }
        ResetBy::Campaign => {
            let points = [(x, y - 6.5), (x + 6.0, y), (x, y + 6.5), (x - 6.0, y)];
            canvas.polygon(&points, &fill(colour::ORANGE));
        }
        ResetBy::Start => canvas.rect(x - 4.5, y - 4.5, 9.0, 9.0, &fill(colour::INK)),
        ResetBy::SteppedDown => {
            let points = [(x - 5.5, y - 4.0), (x, y + 6.0), (x + 5.5, y - 4.0)];
            canvas.polygon(&points, &fill(colour::PURPLE));
        }
        ResetBy::Other => canvas.cross(x, y, 4.5, colour::VERMILLION, 2.5),
    }
}

/// What lies above the messages: timers that fire, crashes, writes.
pub fn marks(plan: &Plan<'_>, canvas: &mut Canvas) {
    for (server, lane) in (0u32..).zip(&plan.timeline.lanes) {
        let y = plan.y(server);
        for timer in &lane.timers {
            if timer.ended_by == EndedBy::Fired && plan.window.holds(timer.end) {
                fired(canvas, plan.x(timer.end), y);
            }
        }
        for &at in lane.crashes.iter().filter(|&&at| plan.window.holds(at)) {
            let x = plan.x(at);
            canvas.cross(x, y + BAND / 2.0, 9.0, colour::VERMILLION, 4.0);
            let places = [(x + 4.0, y - 8.0), (x + 4.0, y - 24.0)];
            canvas.label(&places, "crashes", Anchor::Start, 14.0, colour::VERMILLION);
        }
        for &at in lane.restarts.iter().filter(|&&at| plan.window.holds(at)) {
            let x = plan.x(at);
            let places = [(x + 8.0, y - 8.0), (x + 8.0, y - 24.0), (x + 8.0, y - 40.0)];
            canvas.label(&places, "restarts", Anchor::Start, 14.0, colour::INK);
        }
        saved(plan, canvas, y, lane);
    }
}

/// A timer runs out.
pub fn fired(canvas: &mut Canvas, x: f64, y: f64) {
    let points: Vec<(f64, f64)> = (0..16)
        .map(|i| {
            let (angle, r) = (
                f64::from(i) * std::f64::consts::PI / 8.0,
                [9.0, 4.0][i as usize % 2],
            );
            (x + angle.sin() * r, y - angle.cos() * r)
        })
        .collect();
    let (fill, stroke) = (colour::ORANGE, colour::INK);
    canvas.polygon(
        &points,
        &format!(r#"fill="{fill}" stroke="{stroke}" stroke-width="0.8""#),
    );
}

/// What a server saved, where its term or its vote is new.
fn saved(plan: &Plan<'_>, canvas: &mut Canvas, y: f64, lane: &Lane) {
    for saved in lane
        .saved
        .iter()
        .filter(|saved| plan.window.holds(saved.at))
    {
        let (x, below) = (plan.x(saved.at), y + BAND);
        disk(canvas, x, below + 6.0);
        let text = match saved.vote {
            Some(vote) => format!("{}: vote S{vote}", saved.term),
            None => format!("{}: no vote", saved.term),
        };
        let places = [(x + 7.0, below + 11.0), (x + 7.0, below + 25.0)];
        canvas.label(&places, &text, Anchor::Start, 12.0, colour::INK);
    }
}

/// A write to the disk.
pub fn disk(canvas: &mut Canvas, x: f64, y: f64) {
    let ink = colour::INK;
    canvas.rect(
        x - 4.0,
        y - 4.0,
        8.0,
        8.0,
        &format!(r#"fill="white" stroke="{ink}""#),
    );
    canvas.rect(x - 2.0, y - 4.0, 4.0, 3.0, &format!(r#"fill="{ink}""#));
}

/// What keeps a server from being heard: it is cut off, or some links are cut.
fn cut_off(plan: &Plan<'_>, canvas: &mut Canvas, server: u32, lane: &Lane) {
    let y = plan.y(server) + BAND;
    let bar = |canvas: &mut Canvas, begin: u64, end: u64, y: f64, text: &str| {
        let (x, end) = (plan.x(begin), plan.x(end));
        let red = colour::VERMILLION;
        canvas.line((x, y), (end, y), red, 2.5, "6 3");
        canvas.keep_free(x, y - 2.0, end - x, 4.0);
        canvas.label(&[(x + 4.0, y + 13.0)], text, Anchor::Start, 12.0, red);
    };
    for span in visible(plan, &lane.isolated, |s| (s.begin, s.end)) {
        bar(canvas, span.begin, span.end, y + 20.0, "✂ cut off from all");
    }
    let mut from_here: Vec<&Cut> = plan.timeline.cuts.iter().collect();
    from_here.retain(|cut| cut.from == server && plan.window.meets(cut.begin, cut.end));
    let mut row = 0.0;
    while let Some(first) = from_here.first().copied() {
        // Links that are cut together are one bar.
        let together = |cut: &&Cut| (cut.begin, cut.end) == (first.begin, first.end);
        let ends: Vec<String> = from_here
            .iter()
            .filter(|cut| together(cut))
            .map(|cut| format!("S{}", cut.to))
            .collect();
        from_here.retain(|cut| !together(cut));
        let text = format!("✂ to {}", ends.join(" "));
        bar(canvas, first.begin, first.end, y + 20.0 + row, &text);
        row = (row + 15.0) % 30.0;
    }
}
