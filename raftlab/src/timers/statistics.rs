//! Estimates, each with the interval that holds the true value with a probability of 95 %. An end that a
//! sample is too small to have is infinite.

/// The standard normal distribution's 97.5 % quantile.
const Z: f64 = 1.959_964;

/// The probability that the true value is beyond one end of an interval.
const BEYOND: f64 = 0.025;

/// Of fewer numbers no interval of their mean is told: how they are spread is not known well enough.
const FEWEST: usize = 10;

/// A number that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The likeliest value.
    pub value: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Estimate {
    /// The same in another unit.
    #[must_use]
    pub fn times(self, factor: f64) -> Estimate {
        Estimate {
            value: self.value * factor,
            low: self.low * factor,
            high: self.high * factor,
        }
    }

    /// Whether the sample was large enough for both ends.
    pub fn is_bounded(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    /// The same of what cannot be above a limit.
    #[must_use]
    pub fn at_most(self, limit: f64) -> Estimate {
        match self.is_bounded() {
            true => Estimate {
                high: self.high.min(limit),
                ..self
            },
            false => self,
        }
    }

    /// For people: `171.3 (168.0-174.9)`, and `171.3 (-)` of too small a sample.
    pub fn text(self, decimals: usize) -> String {
        let Estimate { value, low, high } = self;
        match self.is_bounded() {
            true => format!("{value:.decimals$} ({low:.decimals$}-{high:.decimals$})"),
            false => format!("{value:.decimals$} (-)"),
        }
    }

    /// For programs: value, lower end, upper end; empty what there is not.
    pub fn csv(estimate: Option<Estimate>, decimals: usize) -> [String; 3] {
        let number = |value: f64| match value.is_finite() {
            true => format!("{value:.decimals$}"),
            false => String::new(),
        };
        let numbers = estimate.map(|e| [e.value, e.low, e.high].map(number));
        numbers.unwrap_or_default()
    }
}

/// How probable something is that happened `happened` times of `of`: Wilson's score interval, which
/// is honest at 0 and at 1, too. Of nothing, nothing is known.
pub fn proportion(happened: u64, of: u64) -> Estimate {
    if of == 0 {
        return Estimate {
            value: f64::NAN,
            low: 0.0,
            high: 1.0,
        };
    }
    let (k, n) = (happened as f64, of as f64);
    let p = k / n;
    let scale = 1.0 + Z * Z / n;
    let centre = (p + Z * Z / (2.0 * n)) / scale;
    let reach = Z / scale * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    Estimate {
        value: p,
        low: if happened == 0 { 0.0 } else { centre - reach },
        high: if happened == of { 1.0 } else { centre + reach },
    }
}

/// The mean of a sample of what cannot be below 0: Student's interval, with the first terms of Cornish's
/// and Fisher's series for his quantile. None of an empty sample.
pub fn mean(sample: &[f64]) -> Option<Estimate> {
    if sample.is_empty() {
        return None;
    }
    let n = sample.len() as f64;
    let value = sample.iter().sum::<f64>() / n;
    if sample.len() < FEWEST {
        return Some(Estimate {
            value,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        });
    }
    let squares: f64 = sample.iter().map(|x| (x - value) * (x - value)).sum();
    let freedom = n - 1.0;
    let first = (Z.powi(3) + Z) / (4.0 * freedom);
    let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / (96.0 * freedom * freedom);
    let reach = (Z + first + second) * (squares / freedom / n).sqrt();
    Some(Estimate {
        value,
        low: (value - reach).max(0.0),
        high: value + reach,
    })
}

/// What this share of all, 0 to 1, does not exceed, by a sorted sample: its interval reaches from one
/// order statistic to another, whatever the distribution. Where not even the least or the greatest is
/// beyond the true value with enough certainty, there is no such end. None of an empty sample.
pub fn quantile(sorted: &[f64], share: f64) -> Option<Estimate> {
    let (least, greatest) = (*sorted.first()?, *sorted.last()?);
    let n = sorted.len() as f64;
    let at = |rank: f64| sorted[rank as usize - 1];
    let reach = Z * (n * share * (1.0 - share)).sqrt();
    let (low, high) = (
        (n * share - reach).floor(),
        (n * share + reach).ceil() + 1.0,
    );
    Some(Estimate {
        value: at((n * share).ceil().clamp(1.0, n)),
        low: match low {
            low if low >= 1.0 => at(low),
            _ if (1.0 - share).powf(n) <= BEYOND => least,
            _ => f64::NEG_INFINITY,
        },
        high: match high {
            high if high <= n => at(high),
            _ if share.powf(n) <= BEYOND => greatest,
            _ => f64::INFINITY,
        },
    })
}

/// How often something happens in a unit of time that happened `events` times in `time`: Byar's
/// approximation of the exact Poisson interval. If nothing was seen, the upper end is what the rate
/// is below.
pub fn rate(events: u64, time: f64) -> Estimate {
    let cube = |x: f64| x * x * x;
    let bound = |n: f64, z: f64| n * cube(1.0 - 1.0 / (9.0 * n) + z / (3.0 * n.sqrt()));
    let n = events as f64;
    let low = if events == 0 { 0.0 } else { bound(n, -Z) };
    Estimate {
        value: n / time,
        low: low / time,
        high: bound(n + 1.0, Z) / time,
    }
}

/// The probability that a sample of `n` is at least this far, by Kolmogorov's and Smirnov's distance,
/// from the distribution that it was drawn from (Stephens' form of Kolmogorov's series). Where only
/// some values are possible it is higher than this: the test is on the safe side.
pub fn probability_of_distance(distance: f64, n: usize) -> f64 {
    let root = (n as f64).sqrt();
    let x = (root + 0.12 + 0.11 / root) * distance;
    if x < 0.3 {
        return 1.0; // to nine digits, and the series would need many terms
    }
    let term = |k: i32| {
        let k = f64::from(k);
        (-2.0 * k * k * x * x).exp() * if k % 2.0 == 1.0 { 2.0 } else { -2.0 }
    };
    (1..=20).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// The distance, Kolmogorov's and Smirnov's, between a sorted sample and the distribution in which
/// this share, 0 to 1, is below a value, and that share at it or below.
pub fn distance(sorted: &[f64], shares: impl Fn(f64) -> (f64, f64)) -> f64 {
    let n = sorted.len() as f64;
    let (mut most, mut seen) = (0.0_f64, 0);
    for same in sorted.chunk_by(|a, b| a == b) {
        let (below, at_or_below) = shares(same[0]);
        most = most.max((below - f64::from(seen) / n).abs());
        seen += same.len() as u32;
        most = most.max((at_or_below - f64::from(seen) / n).abs());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(estimate: Estimate, value: f64, low: f64, high: f64, within: f64) {
        for (got, expected) in [
            (estimate.value, value),
            (estimate.low, low),
            (estimate.high, high),
        ] {
            assert!((got - expected).abs() <= within, "{estimate:?}: {expected}");
        }
    }

    #[test]
    fn a_proportion_has_wilson_s_interval() {
        close(proportion(10, 100), 0.1, 0.0552, 0.1744, 1e-4);
        close(proportion(0, 100), 0.0, 0.0, 0.0370, 1e-4);
        close(proportion(100, 100), 1.0, 0.9630, 1.0, 1e-4);
        assert!(proportion(0, 0).value.is_nan());
    }

    #[test]
    fn a_mean_has_student_s_interval() {
        let sample: Vec<f64> = (11..=20).map(f64::from).collect();
        // His quantile for nine degrees of freedom is 2.262.
        let reach = 2.262 * (82.5_f64 / 9.0 / 10.0).sqrt();
        close(
            mean(&sample).unwrap(),
            15.5,
            15.5 - reach,
            15.5 + reach,
            5e-3,
        );
        let mut far = [0.0; 10];
        far[9] = 10.0;
        assert_eq!(mean(&far).unwrap().low, 0.0, "nothing is below 0");
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn a_quantile_lies_between_order_statistics() {
        let sorted: Vec<f64> = (1..=1000).map(f64::from).collect();
        // 500 and 1.96 x sqrt(250) = 31 to either side.
        close(quantile(&sorted, 0.5).unwrap(), 500.0, 469.0, 532.0, 0.1);
        // 0.5^6 = 1.6 %, 0.99^368 = 2.48 %.
        close(quantile(&sorted[..6], 0.5).unwrap(), 3.0, 1.0, 6.0, 0.0);
        assert!(quantile(&sorted[..368], 0.99).unwrap().is_bounded());
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn too_small_a_sample_has_no_interval() {
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        for none in [
            mean(&ten[..1]).unwrap(),
            mean(&ten[..9]).unwrap(),
            quantile(&ten[..1], 0.5).unwrap(),
            quantile(&ten[..5], 0.5).unwrap(),
            quantile(&ten, 0.99).unwrap(),
        ] {
            assert!(!none.is_bounded(), "{none:?}");
            assert!(none.times(2.0).at_most(1.0).text(1).ends_with(" (-)"));
        }
        let p99 = quantile(&ten, 0.99);
        assert_eq!(Estimate::csv(p99, 1), ["10.0", "9.0", ""]);
        assert_eq!(Estimate::csv(None, 1), ["", "", ""]);
        assert_eq!(quantile(&ten, 0.5).unwrap().text(0), "5 (1-10)");
    }

    #[test]
    fn a_rate_has_the_poisson_interval() {
        // The exact ones, from the chi-square distribution.
        close(rate(0, 2.0), 0.0, 0.0, 3.689 / 2.0, 0.02);
        close(rate(1, 1.0), 1.0, 0.0253, 5.572, 0.02);
        close(rate(10, 1.0), 10.0, 4.795, 18.390, 0.01);
        close(rate(400, 1.0), 400.0, 361.8, 441.2, 0.1);
    }

    #[test]
    fn a_distance_tells_whether_a_sample_can_have_been_drawn_so() {
        let uniform = |x: f64| (x, x);
        let even: Vec<f64> = (0..1000).map(|i| (f64::from(i) + 0.5) / 1000.0).collect();
        assert!((distance(&even, uniform) - 0.0005).abs() < 1e-9);
        let same = [0.5; 1000];
        assert!((distance(&same, uniform) - 0.5).abs() < 1e-9);
        // A die that is thrown evenly: the steps are where they should be.
        let die: Vec<f64> = (0..600).map(|i| f64::from(i / 100)).collect();
        let faces = |x: f64| (x / 6.0, (x + 1.0) / 6.0);
        assert!(distance(&die, faces) < 1e-9);
        // Kolmogorov's critical value for 5 %.
        assert!((probability_of_distance(1.358 / 100.0, 10_000) - 0.05).abs() < 0.001);
        assert_eq!(probability_of_distance(0.0, 100), 1.0);
        assert!(probability_of_distance(0.5, 1000) < 1e-9);
    }
}
