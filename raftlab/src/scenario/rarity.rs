//! How rare something is, judged by a search that stops when it has found enough.

/// From where to where the true share lies, with 95 % confidence, when `found` were found in
/// `tried`: exact (Clopper and Pearson, 1934). Where the search stopped at the last one that it
/// found, that one was certain to be found, and the upper bound is that of the others.
pub fn interval(found: u64, tried: u64, stopped_at_the_last: bool) -> (f64, f64) {
    const TAIL: f64 = 0.025;
    let lower = match found {
        0 => 0.0,
        _ => solve(|share| 1.0 - at_most(found - 1, tried, share) < TAIL),
    };
    let (others, trials) = match stopped_at_the_last && found > 0 {
        true => (found - 1, tried - 1),
        false => (found, tried),
    };
    let upper = match others >= trials {
        true => 1.0,
        false => solve(|share| at_most(others, trials, share) > TAIL),
    };
    (lower, upper)
}

/// The share up to which this is so.
fn solve(is_so: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if is_so(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The probability of at most `many` in `trials`, each with this probability, by logarithms: the
/// terms may be too small for a number.
fn at_most(many: u64, trials: u64, share: f64) -> f64 {
    if share <= 0.0 {
        return 1.0;
    }
    if share >= 1.0 {
        return f64::from(u8::from(many >= trials));
    }
    let odds = share.ln() - (-share).ln_1p();
    let mut log_term = trials as f64 * (-share).ln_1p();
    let mut sum = log_term.exp();
    for k in 1..=many.min(trials) {
        log_term += odds + (((trials - k + 1) as f64) / k as f64).ln();
        sum += log_term.exp();
    }
    sum.min(1.0)
}

/// A share as a reader likes it: `12 %`, `0.34 %`, `1 in 45,678`.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        10.0.. => format!("{percent:.0} %"),
        1.0.. => format!("{percent:.1} %"),
        0.1.. => format!("{percent:.2} %"),
        _ if share <= 0.0 => "0 %".to_string(),
        _ => format!("1 in {:.0}", 1.0 / share),
    }
}

/// From one share to another, both in one unit.
pub fn shares(least: f64, most: f64) -> (String, String) {
    let (low, high) = (share(least), share(most));
    match low.ends_with('%') == high.ends_with('%') {
        true => (low, high),
        // Two digits of it, however small.
        false => {
            let percent = least * 100.0;
            let digits = (1.0 - percent.log10().floor()).max(0.0) as usize;
            (format!("{percent:.digits$} %"), high)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is_near((low, high): (f64, f64), expected: (f64, f64)) {
        let near = |a: f64, b: f64| (a - b).abs() < 5e-5;
        assert!(
            near(low, expected.0) && near(high, expected.1),
            "{low} to {high}"
        );
    }

    /// Against published tables of Clopper-Pearson intervals.
    #[test]
    fn intervals_are_exact() {
        is_near(interval(0, 10, false), (0.0, 0.3085));
        is_near(interval(1, 10, false), (0.0025, 0.4450));
        is_near(interval(5, 10, false), (0.1871, 0.8129));
        is_near(interval(10, 10, false), (0.6915, 1.0));
        is_near(interval(0, 100_000, false), (0.0, 0.00004));
    }

    #[test]
    fn whoever_stops_at_the_first_knows_less() {
        // Found at the first seed: the share may be 100 %.
        is_near(interval(1, 1, true), (0.025, 1.0));
        // At the tenth: nine were not, so 1 - 0.025^(1/9) is the most.
        is_near(interval(1, 10, true), (0.0025, 0.3363));
    }

    #[test]
    fn shares_read_well() {
        let told = [0.5, 0.034, 0.0034, 0.00001, 0.0].map(share);
        assert_eq!(told, ["50 %", "3.4 %", "0.34 %", "1 in 100000", "0 %"]);
        let told = |(a, b): (String, String)| format!("{a} {b}");
        assert_eq!(told(shares(1.0 / 1202.0, 0.0052)), "0.083 % 0.52 %");
        assert_eq!(told(shares(0.00001, 0.0001)), "1 in 100000 1 in 10000");
    }
}
