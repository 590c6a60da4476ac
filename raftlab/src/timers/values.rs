//! Values on the command line, with their units.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use labrpc::Delay;

/// A time: `500us`, `1.5ms`, `2s`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("'{text}' is no time: expected a number and its unit, as in 500us, 1.5ms or 2s");
    let split = text.find(|c: char| c.is_alphabetic()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let nanos = match unit {
        "us" | "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return Err(wrong()),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if (0.0..=3600e9).contains(&(number * nanos)) => {
            Ok(Duration::from_nanos((number * nanos).round() as u64))
        }
        Ok(_) => Err(format!("'{text}' is not between 0 and an hour")),
        Err(_) => Err(wrong()),
    }
}

/// From one time to another, or always the same: `1ms..5ms`, `3ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub min: Duration,
    pub max: Duration,
}

impl Range {
    pub fn delay(self) -> Delay {
        Delay::Uniform {
            min: self.min,
            max: self.max,
        }
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Range, String> {
        let (min, max) = text.split_once("..").unwrap_or((text, text));
        let (min, max) = (duration(min)?, duration(max)?);
        match min <= max {
            true => Ok(Range { min, max }),
            false => Err(format!("'{text}' ends before it begins")),
        }
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

/// A share of all: `1%` or `0.01`; less than all.
pub fn share(text: &str) -> Result<f64, String> {
    let (number, of) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    match number.trim().parse::<f64>().map(|number| number / of) {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err(format!(
            "'{text}' is no loss: expected 0 to less than 1, as in 0.01 or 1%"
        )),
    }
}

/// A number above 0.
pub fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err(format!("'{text}' is no number above 0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_units() {
        assert_eq!(duration("500us"), Ok(Duration::from_micros(500)));
        assert_eq!(duration("500µs"), Ok(Duration::from_micros(500)));
        assert_eq!(duration("1.5ms"), Ok(Duration::from_micros(1500)));
        assert_eq!("2s".parse::<Range>().unwrap().to_string(), "2s");
        assert_eq!("1ms..5ms".parse::<Range>().unwrap().to_string(), "1ms..5ms");
        assert_eq!((share("1%"), share("0.5")), (Ok(0.01), Ok(0.5)));
        assert_eq!(positive("12"), Ok(12.0));
    }

    #[test]
    fn nonsense_is_refused_with_what_was_expected() {
        for text in ["5", "ms", "5 m", "-1ms", "2000000s", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(duration("5").unwrap_err().contains("a number and its unit"));
        assert!(
            "5ms..1ms"
                .parse::<Range>()
                .unwrap_err()
                .contains("ends before")
        );
        assert!(share("100%").is_err() && share("nan").is_err() && positive("0").is_err());
    }
}
