//! A server's clock, which may run fast or slow.

use std::time::Duration;

use crate::Time;

/// Maps true time to a server's own and back. Integer arithmetic in millionths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// Own microseconds per true second.
    rate_ppm: u64,
    /// Both clocks when the rate was last changed.
    true_base: Time,
    own_base: Time,
}

const TRUE_RATE: u64 = 1_000_000;

impl Clock {
    pub const TRUE: Clock = Clock {
        rate_ppm: TRUE_RATE,
        true_base: Time::ZERO,
        own_base: Time::ZERO,
    };

    /// A clock that has run at this rate since the run began.
    pub fn new(rate: f64) -> Clock {
        match rate {
            1.0 => Clock::TRUE,
            rate => Clock::TRUE.at_rate(rate, Time::ZERO),
        }
    }

    /// The same clock, running at another rate from `now` on, 1 being true time.
    pub fn at_rate(&self, rate: f64, now: Time) -> Clock {
        Clock {
            rate_ppm: (rate * TRUE_RATE as f64).round() as u64,
            true_base: now,
            own_base: self.own(now),
        }
    }

    /// What the clock shows at this true time.
    #[inline]
    pub fn own(&self, now: Time) -> Time {
        if now == Time::NEVER {
            return Time::NEVER;
        }
        if self.rate_ppm == TRUE_RATE {
            return self.own_base + (now - self.true_base);
        }
        self.own_base + scale(now - self.true_base, self.rate_ppm, TRUE_RATE)
    }

    /// The first true time at which the clock shows `own` or later.
    #[inline]
    pub fn when(&self, own: Time) -> Time {
        if own == Time::NEVER {
            return Time::NEVER;
        }
        if self.rate_ppm == TRUE_RATE {
            return self.true_base + (own - self.own_base);
        }
        self.true_base + scale(own - self.own_base, TRUE_RATE, self.rate_ppm)
    }
}

/// `duration * times / per`, rounded up.
fn scale(duration: Duration, times: u64, per: u64) -> Duration {
    let nanos = (duration.as_nanos() * u128::from(times)).div_ceil(u128::from(per));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fast_clock_is_ahead_and_does_not_jump_when_its_rate_changes() {
        let fast = Clock::TRUE.at_rate(1.5, Time::from_millis(100));
        assert_eq!(fast.own(Time::from_millis(100)), Time::from_millis(100));
        assert_eq!(fast.own(Time::from_millis(300)), Time::from_millis(400));
        assert_eq!(fast.when(Time::from_millis(400)), Time::from_millis(300));
        let slow = fast.at_rate(0.5, Time::from_millis(300));
        assert_eq!(slow.own(Time::from_millis(500)), Time::from_millis(500));
        assert_eq!(slow.when(Time::NEVER), Time::NEVER);
    }

    proptest! {
        #[test]
        fn a_deadline_is_over_when_its_true_time_comes(rate in 0.1f64..10.0, own in 0u64..1 << 50) {
            let clock = Clock::TRUE.at_rate(rate, Time::from_millis(3));
            let own = Time::from_millis(3) + Duration::from_nanos(own);
            prop_assert!(clock.own(clock.when(own)) >= own);
        }
    }
}
