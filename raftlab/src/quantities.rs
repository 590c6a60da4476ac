//! Numbers and their units, in scenarios and on the command line.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// What a duration looks like.
pub const DURATION: &str = "a duration, as 5ms or 1.5s";

/// What a probability looks like.
pub const PROBABILITY: &str = "a probability, as 10%";

/// Whether this is a unit of time.
pub fn is_unit(text: &str) -> bool {
    UNITS.iter().any(|(name, _)| *name == text)
}

/// The units of time, in nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// The longest duration, a day.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// What is wrong with a text, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub what: String,
    pub hint: Option<String>,
}

impl Wrong {
    pub fn new(what: impl Into<String>) -> Wrong {
        Wrong {
            what: what.into(),
            hint: None,
        }
    }

    pub fn hint(self, hint: impl Into<String>) -> Wrong {
        Wrong {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for Wrong {}

/// A duration with its unit, exactly: `500us`, `1.5ms`, `2s`.
pub fn duration(text: &str) -> Result<Duration, Wrong> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(split.unwrap_or(text.len()));
    if number.is_empty() {
        return Err(Wrong::new(format!("expected {DURATION}; found '{text}'")));
    }
    if unit.starts_with(',') {
        let point = text.replacen(',', ".", 1);
        return Err(Wrong::new(format!("'{text}' has a comma in it"))
            .hint(format!("decimals take a point: {point}")));
    }
    if unit.starts_with(' ') && is_unit(unit.trim()) {
        return Err(Wrong::new(format!("'{text}' has a space before its unit"))
            .hint(format!("write {number}{}", unit.trim())));
    }
    let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return match unit {
            "" if number == "0" => Ok(Duration::ZERO),
            "" => Err(Wrong::new(format!("'{text}' has no unit"))
                .hint(format!("write {number}ms or {number}s"))),
            _ => Err(Wrong::new(format!("'{unit}' is no unit of time"))
                .hint("the units are ns, us, ms, s, min, h")),
        };
    };
    // Roughly is enough here: what is close to a day is no trouble to `decimal`.
    let roughly = number.parse().map(|number: f64| number * *nanos as f64);
    match (decimal(number, *nanos), roughly) {
        (_, Err(_)) => Err(Wrong::new(format!("'{number}' is no number"))),
        (Some(nanos), _) if Duration::from_nanos(nanos) <= LONGEST => {
            Ok(Duration::from_nanos(nanos))
        }
        (_, Ok(roughly)) if roughly > LONGEST.as_nanos() as f64 => Err(Wrong::new(format!(
            "{text} is longer than a day, the longest time there is"
        ))),
        _ => Err(Wrong::new(format!(
            "'{text}' is not a whole number of nanoseconds"
        ))),
    }
}

/// A decimal number times `unit`, if that is a whole number.
pub fn decimal(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 15 {
        return None;
    }
    let scale = 10u128.pow(fraction.len() as u32);
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let scaled = digits.checked_mul(u128::from(unit))?;
    (scaled % scale == 0).then_some(())?;
    u64::try_from(scaled / scale).ok()
}

/// A probability as it is read: `10%`.
pub fn percent(probability: f64) -> String {
    // To ten digits: 0.07 times 100 is not quite 7.
    format!("{}%", (probability * 1e12).round() / 1e10)
}

/// Whether a text is digits only.
pub fn is_number(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// From one duration to another, both included, or always the same: `1ms..5ms`, `3ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub min: Duration,
    pub max: Duration,
}

impl Range {
    /// From one duration to one that is not shorter.
    pub fn new(min: Duration, max: Duration) -> Result<Range, Wrong> {
        match min <= max {
            true => Ok(Range { min, max }),
            false => Err(Wrong::new(format!("{min:?}..{max:?} runs backwards"))
                .hint(format!("write {max:?}..{min:?}"))),
        }
    }
}

impl FromStr for Range {
    type Err = Wrong;

    fn from_str(text: &str) -> Result<Range, Wrong> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        Range::new(duration(min)?, duration(max)?)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.min == self.max {
            true => write!(f, "{:?}", self.min),
            false => write!(f, "{:?}..{:?}", self.min, self.max),
        }
    }
}

/// A probability: `10%`. Without its sign, nobody knows whether 0.1 is a tenth or a thousandth.
pub fn probability(text: &str) -> Result<f64, Wrong> {
    let number = text.strip_suffix('%');
    let plain = |c: char| c.is_ascii_digit() || c == '.';
    let digits = Some(number.unwrap_or(text)).filter(|digits| digits.chars().all(plain));
    match digits.and_then(|digits| digits.parse::<f64>().ok()) {
        Some(0.0) => Ok(0.0),
        Some(value) if number.is_none() && value <= 1.0 => {
            Err(Wrong::new(format!("'{text}' has no %"))
                .hint(format!("write {text}% or {}", percent(value))))
        }
        Some(_) if number.is_none() => {
            Err(Wrong::new(format!("'{text}' has no %")).hint(format!("write {text}%")))
        }
        Some(percent) if percent <= 100.0 => Ok(percent / 100.0),
        Some(_) => Err(Wrong::new(format!("{text} is more than always")).hint("100% is the most")),
        None => Err(Wrong::new(format!("'{text}' is not {PROBABILITY}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact_and_have_units() {
        let nanos = |text| duration(text).map(|d| d.as_nanos());
        assert_eq!(nanos("1.5s"), Ok(1_500_000_000));
        assert_eq!(nanos("0.092ms"), Ok(92_000));
        assert_eq!((nanos("500us"), nanos("500µs")), (Ok(500_000), Ok(500_000)));
        assert_eq!((nanos("0"), nanos("24h")), (Ok(0), Ok(86_400_000_000_000)));
    }

    #[test]
    fn a_wrong_duration_is_told_with_what_to_do() {
        for (text, told) in [
            ("150", "'150' has no unit: write 150ms or 150s"),
            (
                "5sec",
                "'sec' is no unit of time: the units are ns, us, ms, s, min, h",
            ),
            ("25h", "25h is longer than a day, the longest time there is"),
            ("soon", "expected a duration, as 5ms or 1.5s; found 'soon'"),
            ("", "expected a duration, as 5ms or 1.5s; found ''"),
            ("-1ms", "expected a duration, as 5ms or 1.5s; found '-1ms'"),
            ("0.5ns", "'0.5ns' is not a whole number of nanoseconds"),
            (
                "99999999999999999999h",
                "99999999999999999999h is longer than a day, the longest time there is",
            ),
            (
                "1,5s",
                "'1,5s' has a comma in it: decimals take a point: 1.5s",
            ),
            ("10 s", "'10 s' has a space before its unit: write 10s"),
            ("1.2.3s", "'1.2.3' is no number"),
        ] {
            assert_eq!(duration(text).map_err(|w| w.to_string()), Err(told.into()));
        }
    }

    #[test]
    fn ranges_do_not_run_backwards() {
        for text in ["1ms..5ms", "500µs..2ms", "2s"] {
            assert_eq!(text.parse::<Range>().unwrap().to_string(), text);
        }
        let wrong = "300ms..150ms".parse::<Range>().unwrap_err();
        let told = "300ms..150ms runs backwards: write 150ms..300ms";
        assert_eq!(wrong.to_string(), told);
    }

    #[test]
    fn probabilities_are_percentages() {
        assert_eq!(
            (probability("10%"), probability("0.25%")),
            (Ok(0.1), Ok(0.0025))
        );
        assert_eq!((probability("100%"), probability("0")), (Ok(1.0), Ok(0.0)));
        let told = |text| probability(text).unwrap_err().to_string();
        assert_eq!(told("10"), "'10' has no %: write 10%");
        assert_eq!(told("0.1"), "'0.1' has no %: write 0.1% or 10%");
        assert_eq!(told("0.07"), "'0.07' has no %: write 0.07% or 7%");
        assert_eq!(told("101%"), "101% is more than always: 100% is the most");
        for text in ["nan", "", "%", "-1%", "1e-3"] {
            assert!(told(text).contains("is not a probability"), "{text}");
        }
    }
}
