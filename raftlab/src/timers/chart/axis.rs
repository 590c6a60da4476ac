//! An axis: where a value is on it, and which values are written beside it.

/// An axis, from one value to another.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    pub min: f64,
    pub max: f64,
    /// Whether equal factors, not equal differences, are equally far apart.
    pub is_log: bool,
}

impl Axis {
    pub fn linear(label: &str, min: f64, max: f64) -> Axis {
        Axis {
            label: label.to_string(),
            min,
            max: if max > min { max } else { min + 1.0 },
            is_log: false,
        }
    }

    /// Both ends are above 0.
    pub fn log(label: &str, min: f64, max: f64) -> Axis {
        Axis {
            label: label.to_string(),
            min,
            max: if max > min { max } else { min * 10.0 },
            is_log: true,
        }
    }

    /// Where a value is: 0 at the beginning, 1 at the end; at the nearer end what is beyond it.
    pub fn place(&self, value: f64) -> f64 {
        let at = if self.is_log {
            (value.max(f64::MIN_POSITIVE) / self.min).ln() / (self.max / self.min).ln()
        } else {
            (value - self.min) / (self.max - self.min)
        };
        at.clamp(0.0, 1.0)
    }

    /// The values that are written beside it.
    pub fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            self.log_ticks()
        } else {
            self.linear_ticks()
        }
    }

    /// Some six round numbers.
    fn linear_ticks(&self) -> Vec<f64> {
        let rough = (self.max - self.min) / 6.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|factor| factor * power)
            .into_iter()
            .find(|step| *step >= rough * 0.999)
            .unwrap_or(rough);
        let first = (self.min / step - 1e-9).ceil() as i64;
        let last = (self.max / step + 1e-9).floor() as i64;
        (first..=last).map(|n| n as f64 * step).collect()
    }

    /// Powers of ten; if there are few, twice and five times these, too; if there are many, only some.
    fn log_ticks(&self) -> Vec<f64> {
        let (first, last) = (
            self.min.log10().floor() as i32,
            self.max.log10().ceil() as i32,
        );
        let decades = last - first;
        let factors: &[f64] = if decades <= 4 {
            &[1.0, 2.0, 5.0]
        } else {
            &[1.0]
        };
        let every = (decades / 9 + 1) as usize;
        (first..=last)
            .step_by(every)
            .flat_map(|n| factors.iter().map(move |factor| factor * 10f64.powi(n)))
            .filter(|tick| *tick >= self.min * 0.999 && *tick <= self.max * 1.001)
            .collect()
    }
}

/// A number beside an axis or in a table: no more digits than it needs, and powers of ten if it would
/// be long.
pub fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".to_string();
    }
    let size = value.abs();
    if !(1e-3..1e6).contains(&size) {
        let power = size.log10().floor();
        let factor = value / 10f64.powf(power);
        let power = superscript(power as i32);
        return match (factor * 10.0).round() / 10.0 {
            1.0 => format!("10{power}"),
            factor => format!("{factor}·10{power}"),
        };
    }
    let digits = (2.0 - size.log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

fn superscript(number: i32) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32('⁰' as u32 + c as u32 - '0' as u32).unwrap_or(c),
    };
    number.to_string().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_place() {
        let linear = Axis::linear("", 100.0, 300.0);
        assert_eq!(
            [100.0, 150.0, 999.0].map(|v| linear.place(v)),
            [0.0, 0.25, 1.0]
        );
        let log = Axis::log("", 1.0, 100.0);
        assert_eq!(
            [0.0, 1.0, 10.0, 100.0].map(|v| log.place(v)),
            [0.0, 0.0, 0.5, 1.0]
        );
    }

    #[test]
    fn what_is_written_beside_an_axis_is_round() {
        let linear = Axis::linear("", 0.0, 600.0).ticks();
        assert_eq!(linear, [0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0]);
        let log = Axis::log("", 100.0, 10_000.0).ticks();
        assert_eq!(log, [100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0]);
        assert!(Axis::log("", 1e-20, 1e6).ticks().len() <= 10);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.0, "0"),
            (0.3, "0.3"),
            (12.0, "12"),
            (100_000.0, "100000"),
            (1234.5, "1234"),
            (0.0025, "0.0025"),
            (1e6, "10⁶"),
            (2.5e-12, "2.5·10⁻¹²"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
