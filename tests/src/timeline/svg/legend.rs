//! What the signs of a drawing mean.

use super::canvas::{Anchor, Canvas, text_width};
use super::messages::{arrow, look};
use super::{LEFT, Plan, RIGHT, WIDTH, colour, lanes};
use crate::timeline::model::{Kind, ResetBy, Role};

/// How high a row is.
const ROW: f64 = 28.0;

/// The patterns that tell roles apart without colour.
pub fn patterns() -> String {
    let (orange, yellow) = (colour::ORANGE, colour::YELLOW);
    format!(
        r##"<defs>
<pattern id="candidate" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="8" height="8" fill="{orange}"/><rect width="2" height="8" fill="white" fill-opacity="0.55"/></pattern>
<pattern id="pre-candidate" width="8" height="8" patternUnits="userSpaceOnUse"><rect width="8" height="8" fill="{yellow}"/><circle cx="4" cy="4" r="1.4" fill="#8a7d00"/></pattern>
<pattern id="down" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="9" height="9" fill="white"/><rect width="1" height="9" fill="#c3c9d0"/></pattern>
</defs>
"##
    )
}

/// An entry: how wide its sign is, the sign, and what it means.
type Entry = (f64, fn(&mut Canvas, f64, f64), &'static str);

/// The legend, from `y` downwards. Where it ends.
pub fn legend(plan: &Plan<'_>, canvas: &mut Canvas, y: f64) -> f64 {
    let mut entries: Vec<Entry> = Vec::new();
    entries.extend(roles(plan));
    entries.extend(timers());
    entries.extend(messages(plan));
    entries.push((
        12.0,
        |c, x, y| lanes::disk(c, x + 6.0, y),
        "saves term and vote",
    ));
    let (mut x, mut y) = (LEFT, y);
    canvas.line(
        (LEFT, y - 20.0),
        (WIDTH - RIGHT, y - 20.0),
        colour::PALE,
        1.0,
        "",
    );
    for (width, sign, text) in entries {
        let whole = width + 8.0 + text_width(text, 13.0) + 22.0;
        if x + whole > WIDTH {
            (x, y) = (LEFT, y + ROW);
        }
        sign(canvas, x, y);
        canvas.text(
            x + width + 8.0,
            y + 4.5,
            text,
            Anchor::Start,
            13.0,
            colour::INK,
        );
        x += whole;
    }
    y + ROW
}

fn roles(plan: &Plan<'_>) -> Vec<Entry> {
    let lanes = plan.timeline.lanes.iter();
    let mut roles = lanes.flat_map(|lane| &lane.roles);
    let asks_first = roles.any(|role| role.role == Role::PreCandidate);
    let mut all: Vec<Entry> = vec![
        (30.0, |c, x, y| swatch(c, x, y, "#eef1f4"), "follower"),
        (
            30.0,
            |c, x, y| swatch(c, x, y, "url(#candidate)"),
            "candidate",
        ),
        (30.0, |c, x, y| swatch(c, x, y, colour::GREEN), "leader"),
        (30.0, |c, x, y| swatch(c, x, y, "url(#down)"), "down"),
    ];
    if asks_first {
        let entry: Entry = (
            30.0,
            |c, x, y| swatch(c, x, y, "url(#pre-candidate)"),
            "pre-candidate",
        );
        all.insert(1, entry);
    }
    all
}

fn swatch(canvas: &mut Canvas, x: f64, y: f64, fill: &str) {
    let attributes = format!(r#"fill="{fill}" stroke="{}""#, colour::INK);
    canvas.rect(x, y - 8.0, 30.0, 16.0, &attributes);
}

fn timers() -> Vec<Entry> {
    vec![
        (
            40.0,
            |c, x, y| {
                let points = [(x, y + 8.0), (x, y - 9.0), (x + 40.0, y + 8.0)];
                let (sky, blue) = (colour::SKY, colour::BLUE);
                let attributes =
                    format!(r#"fill="{sky}" fill-opacity="0.35" stroke="{blue}" stroke-width="1""#);
                c.polygon(&points, &attributes);
            },
            "election timer, runs down (dashed: inferred), reset by:",
        ),
        (
            10.0,
            |c, x, y| lanes::sign(c, x + 5.0, y, ResetBy::Heartbeat),
            "heartbeat",
        ),
        (
            10.0,
            |c, x, y| lanes::sign(c, x + 5.0, y, ResetBy::Grant),
            "granted vote",
        ),
        (
            10.0,
            |c, x, y| lanes::sign(c, x + 5.0, y, ResetBy::Campaign),
            "own campaign",
        ),
        (
            10.0,
            |c, x, y| lanes::sign(c, x + 5.0, y, ResetBy::Start),
            "start",
        ),
        (
            10.0,
            |c, x, y| lanes::sign(c, x + 5.0, y, ResetBy::SteppedDown),
            "stepping down",
        ),
        (
            10.0,
            |c, x, y| lanes::sign(c, x + 5.0, y, ResetBy::Other),
            "something else",
        ),
        (18.0, |c, x, y| lanes::fired(c, x + 9.0, y), "runs out"),
    ]
}

fn messages(plan: &Plan<'_>) -> Vec<Entry> {
    fn sample(canvas: &mut Canvas, x: f64, y: f64, kind: Kind) {
        let look = look(kind);
        arrow(
            canvas,
            (x, y + 5.0),
            (x + 38.0, y - 5.0),
            &look,
            Some(look.head),
        );
    }
    let window = plan.window;
    let shown = |kind: Kind| {
        let mut all = plan.timeline.messages.iter();
        all.any(|m| m.kind == kind && m.sent.is_some_and(|at| window.holds(at)))
    };
    let mut all: Vec<Entry> = vec![
        (38.0, |c, x, y| sample(c, x, y, Kind::Vote), "RequestVote"),
        (38.0, |c, x, y| sample(c, x, y, Kind::Grant), "granted"),
        (38.0, |c, x, y| sample(c, x, y, Kind::Refusal), "refused"),
    ];
    if plan.heartbeats {
        all.push((
            38.0,
            |c, x, y| sample(c, x, y, Kind::Heartbeat),
            "heartbeat",
        ));
        all.push((38.0, |c, x, y| sample(c, x, y, Kind::Ok), "its answer"));
    }
    if shown(Kind::NotOk) && plan.heartbeats {
        all.push((38.0, |c, x, y| sample(c, x, y, Kind::NotOk), "not ok"));
    }
    if shown(Kind::PreVote) {
        all.push((
            38.0,
            |c, x, y| sample(c, x, y, Kind::PreVote),
            "the same as a pre-vote",
        ));
    }
    if shown(Kind::Transfer) {
        all.push((
            38.0,
            |c, x, y| sample(c, x, y, Kind::Transfer),
            "leadership transfer",
        ));
    }
    all.push((
        24.0,
        |c, x, y| {
            c.line((x, y + 4.0), (x + 20.0, y - 2.0), colour::BLUE, 1.8, "");
            c.cross(x + 20.0, y - 2.0, 4.0, colour::BLUE, 2.0);
        },
        "lost",
    ));
    all
}
