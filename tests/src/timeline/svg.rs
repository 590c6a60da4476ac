//! A drawing for slides and for print: a window of a run, to scale.
//!
//! Time runs to the right; each server has a lane. Colours are those of Okabe and Ito, which the
//! colour-blind can tell apart; nothing is told by colour alone.

mod canvas;
mod lanes;
mod legend;
mod messages;

use std::io::{self, Write};

use raftapi::Time;

use super::model::Timeline;
use super::window::Window;
use canvas::{Anchor, Canvas};

/// Okabe and Ito's colours, and greys.
mod colour {
    pub const ORANGE: &str = "#E69F00";
    pub const SKY: &str = "#56B4E9";
    pub const GREEN: &str = "#009E73";
    pub const YELLOW: &str = "#F0E442";
    pub const BLUE: &str = "#0072B2";
    pub const VERMILLION: &str = "#D55E00";
    pub const PURPLE: &str = "#8F4E74";
    pub const INK: &str = "#1b1f24";
    pub const GREY: &str = "#7d8590";
    pub const PALE: &str = "#d9dee4";
}

/// How wide a drawing is, in its own units: as wide as a slide.
const WIDTH: f64 = 1600.0;
/// Where time begins, and how much is left free at the right.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 30.0;
/// Where the first lane begins.
const TOP: f64 = 92.0;
/// How high the band of a server's role is.
const BAND: f64 = 18.0;

/// The scales of a drawing.
struct Plan<'a> {
    timeline: &'a Timeline,
    window: Window,
    heartbeats: bool,
    lane_height: f64,
}

impl Plan<'_> {
    fn x(&self, at: u64) -> f64 {
        let Window { from, to } = self.window;
        let at = at.clamp(from, to);
        LEFT + (at - from) as f64 / (to - from) as f64 * (WIDTH - LEFT - RIGHT)
    }

    /// The top of a server's band.
    fn y(&self, server: u32) -> f64 {
        TOP + f64::from(server) * self.lane_height + self.lane_height * 0.5
    }

    fn bottom(&self) -> f64 {
        TOP + self.timeline.lanes.len() as f64 * self.lane_height
    }
}

/// Draws what this window holds.
///
/// # Errors
///
/// Those of `to`.
pub fn svg(
    timeline: &Timeline,
    window: Window,
    heartbeats: bool,
    mut to: impl Write,
) -> io::Result<()> {
    let lane_height = match timeline.lanes.len() {
        0..=3 => 150.0,
        4..=5 => 128.0,
        6..=9 => 96.0,
        _ => 76.0,
    };
    let plan = Plan {
        timeline,
        window,
        heartbeats,
        lane_height,
    };
    let mut canvas = Canvas::default();
    axis(&plan, &mut canvas);
    title(&plan, &mut canvas);
    // Marks first: their labels matter most, and keep the places of those of messages.
    lanes::bands(&plan, &mut canvas);
    messages::messages(&plan, &mut canvas);
    lanes::marks(&plan, &mut canvas);
    let height = foot(&plan, &mut canvas);
    canvas.write(WIDTH, height, &mut to)
}

/// Lines at round times, and the times below them.
fn axis(plan: &Plan<'_>, canvas: &mut Canvas) {
    let Window { from, to } = plan.window;
    let step = round_step(to - from);
    let bottom = plan.bottom();
    let digits = match step {
        100_000_000.. => 1,
        10_000_000.. => 2,
        1_000_000.. => 3,
        100_000.. => 4,
        _ => 6,
    };
    let mut at = from.div_ceil(step) * step;
    while at <= to {
        let x = plan.x(at);
        canvas.line((x, TOP - 6.0), (x, bottom), colour::PALE, 1.0, "");
        let label = format!("{:.digits$} s", at as f64 / 1e9);
        canvas.text(x, bottom + 20.0, &label, Anchor::Middle, 14.0, colour::INK);
        at += step;
    }
}

/// A step of 1, 2 or 5 times a power of ten, about a tenth of the whole.
fn round_step(whole: u64) -> u64 {
    let aim = whole / 12;
    let mut power = 1;
    while power * 10 <= aim {
        power *= 10;
    }
    let steps = [1, 2, 5, 10];
    let fits = steps.into_iter().find(|step| step * power >= aim);
    fits.unwrap_or(10) * power
}

fn title(plan: &Plan<'_>, canvas: &mut Canvas) {
    let timeline = plan.timeline;
    let Window { from, to } = plan.window;
    let title = format!("{}, seed {}", timeline.run, timeline.seed);
    canvas.bold(LEFT, 30.0, &canvas::clipped(&title, 110), 22.0);
    let (from, to) = (Time::from_nanos(from), Time::from_nanos(to));
    let servers = match timeline.lanes.len() {
        1 => "1 server".to_string(),
        servers => format!("{servers} servers"),
    };
    let mut about = format!("{servers}, {from} to {to}");
    if !timeline.about.is_empty() {
        about = format!("{about}; {}", timeline.about);
    }
    let about = canvas::clipped(&about, 200);
    canvas.text(LEFT, 52.0, &about, Anchor::Start, 14.0, colour::GREY);
    notes(plan, canvas);
}

/// Notes, on lines of their own where they are close to one another. Those that only say that
/// something came as expected get the places that are left. Whose text has none keeps its mark, and
/// tells it to who points there.
fn notes(plan: &Plan<'_>, canvas: &mut Canvas) {
    let seen = || {
        let notes = plan.timeline.notes.iter();
        notes.filter(|note| plan.window.holds(note.at))
    };
    let own = seen().filter(|note| !note.expected);
    for note in own.chain(seen().filter(|note| note.expected)) {
        let x = plan.x(note.at);
        let places = [(x + 5.0, TOP - 14.0), (x + 5.0, TOP - 28.0)];
        let written = [110, 60, 30].into_iter().any(|length| {
            let text = canvas::clipped(&note.text, length);
            canvas.label(&places, &text, Anchor::Start, 13.0, colour::PURPLE)
        });
        if written || !note.expected {
            let bottom = plan.bottom();
            let title = format!("{}: {}", Time::from_nanos(note.at), note.text);
            canvas.begin_titled(&title);
            canvas.line((x, TOP - 26.0), (x, bottom), colour::PURPLE, 1.0, "2 3");
            canvas.end_titled();
        }
    }
}

/// What was found to be wrong, and the legend. Where the drawing ends.
fn foot(plan: &Plan<'_>, canvas: &mut Canvas) -> f64 {
    let mut y = plan.bottom() + 44.0;
    if let Some(broken) = &plan.timeline.broken
        && plan.window.holds(broken.at)
    {
        let x = plan.x(broken.at);
        canvas.line((x, TOP - 10.0), (x, y - 16.0), colour::VERMILLION, 2.5, "");
        if let Some(server) = broken.server {
            canvas.pin(x, plan.y(server) + BAND / 2.0);
        }
        let at = Time::from_nanos(broken.at);
        let text = format!("✖ {at}: {}", broken.finding);
        for line in canvas::wrapped(&text, 150).into_iter().take(4) {
            canvas.text(LEFT, y, &line, Anchor::Start, 16.0, colour::VERMILLION);
            y += 22.0;
        }
        y += 8.0;
    }
    legend::legend(plan, canvas, y)
}
