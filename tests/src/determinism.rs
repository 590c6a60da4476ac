//! The same seed is the same run.

use crate::finding::Finding;
use crate::play::Played;
use crate::watch::Trace;

/// The rule.
pub const RULE: &str = "two runs of one seed are the same";
/// What breaks it.
pub const HINT: &str = "in virtual time a server reads only ctx.now(), draws only from ctx.rng() and \
                           waits only for its inbox: look for a HashMap's order, the wall clock, a \
                           static, a thread of its own";

/// Where two runs of one seed differ, as a finding.
pub fn difference(first: &Played, second: &Played) -> Option<Finding> {
    let (once, then) = (&first.trace, &second.trace);
    let length = once.len().max(then.len());
    let index = (0..length).find(|&i| once.get(i) != then.get(i))?;
    let record = then.get(index).or(once.get(index))?;
    // To the nanosecond, as in a trace: the difference may be small.
    let say = |trace: &Trace| match trace.get(index) {
        Some(record) => serde_json::to_string(&record.what).unwrap_or_default(),
        None => "the run was over".to_string(),
    };
    Some(Finding {
        rule: RULE,
        at: record.at,
        sentence: format!(
            "two runs of one seed differ at {}, first at step {}: once {}, then {}",
            record.at,
            record.step,
            say(once),
            say(then)
        ),
        hint: HINT,
        task: None,
    })
}
