//! Messages: arrows from when they leave to when they arrive.

use super::canvas::{Anchor, Canvas};
use super::{BAND, Plan, colour};
use crate::timeline::model::{Kind, Message};

/// How an arrow is drawn.
pub struct Look {
    pub stroke: &'static str,
    pub width: f64,
    pub dashes: &'static str,
    pub head: Head,
    pub opacity: f64,
}

/// The end of an arrow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Head {
    Filled,
    /// With a bar before it: a refusal.
    Barred,
    Open,
}

/// How a message looks.
pub fn look(kind: Kind) -> Look {
    let look = |stroke, width, dashes, head, opacity| Look {
        stroke,
        width,
        dashes,
        head,
        opacity,
    };
    match kind {
        Kind::Vote => look(colour::BLUE, 1.8, "", Head::Filled, 1.0),
        Kind::PreVote => look(colour::BLUE, 1.6, "2 3", Head::Filled, 1.0),
        Kind::Grant => look(colour::GREEN, 2.4, "", Head::Filled, 1.0),
        Kind::PreGrant => look(colour::GREEN, 1.8, "2 3", Head::Filled, 1.0),
        Kind::Refusal => look(colour::VERMILLION, 1.8, "7 3", Head::Barred, 1.0),
        Kind::PreRefusal => look(colour::VERMILLION, 1.6, "2 3", Head::Barred, 1.0),
        Kind::Heartbeat => look(colour::GREY, 1.2, "", Head::Filled, 0.8),
        Kind::Ok => look(colour::GREY, 0.8, "", Head::Open, 0.45),
        Kind::NotOk => look(colour::VERMILLION, 1.0, "7 3", Head::Open, 0.9),
        Kind::Transfer => look(colour::PURPLE, 2.0, "10 3 2 3", Head::Filled, 1.0),
    }
}

fn is_heartbeat(kind: Kind) -> bool {
    matches!(kind, Kind::Heartbeat | Kind::Ok | Kind::NotOk)
}

pub fn messages(plan: &Plan<'_>, canvas: &mut Canvas) {
    let all = plan.timeline.messages.iter();
    let shown = all.filter(|message| plan.heartbeats || !is_heartbeat(message.kind));
    // Votes lie above heartbeats.
    let (below, above): (Vec<_>, Vec<_>) = shown.partition(|message| is_heartbeat(message.kind));
    let mut lost = Vec::new();
    for message in below.into_iter().chain(above) {
        lost.extend(draw(plan, canvas, message));
    }
    // Why messages were lost is written when all crosses are there, and once for those that lie
    // close together. Votes come last and matter most.
    let mut said: Vec<&Loss> = Vec::new();
    for loss in lost.iter().rev() {
        let close = |known: &&&Loss| {
            let same = known.why == loss.why && known.from == loss.from;
            same && (known.x - loss.x).abs() < 110.0
        };
        if said.iter().any(|known| close(&known)) {
            continue;
        }
        let places = [(loss.x + 7.0, loss.y + 4.0), (loss.x + 4.0, loss.y + 16.0)];
        if canvas.label(&places, loss.why, Anchor::Start, 11.0, loss.stroke) {
            said.push(loss);
        }
    }
}

/// A message that was lost, and where its cross is.
struct Loss {
    x: f64,
    y: f64,
    from: u32,
    why: &'static str,
    stroke: &'static str,
}

/// Where a message leaves or touches the band of a server, on the side of the other.
fn edge(plan: &Plan<'_>, server: u32, other: u32) -> f64 {
    let y = plan.y(server);
    match server.cmp(&other) {
        std::cmp::Ordering::Less => y + BAND,
        std::cmp::Ordering::Equal => y,
        std::cmp::Ordering::Greater => y,
    }
}

fn draw(plan: &Plan<'_>, canvas: &mut Canvas, message: &Message) -> Option<Loss> {
    let look = look(message.kind);
    let from = edge(plan, message.from, message.to);
    let to = edge(plan, message.to, message.from);
    for &at in &message.arrived {
        // Nobody knows when it left: the arrow is short.
        let sent = message.sent.unwrap_or(at);
        if plan.window.meets(sent, at) {
            let start = match message.sent {
                Some(sent) => point(plan, (sent, from), (at, to), sent),
                None => (plan.x(at) - 8.0, to - (to - from).signum() * 14.0),
            };
            let end = point(plan, (sent, from), (at, to), at);
            let whole = plan.window.holds(at);
            arrow(canvas, start, end, &look, whole.then_some(look.head));
        }
    }
    let ((at, why), sent) = (message.lost?, message.sent?);
    if !message.arrived.is_empty() || !plan.window.holds(sent) {
        return None;
    }
    let start = (plan.x(sent), from);
    let far = (to - from).abs().min(plan.lane_height * 0.32);
    let x = plan.x(at).max(start.0 + 3.0);
    let y = from + (to - from).signum() * far;
    arrow(canvas, start, (x, y), &look, None);
    canvas.cross(x, y, 4.0, look.stroke, 2.0);
    canvas.keep_free(x - 4.0, y - 4.0, 8.0, 8.0);
    Some(Loss {
        x,
        y,
        from: message.from,
        why,
        stroke: look.stroke,
    })
}

/// The point of an arrow at a time; at the window's edge, if that is outside.
fn point(plan: &Plan<'_>, from: (u64, f64), to: (u64, f64), at: u64) -> (f64, f64) {
    let at = at.clamp(plan.window.from, plan.window.to);
    let part = match to.0.saturating_sub(from.0) {
        0 if at == to.0 => 1.0,
        0 => 0.0,
        whole => at.saturating_sub(from.0) as f64 / whole as f64,
    };
    (plan.x(at), from.1 + (to.1 - from.1) * part.min(1.0))
}

pub fn arrow(
    canvas: &mut Canvas,
    start: (f64, f64),
    end: (f64, f64),
    look: &Look,
    head: Option<Head>,
) {
    canvas.raw(&format!(r#"<g opacity="{}">"#, look.opacity));
    canvas.line(start, end, look.stroke, look.width, look.dashes);
    if let Some(head) = head {
        tip(canvas, start, end, look, head);
    }
    canvas.raw("</g>");
}

fn tip(canvas: &mut Canvas, start: (f64, f64), end: (f64, f64), look: &Look, head: Head) {
    let (dx, dy) = (end.0 - start.0, end.1 - start.1);
    let length = dx.hypot(dy).max(0.001);
    let (ux, uy) = (dx / length, dy / length);
    let size = 5.0 + look.width * 2.0;
    let at = |back: f64, side: f64| (end.0 - ux * back - uy * side, end.1 - uy * back + ux * side);
    let wings = [at(size, size * 0.42), end, at(size, -size * 0.42)];
    let stroke = look.stroke;
    match head {
        Head::Filled => canvas.polygon(&wings, &format!(r#"fill="{stroke}""#)),
        Head::Open | Head::Barred => {
            let attributes = format!(r#"fill="white" stroke="{stroke}" stroke-width="1.2""#);
            canvas.polygon(&wings, &attributes);
        }
    }
    if head == Head::Barred {
        let back = size + 4.0;
        canvas.line(at(back, 6.0), at(back, -6.0), stroke, 2.2, "");
    }
}
