//! What the environment asks of `cargo test`.

use std::env;
use std::time::Duration;

/// How long a step may take by the wall clock.
pub const WATCHDOG: Duration = Duration::from_secs(5);

/// The environment's wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `RAFT_SEED`: play this seed only.
    pub seed: Option<u64>,
    /// `RAFT_SEEDS`: play so many seeds a test, from 0.
    pub seeds: Option<u64>,
    /// `RAFT_WATCHDOG`: seconds that a step may take, or `off` (none) for debuggers.
    pub watchdog: Option<Duration>,
    /// `RAFT_CHECK_DETERMINISM=1`: play each seed twice, and compare.
    pub check_determinism: bool,
}

impl Default for Settings {
    /// What an empty environment asks for.
    fn default() -> Settings {
        Settings {
            seed: None,
            seeds: None,
            watchdog: Some(WATCHDOG),
            check_determinism: false,
        }
    }
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// Names the first variable that makes no sense, and what it may be.
    pub fn from_env() -> Result<Settings, String> {
        Settings::from(|name| env::var(name).ok())
    }

    /// What a replay command needs before it, so that it plays as these settings do.
    pub fn replay_prefix(&self) -> &'static str {
        match self.check_determinism {
            true => "RAFT_CHECK_DETERMINISM=1 ",
            false => "",
        }
    }

    fn from(get: impl Fn(&str) -> Option<String>) -> Result<Settings, String> {
        let number = |name: &str| {
            let parse = |text: String| {
                text.trim()
                    .parse()
                    .map_err(|_| format!("{name}={text}: expected a whole number, 0 or more"))
            };
            get(name).map(parse).transpose()
        };
        let seeds = number("RAFT_SEEDS")?;
        if seeds == Some(0) {
            return Err("RAFT_SEEDS=0: expected at least one seed".to_string());
        }
        let watchdog = match get("RAFT_WATCHDOG").as_deref().map(str::trim) {
            None => Some(WATCHDOG),
            Some("off") => None,
            Some(text) => match text.parse() {
                Ok(seconds @ 1..) => Some(Duration::from_secs(seconds)),
                _ => return Err(format!("RAFT_WATCHDOG={text}: expected seconds, or 'off'")),
            },
        };
        let check_determinism = match get("RAFT_CHECK_DETERMINISM").as_deref() {
            None | Some("" | "0") => false,
            Some("1") => true,
            Some(text) => {
                return Err(format!("RAFT_CHECK_DETERMINISM={text}: expected 1 or 0"));
            }
        };
        Ok(Settings {
            seed: number("RAFT_SEED")?,
            seeds,
            watchdog,
            check_determinism,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::from(|name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn the_environment_steers() {
        let plain = read(&[]).unwrap();
        assert_eq!((plain.seed, plain.seeds), (None, None));
        assert_eq!(
            (plain.watchdog, plain.check_determinism),
            (Some(WATCHDOG), false)
        );
        let steered = read(&[
            ("RAFT_SEED", "4711"),
            ("RAFT_SEEDS", "20"),
            ("RAFT_WATCHDOG", "off"),
            ("RAFT_CHECK_DETERMINISM", "1"),
        ]);
        let steered = steered.unwrap();
        assert_eq!((steered.seed, steered.seeds), (Some(4711), Some(20)));
        assert_eq!((steered.watchdog, steered.check_determinism), (None, true));
    }

    #[test]
    fn nonsense_is_refused_by_the_variable_s_name() {
        for (name, value) in [
            ("RAFT_SEED", "-1"),
            ("RAFT_SEEDS", "0"),
            ("RAFT_SEEDS", "many"),
            ("RAFT_WATCHDOG", "0"),
            ("RAFT_CHECK_DETERMINISM", "yes"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(&format!("{name}={value}: ")), "{error}");
        }
    }
}
