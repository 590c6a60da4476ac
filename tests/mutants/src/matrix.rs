//! The kill matrix: mutant by part.

use std::fmt::Write;

use suite::cluster::TimeKind;
use suite::part::Part;

use crate::judge::Judged;

/// Of sixty mutants, so many are to be pointed at by the hint that comes first.
const TRUE_HINTS: (usize, usize) = (50, 60);
/// Of sixty mutants, so many are to lose points in their own part only, or their patch says why not.
const OWN_PART: (usize, usize) = (45, 60);

/// The table, and below it what each mutant's first hint is, and what is not as it should be.
pub fn matrix(judged: &[Judged]) -> String {
    let all = suite::all();
    let parts: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| {
            let mut of_part = all.iter().filter(|test| test.part == *part);
            of_part.any(|test| test.time == TimeKind::Virtual)
        })
        .collect();
    let names = judged.iter().map(|j| j.patch.name.len());
    let first = names.max().unwrap_or(0);
    let mut out = String::from(
        "Failing tests of each part; hint: does the first hint point at the cause?\n\n",
    );
    let _ = write!(out, "{:first$}", "mutant");
    for part in &parts {
        let _ = write!(out, " {:>5}", short(*part));
    }
    let _ = writeln!(out, "  hint  first finding");
    for judged in judged {
        let _ = write!(out, "{:first$}", judged.patch.name);
        for part in &parts {
            let failed = judged.failed().filter(|t| t.test.part == *part).count();
            let own = if judged.patch.own_part() == *part {
                "*"
            } else {
                ""
            };
            let cell = match failed {
                0 => ".".to_string(),
                failed => format!("{failed}{own}"),
            };
            let _ = write!(out, " {cell:>5}");
        }
        let hint = if judged.is_hint_true() { "yes" } else { "NO" };
        let finding = judged.first().and_then(|t| Some((t, t.failure.as_ref()?)));
        let finding = match finding {
            Some((tested, failure)) => format!("{}: {}", tested.test.path(), failure.finding.rule),
            None => "SURVIVES".to_string(),
        };
        let _ = writeln!(out, "  {hint:4}  {finding}");
    }
    out.push('\n');
    for judged in judged {
        explain(&mut out, judged);
    }
    let count = |is: fn(&Judged) -> bool| judged.iter().filter(|j| is(j)).count();
    let _ = write!(
        out,
        "{} mutants: {} caught, {} by the test that should; the first hint points at the cause of {}; {} lose \
         points in their own part only, {} more for a stated reason",
        judged.len(),
        count(|j| j.first().is_some()),
        count(Judged::is_caught_as_expected),
        count(Judged::is_hint_true),
        count(is_in_own_part),
        count(|j| !is_in_own_part(j) && j.unexplained().is_empty()),
    );
    out
}

/// Whether all is as it should be: each is caught, by the test that should, and the two shares are
/// reached.
pub fn verdict(judged: &[Judged]) -> bool {
    let share = |is: fn(&Judged) -> bool, (least, of): (usize, usize)| {
        judged.iter().filter(|j| is(j)).count() * of >= judged.len() * least
    };
    judged.iter().all(Judged::is_caught_as_expected)
        && share(Judged::is_hint_true, TRUE_HINTS)
        && share(|j| j.unexplained().is_empty(), OWN_PART)
}

fn is_in_own_part(judged: &Judged) -> bool {
    judged.parts() == [judged.patch.own_part()]
}

/// What is not as it should be, or needs a word.
fn explain(out: &mut String, judged: &Judged) {
    let patch = &judged.patch;
    if judged.first().is_some() && !judged.is_caught_as_expected() {
        let _ = writeln!(out, "{}: {} does not fail", patch.name, patch.test);
    }
    if let Some((parts, why)) = &patch.elsewhere {
        let names: Vec<&str> = parts.iter().map(|part| part.name()).collect();
        let _ = writeln!(
            out,
            "{}: elsewhere ({}), because {why}",
            patch.name,
            names.join(", ")
        );
    }
    let unexplained: Vec<&str> = judged
        .unexplained()
        .iter()
        .map(|part| part.name())
        .collect();
    if !unexplained.is_empty() && judged.first().is_some() {
        let unexplained = unexplained.join(", ");
        let _ = writeln!(out, "{}: NOT EXPLAINED: {unexplained}", patch.name);
    }
}

/// A part's name in five letters.
fn short(part: Part) -> &'static str {
    let name = part.name();
    &name[..name.len().min(5)]
}
