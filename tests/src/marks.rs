//! What a server's tests are worth: points, part by part.
//!
//! A test's points are earned when all its seeds pass: one broken rule on one seed, and they are
//! gone. Who fails the [basics](Part::Basics) earns none at all. [Extra](Part::Extra) points are
//! beyond the hundred, for what a server declares.

use crate::part::Part;
use crate::tested::Tested;

/// Points earned, and how many there were to earn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Points {
    /// Earned.
    pub earned: u32,
    /// Of those that were played.
    pub of: u32,
}

/// What a server's tests are worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Each part of which something was played, in order.
    pub parts: Vec<(Part, Points)>,
    /// All parts but the extra.
    pub points: Points,
    /// The extra part.
    pub extra: Points,
    /// Whether the basics failed, so that nothing was earned.
    pub basics_failed: bool,
}

impl Marks {
    /// The marks of these tests. What was not played does not count.
    pub fn of(tested: &[Tested]) -> Marks {
        let basics = tested.iter().filter(|t| t.test.part == Part::Basics);
        let mut marks = Marks {
            basics_failed: basics.clone().any(|t| t.failed > 0),
            ..Marks::default()
        };
        for part in Part::ALL {
            let of_part = tested.iter().filter(|t| t.test.part == part);
            let played: Vec<_> = of_part.filter(|t| t.played > 0).collect();
            let points = Points {
                earned: match marks.basics_failed {
                    true => 0,
                    false => sum(played.iter().filter(|t| t.failed == 0)),
                },
                of: sum(played.iter()),
            };
            if points.of == 0 {
                continue;
            }
            marks.parts.push((part, points));
            let total = match part {
                Part::Extra => &mut marks.extra,
                _ => &mut marks.points,
            };
            total.earned += points.earned;
            total.of += points.of;
        }
        marks
    }
}

fn sum<'a>(tested: impl Iterator<Item = &'a &'a Tested>) -> u32 {
    tested.map(|tested| tested.test.points).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All tests, played and passed, but those of these names.
    fn played(failing: &[&str]) -> Vec<Tested> {
        let all = crate::all().into_iter();
        all.map(|test| Tested::with(&test, 10, u64::from(failing.contains(&test.name))))
            .collect()
    }

    #[test]
    fn there_are_a_hundred_points_and_some_extra() {
        let marks = Marks::of(&played(&[]));
        assert_eq!((marks.points.earned, marks.points.of), (100, 100));
        assert!(marks.extra.of > 0 && marks.extra.earned == marks.extra.of);
        let parts: Vec<Part> = marks.parts.iter().map(|&(part, _)| part).collect();
        assert_eq!(parts, Part::ALL[1..]);
    }

    #[test]
    fn a_test_that_fails_loses_its_points_and_no_others() {
        let marks = Marks::of(&played(&["re_election"]));
        assert!(marks.points.earned < 100 && marks.points.earned >= 90);
        assert_eq!(marks.extra, Marks::of(&played(&[])).extra);
    }

    #[test]
    fn whoever_fails_the_basics_earns_nothing() {
        let marks = Marks::of(&played(&["first_steps"]));
        assert_eq!((marks.points.earned, marks.extra.earned), (0, 0));
        assert!(marks.basics_failed && marks.points.of == 100);
    }

    #[test]
    fn what_was_not_played_does_not_count() {
        let mut played = played(&[]);
        for tested in &mut played {
            if tested.test.part == Part::RealTime {
                tested.played = 0;
            }
        }
        let marks = Marks::of(&played);
        assert!(marks.points.of < 100 && marks.points.earned == marks.points.of);
    }
}
