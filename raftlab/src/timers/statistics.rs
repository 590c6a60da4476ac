//! Estimates, each with the interval that holds the true value with a probability of 95 %.

/// The standard normal distribution's 97.5 % quantile.
const Z: f64 = 1.959_964;

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

    /// How far the interval reaches to either side, the farther of the two.
    pub fn reach(self) -> f64 {
        (self.value - self.low).max(self.high - self.value)
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

/// The mean of a sample: normal interval. None of an empty sample.
pub fn mean(sample: &[f64]) -> Option<Estimate> {
    if sample.is_empty() {
        return None;
    }
    let n = sample.len() as f64;
    let value = sample.iter().sum::<f64>() / n;
    let squares: f64 = sample.iter().map(|x| (x - value) * (x - value)).sum();
    let reach = Z * (squares / (n - 1.0).max(1.0) / n).sqrt();
    Some(Estimate {
        value,
        low: value - reach,
        high: value + reach,
    })
}

/// What this share of all, 0 to 1, does not exceed, by a sorted sample: its interval reaches from one
/// order statistic to another, whatever the distribution. None of an empty sample.
pub fn quantile(sorted: &[f64], share: f64) -> Option<Estimate> {
    let n = sorted.len() as f64;
    let at = |rank: f64| {
        let last = sorted.len().checked_sub(1)?;
        sorted.get((rank.max(1.0) as usize - 1).min(last)).copied()
    };
    let reach = Z * (n * share * (1.0 - share)).sqrt();
    Some(Estimate {
        value: at((n * share).ceil())?,
        low: at((n * share - reach).floor())?,
        high: at((n * share + reach).ceil() + 1.0)?,
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
    fn a_mean_has_a_normal_interval() {
        let sample: Vec<f64> = (1..=9).map(f64::from).collect();
        let reach = 1.96 * (7.5_f64 / 9.0).sqrt();
        close(mean(&sample).unwrap(), 5.0, 5.0 - reach, 5.0 + reach, 1e-3);
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn a_quantile_lies_between_order_statistics() {
        let sorted: Vec<f64> = (1..=1000).map(f64::from).collect();
        // 500 and 1.96 x sqrt(250) = 31 to either side.
        close(quantile(&sorted, 0.5).unwrap(), 500.0, 469.0, 532.0, 0.1);
        close(quantile(&[3.0], 0.99).unwrap(), 3.0, 3.0, 3.0, 0.0);
        assert_eq!(quantile(&[], 0.5), None);
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
