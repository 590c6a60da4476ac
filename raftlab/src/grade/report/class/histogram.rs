//! How points are distributed, as a drawing.

use maud::{Markup, html};

use crate::grade::model::{Class, Points};

use super::summary::with_mark;

/// A bar for each ten percent, and one for all points.
const BARS: usize = 11;
const WIDTH: usize = 660;
const HEIGHT: usize = 230;
const BASE: usize = 190;
const TOP: usize = 24;

pub fn section(class: &Class) -> Markup {
    let mut counts = [0_usize; BARS];
    for graded in with_mark(class) {
        counts[bar(graded.points)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let step = WIDTH / BARS;
    html! {
        section.card aria-labelledby="points" {
            h2 id="points" { "Points" }
            svg.histogram viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(in_words(&counts)) {
                line.axis x1="0" x2=(WIDTH) y1=(BASE) y2=(BASE) {}
                @for (i, &count) in counts.iter().enumerate() {
                    @let height = (BASE - TOP) * count / most;
                    @let (left, middle) = (i * step + 4, i * step + step / 2);
                    rect.all[i == BARS - 1] x=(left) y=(BASE - height) width=(step - 8) height=(height) rx="3" {}
                    @if count > 0 { text x=(middle) y=(BASE - height - 7) { (count) } }
                    text.soft x=(middle) y=(BASE + 20) { (label(i)) }
                }
            }
            p.aside { "How many submissions earned how many percent of the points." }
        }
    }
}

/// Which bar these points belong to.
fn bar(points: Points) -> usize {
    let (earned, of) = (
        points.earned.as_hundredths() as usize,
        points.of.as_hundredths() as usize,
    );
    (earned * (BARS - 1))
        .checked_div(of)
        .unwrap_or(0)
        .min(BARS - 1)
}

/// `20–29`
fn label(bar: usize) -> String {
    match bar {
        b if b == BARS - 1 => "all".to_string(),
        0 => "0\u{2013}9".to_string(),
        b => format!("{}\u{2013}{}", 10 * b, 10 * b + 9),
    }
}

fn in_words(counts: &[usize]) -> String {
    let some = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    let words: Vec<String> = some
        .map(|(i, count)| format!("{}: {count}", label(i)))
        .collect();
    match words.is_empty() {
        true => "Nobody has a mark".to_string(),
        false => format!("Submissions by percent of the points: {}", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grade::model::Score;

    #[test]
    fn who_lacks_a_hundredth_does_not_have_all() {
        let bar = |hundredths| {
            bar(Points {
                earned: Score::hundredths(hundredths),
                of: Score::points(100),
            })
        };
        assert_eq!(
            [0, 999, 1000, 9999, 10_000, 12_000].map(bar),
            [0, 0, 1, 9, 10, 10]
        );
        assert_eq!(super::bar(Points::default()), 0);
    }
}
