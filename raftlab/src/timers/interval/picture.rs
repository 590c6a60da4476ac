//! The trade-off as one picture: down-time above, needless elections below.

use super::{IntervalArgs, MINIMA, Measured, RANGES, recommended};
use crate::timers::chart::{self, Axis, Chart, Kind, Panel, Series, short};
use crate::timers::run::millis;

pub(super) fn picture(args: &IntervalArgs, measured: &[Measured]) -> Chart {
    let best = recommended(args, measured);
    let ends = MINIMA.map(|minimum| millis(args.heartbeat.mul_f64(minimum)));
    let axis = || {
        let (first, last) = (ends[0] * 0.9, ends[ends.len() - 1] * 1.1);
        Axis::log("shortest election timeout, ms", first, last)
    };
    let of = |range: f64| measured.iter().filter(move |m| m.range == range);
    let name = |range: f64| format!("longest = {range} x shortest");
    let mark = best.map(|m| (m.millis().0, format!("recommended: {} ms", m.name())));

    let mut downtime = Panel {
        title: format!(
            "Down-time, at {} crashes a year",
            short(args.failures_per_year)
        ),
        x: axis(),
        y: Axis::log("s a year", 1.0, 10.0),
        height: 400.0,
        series: Vec::new(),
        mark: mark.clone(),
    };
    let mut needless = Panel {
        title: format!("Needless elections, at {} % loss", short(100.0 * args.loss)),
        x: axis(),
        y: Axis::log("a year", 1e-3, 1e7),
        height: 400.0,
        series: Vec::new(),
        mark: mark.map(|(at, _)| (at, String::new())),
    };
    let (mut least, mut most) = (f64::MAX, 0.0_f64);
    for (colour, range) in RANGES.into_iter().enumerate() {
        let (mut points, mut intervals) = (Vec::new(), Vec::new());
        for m in of(range) {
            if let Some(e) = m.downtime_a_year(args) {
                // Of too small a sample the mean alone.
                let (low, high) = match e.is_bounded() {
                    true => (e.low, e.high),
                    false => (e.value, e.value),
                };
                // The axis is logarithmic: what reaches to 0 ends at its edge.
                let lowest = if low > 0.0 { low } else { e.value / 2.0 };
                (least, most) = (least.min(lowest), most.max(high));
                points.push((m.millis().0, e.value));
                intervals.push((low, high));
            }
        }
        downtime.series.push(Series {
            intervals,
            ..Series::line(name(range), colour, points)
        });
        let formula: Vec<(f64, f64)> = of(range).map(|m| (m.millis().0, m.needless)).collect();
        let points = above(&formula, needless.y.min);
        needless
            .series
            .push(Series::line(name(range), colour, points));
    }
    if most > 0.0 {
        (downtime.y.min, downtime.y.max) = (least * 0.8, most * 1.25);
    }
    let crashes = args.failures_per_year;
    let edges = vec![(axis().min, crashes), (axis().max, crashes)];
    needless.series.push(Series::line("crashes", 5, edges));
    let widest = RANGES.len() - 1;
    let seen: Vec<&Measured> = of(RANGES[widest]).filter(|m| m.seen.needless > 0).collect();
    needless.series.push(Series {
        label: format!("seen, {} x", RANGES[widest]),
        kind: Kind::Points,
        colour: widest,
        points: seen
            .iter()
            .map(|m| (m.millis().0, m.needless_seen().value))
            .collect(),
        intervals: seen
            .iter()
            .map(|m| (m.needless_seen().low, m.needless_seen().high))
            .collect(),
    });
    chart::draw(
        "Down-time and needless elections against the election timeout",
        &[&downtime, &needless],
    )
}

/// A falling line down to where it leaves a panel with logarithmic axes.
fn above(points: &[(f64, f64)], floor: f64) -> Vec<(f64, f64)> {
    let inside = points.partition_point(|point| point.1 >= floor);
    let mut line = points[..inside].to_vec();
    if let (Some(last), Some(next)) = (line.last().copied(), points.get(inside)) {
        let part = (last.1 / floor).ln() / (last.1 / next.1.max(f64::MIN_POSITIVE)).ln();
        line.push((last.0 * (next.0 / last.0).powf(part), floor));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_where_it_leaves_its_panel() {
        let line = [(1.0, 100.0), (10.0, 1.0), (100.0, 0.01)];
        assert_eq!(above(&line, 0.001), line);
        let cut = above(&line, 0.1);
        assert_eq!(cut[..2], line[..2]);
        assert!((cut[2].0 - 10f64.powf(1.5)).abs() < 1e-9 && cut[2].1 == 0.1);
        assert_eq!(above(&[], 0.1), []);
    }
}
