//! Numbers and their units.

use std::time::Duration;

use labrpc::Delay;

use crate::scenario::text::{Complaint, Token, Words, is_number};

const DURATION: &str = "a duration, as 5ms or 1.5s";

/// The units of time, in nanoseconds.
const UNITS: [(&str, u64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// A duration with its unit.
pub fn duration(words: &mut Words) -> Result<Duration, Complaint> {
    let token = words.take(DURATION)?;
    let text = token.text.as_str();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(split.unwrap_or(text.len()));
    if token.quoted || number.is_empty() {
        let what = format!("expected {DURATION}; found {token}");
        return Err(Complaint::new(token.place, what));
    }
    let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let (what, hint) = match unit {
            "" if number == "0" => return Ok(Duration::ZERO),
            "" => (
                format!("'{text}' has no unit"),
                format!("write {number}ms or {number}s"),
            ),
            _ => (
                format!("'{unit}' is no unit of time"),
                "the units are ns, us, ms, s, min, h".to_string(),
            ),
        };
        return Err(Complaint::new(token.place, what).hint(hint));
    };
    let scaled = decimal(number, *nanos);
    let scaled = scaled.ok_or_else(|| no_number(&token, "a whole number of nanoseconds, too"))?;
    const LONGEST: u64 = 24 * 3_600_000_000_000;
    if scaled > LONGEST {
        let what = format!("{text} is longer than a day, the longest time there is");
        return Err(Complaint::new(token.place, what));
    }
    Ok(Duration::from_nanos(scaled))
}

/// A decimal number times `unit`, exactly.
fn decimal(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 15 {
        return None;
    }
    let scale = 10u128.pow(fraction.len() as u32);
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let nanos = digits.checked_mul(u128::from(unit))?;
    (nanos % scale == 0).then_some(())?;
    u64::try_from(nanos / scale).ok()
}

fn no_number(token: &Token, what: &str) -> Complaint {
    Complaint::new(token.place, format!("{token} is not {what}"))
}

/// A duration that is longer than nothing.
pub fn some_time(words: &mut Words) -> Result<Duration, Complaint> {
    let place = words.place();
    match duration(words)? {
        Duration::ZERO => Err(Complaint::new(place, "no time at all: expected some")),
        time => Ok(time),
    }
}

/// From and to, both included: `150ms..300ms`. Or one duration, twice.
pub fn range(words: &mut Words) -> Result<(Duration, Duration), Complaint> {
    let place = words.place();
    let min = duration(words)?;
    if !words.eat("..") {
        return Ok((min, min));
    }
    let max = duration(words)?;
    if max < min {
        let what = format!("{min:?}..{max:?} runs backwards");
        return Err(Complaint::new(place, what).hint(format!("write {max:?}..{min:?}")));
    }
    Ok((min, max))
}

/// `steps of 100ms`, if it is there.
pub fn steps(words: &mut Words) -> Result<Option<Duration>, Complaint> {
    if !words.eat("steps") {
        return Ok(None);
    }
    words.must("of", "and a duration, after 'steps'")?;
    some_time(words).map(Some)
}

/// How long something takes: `5ms`, `1ms..5ms`, `0ms..26ms steps of 1ms`, `1ms + exp 4ms`,
/// `200ms + nested 2s`.
pub fn delay(words: &mut Words) -> Result<Delay, Complaint> {
    let place = words.place();
    let min = match words.is("exp") || words.is("nested") {
        true => Duration::ZERO,
        false => {
            let (min, max) = range(words)?;
            if min != max {
                return Ok(match steps(words)? {
                    Some(step) => Delay::Steps { min, max, step },
                    None => Delay::Uniform { min, max },
                });
            }
            if !words.eat("+") {
                return Ok(Delay::Constant(min));
            }
            min
        }
    };
    match words.one_of("a distribution", &["exp", "nested"])? {
        0 => Ok(Delay::Exponential {
            min,
            mean: duration(words)?,
        }),
        _ => match duration(words)? {
            spread if spread < Duration::from_millis(1) => {
                let what = "a nested delay is drawn in whole milliseconds: expected 1ms or more";
                Err(Complaint::new(place, what))
            }
            spread => Ok(Delay::Nested { min, spread }),
        },
    }
}

/// A probability: `10%`, or `0.1`.
pub fn probability(words: &mut Words) -> Result<f64, Complaint> {
    let token = words.take("a probability, as 10%")?;
    let (number, percent) = match token.text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (token.text.as_str(), 1.0),
    };
    let plain = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: Option<f64> = number.parse().ok().filter(|_| plain && !token.quoted);
    let value = value.ok_or_else(|| no_number(&token, "a probability, as 10%"))?;
    if percent == 1.0 && value > 1.0 {
        let what = format!("'{number}' is no probability: those are 0 to 1");
        return Err(Complaint::new(token.place, what).hint(format!("write {number}%")));
    }
    if value > percent {
        let what = format!("{} is more than always", token.text);
        return Err(Complaint::new(token.place, what).hint("100% is the most"));
    }
    Ok(value / percent)
}

/// How many times: `x3`, `x1.1`; in thousandths.
pub fn times(words: &mut Words) -> Result<u64, Complaint> {
    let token = words.take("a factor, as x3")?;
    let number = token.text.strip_prefix('x').filter(|_| !token.quoted);
    let Some(number) = number else {
        let complaint = no_number(&token, "a factor, as x3");
        let plain = token.text.chars().all(|c| c.is_ascii_digit() || c == '.');
        return Err(match plain {
            true => complaint.hint(format!("write x{}", token.text)),
            false => complaint,
        });
    };
    let thousandths = decimal(number, 1000);
    thousandths.ok_or_else(|| no_number(&token, "a factor, as x3, with at most three decimals"))
}

/// A whole number, in digits or as a word.
pub fn number(words: &mut Words, what: &str) -> Result<u64, Complaint> {
    let token = words.take(what)?;
    let word = NUMBERS.iter().position(|number| *number == token.text);
    let digits = is_number(&token.text).then(|| token.text.parse().ok());
    let number = word.map(|n| n as u64).or(digits.flatten());
    number
        .filter(|_| !token.quoted)
        .ok_or_else(|| Complaint::new(token.place, format!("expected {what}; found {token}")))
}

/// Whether the next word is a number.
pub fn is_next(words: &Words) -> bool {
    let word = words.word_ahead(0).unwrap_or("");
    is_number(word) || NUMBERS.contains(&word)
}

/// Which one: `1st`, `2nd`, `next`.
pub fn ordinal(words: &mut Words) -> Result<u32, Complaint> {
    let token = words.take("which one, as 'next' or '2nd'")?;
    let names = ["next", "first", "second", "third", "fourth", "fifth"];
    let digits = token
        .text
        .trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = &token.text[digits.len()..];
    let number = match names.iter().position(|name| *name == token.text) {
        Some(position) => Some(position.max(1) as u32),
        None if ["st", "nd", "rd", "th"].contains(&suffix) => digits.parse().ok(),
        None => None,
    };
    let number = number.filter(|&n| n > 0);
    number.ok_or_else(|| no_number(&token, "which one, as 'next' or '2nd'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T>(
        parse: impl Fn(&mut Words) -> Result<T, Complaint>,
        text: &str,
    ) -> Result<T, String> {
        let mut words = Words::of(1, text, None).unwrap();
        let parsed = parse(&mut words).map_err(|c| match c.hint {
            Some(hint) => format!("{} ({hint})", c.what),
            None => c.what,
        })?;
        assert!(words.is_over(), "{text}");
        Ok(parsed)
    }

    #[test]
    fn durations_are_exact_and_have_units() {
        let nanos = |text| parse(duration, text).map(|d| d.as_nanos());
        assert_eq!(nanos("1.5s"), Ok(1_500_000_000));
        assert_eq!(nanos("0.092ms"), Ok(92_000));
        assert_eq!(nanos("0"), Ok(0));
        assert_eq!(
            nanos("150"),
            Err("'150' has no unit (write 150ms or 150s)".to_string())
        );
        assert!(nanos("5sec").unwrap_err().contains("'sec' is no unit"));
        assert!(nanos("25h").unwrap_err().contains("longer than a day"));
        assert!(nanos("soon").unwrap_err().contains("expected a duration"));
        assert!(nanos("1.2.3s").is_err() && nanos("0.5ns").is_err());
        assert!(
            parse(range, "300ms..150ms")
                .unwrap_err()
                .contains("150ms..300ms")
        );
    }

    #[test]
    fn every_distribution_can_be_said() {
        let ms = Duration::from_millis;
        for (text, expected) in [
            ("5ms", Delay::Constant(ms(5))),
            ("1ms..5ms", Delay::uniform_millis(1, 5)),
            ("0ms..26ms steps of 1ms", Delay::whole_millis(0, 26)),
            (
                "1ms + exp 4ms",
                Delay::Exponential {
                    min: ms(1),
                    mean: ms(4),
                },
            ),
            (
                "exp 4ms",
                Delay::Exponential {
                    min: ms(0),
                    mean: ms(4),
                },
            ),
            (
                "200ms + nested 2s",
                Delay::Nested {
                    min: ms(200),
                    spread: ms(2000),
                },
            ),
        ] {
            assert_eq!(parse(delay, text), Ok(expected), "{text}");
        }
        assert!(
            parse(delay, "1ms + gauss 5ms")
                .unwrap_err()
                .contains("exp, nested")
        );
    }

    #[test]
    fn probabilities_and_factors() {
        assert_eq!(parse(probability, "10%"), Ok(0.1));
        assert_eq!(parse(probability, "0.25"), Ok(0.25));
        assert!(parse(probability, "10").unwrap_err().contains("write 10%"));
        assert!(
            parse(probability, "101%")
                .unwrap_err()
                .contains("more than always")
        );
        assert!(parse(probability, "nan").is_err());
        assert_eq!(parse(times, "x1.1"), Ok(1100));
        assert!(parse(times, "3").unwrap_err().contains("write x3"));
        assert_eq!(parse(ordinal, "2nd"), Ok(2));
        assert_eq!(parse(ordinal, "next"), Ok(1));
        assert!(parse(ordinal, "0th").is_err() && parse(ordinal, "2").is_err());
    }
}
