//! Numbers and their units, as words of a scenario.

use std::time::Duration;

use labrpc::Delay;

use crate::quantities::{self, DURATION, PROBABILITY, Range, Wrong, decimal, is_number};
use crate::scenario::text::{Complaint, Place, Token, Words};

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

fn complain(place: Place, wrong: Wrong) -> Complaint {
    Complaint {
        place,
        what: wrong.what,
        hint: wrong.hint,
    }
}

/// A duration with its unit.
pub fn duration(words: &mut Words) -> Result<Duration, Complaint> {
    let mut token = words.take(DURATION)?;
    if token.quoted {
        let what = format!("expected {DURATION}; found {token}");
        return Err(Complaint::new(token.place, what));
    }
    // '1,5s' and '10 s' are several words, and one mistake.
    if is_number(&token.text) {
        let digit = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        if words.is(",") && words.word_ahead(1).is_some_and(digit) {
            words.eat(",");
            let rest = words.take(DURATION)?;
            token.text += &format!(",{}", rest.text);
        } else if let Some(unit) = words.word_ahead(0).filter(|unit| quantities::is_unit(unit)) {
            token.text += &format!(" {unit}");
        }
    }
    quantities::duration(&token.text).map_err(|wrong| complain(token.place, wrong))
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
pub fn range(words: &mut Words) -> Result<Range, Complaint> {
    let place = words.place();
    let min = duration(words)?;
    let max = match words.eat("..") {
        true => duration(words)?,
        false => min,
    };
    Range::new(min, max).map_err(|wrong| complain(place, wrong))
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
            let Range { min, max } = range(words)?;
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

/// A probability: `10%`.
pub fn probability(words: &mut Words) -> Result<f64, Complaint> {
    let token = words.take(PROBABILITY)?;
    if token.quoted {
        return Err(no_number(&token, PROBABILITY));
    }
    quantities::probability(&token.text).map_err(|wrong| complain(token.place, wrong))
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
    fn durations_are_words_of_their_own() {
        let nanos = |text| parse(duration, text).map(|d| d.as_nanos());
        assert_eq!(nanos("1.5s"), Ok(1_500_000_000));
        let told = "'150' has no unit (write 150ms or 150s)";
        assert_eq!(nanos("150"), Err(told.to_string()));
        assert!(nanos("\"5ms\"").unwrap_err().contains("found \"5ms\""));
        assert!(nanos("").unwrap_err().contains("the line ends here"));
        let told = parse(range, "300ms..150ms").unwrap_err();
        assert!(told.contains("write 150ms..300ms"), "{told}");
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
        assert!(parse(probability, "10").unwrap_err().contains("write 10%"));
        assert!(parse(probability, "\"10%\"").is_err());
        assert_eq!(parse(times, "x1.1"), Ok(1100));
        assert!(parse(times, "3").unwrap_err().contains("write x3"));
        assert_eq!(parse(ordinal, "2nd"), Ok(2));
        assert_eq!(parse(ordinal, "next"), Ok(1));
        assert!(parse(ordinal, "0th").is_err() && parse(ordinal, "2").is_err());
    }
}
