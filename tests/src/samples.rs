//! What a sample of election timeouts says of how they were drawn.

/// The least and the greatest of a sample; both 0 if it is empty.
pub fn range(sample: &[f64]) -> (f64, f64) {
    let least = sample.iter().copied().reduce(f64::min);
    let greatest = sample.iter().copied().reduce(f64::max);
    (least.unwrap_or(0.0), greatest.unwrap_or(0.0))
}

/// Pearson's correlation of two samples, as far as both go; 0 if one of them does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len().min(b.len());
    let (a, b) = (&a[..n], &b[..n]);
    let mean = |x: &[f64]| x.iter().sum::<f64>() / n.max(1) as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |term: &dyn Fn(f64, f64) -> f64| -> f64 {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| term(a - mean_a, b - mean_b)).sum()
    };
    let scale = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    match scale > 0.0 {
        true => sum(&|a, b| a * b) / scale,
        false => 0.0,
    }
}

/// The lag from 1 to `most` at which a sample is most correlated with itself, and how much.
pub fn autocorrelation(sample: &[f64], most: usize) -> (usize, f64) {
    let at = |lag: usize| (lag, correlation(sample, sample.get(lag..).unwrap_or(&[])));
    strongest((1..=most).map(at))
}

/// The shift up to `most`, of either sample, at which two samples are most correlated, and how much.
pub fn cross_correlation(a: &[f64], b: &[f64], most: usize) -> (usize, f64) {
    let at = |lag: usize| {
        let late = |x: &[f64], y: &[f64]| (lag, correlation(x, y.get(lag..).unwrap_or(&[])));
        [late(a, b), late(b, a)]
    };
    strongest((0..=most).flat_map(at))
}

fn strongest(all: impl Iterator<Item = (usize, f64)>) -> (usize, f64) {
    let (mut lag, mut strongest) = (0, 0.0_f64);
    for (at, r) in all {
        if r.abs() > strongest.abs() {
            (lag, strongest) = (at, r);
        }
    }
    (lag, strongest)
}

/// Kolmogorov's and Smirnov's distance between a sample and the uniform distribution from `min` to
/// `max`.
pub fn distance_from_uniform(sample: &[f64], min: f64, max: f64) -> f64 {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let spread = (max - min).max(f64::MIN_POSITIVE);
    let distances = sorted.iter().enumerate().map(|(below, x)| {
        let expected = ((x - min) / spread).clamp(0.0, 1.0);
        let (before, after) = (below as f64 / n, (below + 1) as f64 / n);
        (expected - before).abs().max((after - expected).abs())
    });
    distances.fold(0.0, f64::max)
}

/// The probability of `least` or more of `n` independent things that each happen with probability
/// `p`.
pub fn at_least(least: u32, n: u32, p: f64) -> f64 {
    let choose = |k: u32| (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
    let exactly = |k: u32| choose(k) * p.powi(k as i32) * (1.0 - p).powi((n - k) as i32);
    (least..=n).map(exactly).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers below 1 that are as good as random.
    fn noise(seed: u64, n: usize) -> Vec<f64> {
        let draws = labrpc::Streams::new(seed, "noise").script();
        std::iter::repeat_with({
            let mut draws = draws;
            move || draws.below(1 << 32) as f64 / (1u64 << 32) as f64
        })
        .take(n)
        .collect()
    }

    #[test]
    fn noise_is_uniform_and_uncorrelated() {
        for seed in 0..1000 {
            let (a, b) = (noise(seed, 200), noise(seed + 1000, 200));
            assert!(autocorrelation(&a, 20).1.abs() < 0.4);
            assert!(cross_correlation(&a, &b, 5).1.abs() < 0.4);
            assert!(distance_from_uniform(&a, 0.0, 1.0) < 0.2);
            let (least, greatest) = range(&a);
            assert!(least < 0.1 && greatest > 0.9);
        }
    }

    #[test]
    fn what_follows_from_the_last_one_is_correlated() {
        let alternating: Vec<f64> = (0..200).map(|i| f64::from(i % 2)).collect();
        let counting: Vec<f64> = (0..200).map(|i| f64::from(i * 7 % 200)).collect();
        let golden: Vec<f64> = (0..200).map(|i| (f64::from(i) * 0.618_034) % 1.0).collect();
        for sample in [alternating, counting, golden] {
            let (lag, r) = autocorrelation(&sample, 20);
            assert!(r.abs() > 0.45, "{lag}: {r}");
        }
    }

    #[test]
    fn a_twin_that_is_ahead_is_correlated() {
        let a = noise(1, 100);
        assert_eq!(cross_correlation(&a, &a, 5).0, 0);
        let (lag, r) = cross_correlation(&a[3..], &a, 5);
        assert_eq!(lag, 3);
        assert!(r > 0.99);
    }

    #[test]
    fn what_does_not_vary_is_not_correlated_and_not_uniform() {
        let flat = [0.5; 20];
        assert_eq!(autocorrelation(&flat, 5), (0, 0.0));
        assert!((distance_from_uniform(&flat, 0.0, 1.0) - 0.5).abs() < 1e-9);
        assert_eq!(range(&[]), (0.0, 0.0));
    }

    /// Thesis 9.2: 4 of 5 servers, a spread of ten latencies.
    #[test]
    fn two_of_four_within_a_tenth_of_the_spread() {
        assert!((at_least(2, 4, 0.1) - 0.0523).abs() < 1e-4);
    }
}
