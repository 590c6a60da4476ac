//! The experiments as a user meets them, and what they find against what is known.

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{careless, raftlab, run, scratch};

/// Plays an experiment. Its rows, each a map from the columns' names.
fn play(experiment: &str, trials: u64) -> Vec<BTreeMap<String, String>> {
    let path = scratch(&format!("{experiment}-known.csv"));
    let trials = trials.to_string();
    let arguments = ["timers", experiment, "--trials", &trials, "--csv"];
    let (code, _, err) = run(raftlab().args(arguments).arg(&path));
    assert_eq!((code, err.as_str()), (0, ""));
    let text = fs::read_to_string(path).expect("it was written");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_string));
    let names: Vec<String> = lines.next().expect("headings").collect();
    lines
        .map(|row| names.iter().cloned().zip(row).collect())
        .collect()
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name]
        .parse()
        .unwrap_or_else(|_| panic!("{name}: {row:?}"))
}

/// Everything that an experiment prints and writes.
fn everything(experiment: &str, trials: &str, jobs: &str) -> [String; 4] {
    let paths = ["csv", "svg", "html"].map(|kind| scratch(&format!("{experiment}-{jobs}.{kind}")));
    let arguments = [
        "timers", experiment, "--trials", trials, "--seed", "7", "--jobs", jobs,
    ];
    let mut command = raftlab();
    command.args(arguments);
    for (option, path) in ["--csv", "--svg", "--html"].iter().zip(&paths) {
        command.arg(option).arg(path);
    }
    let (code, out, err) = run(&mut command);
    assert_eq!((code, err.as_str()), (0, ""), "{experiment}");
    let [csv, svg, html] = paths.map(|path| fs::read_to_string(path).expect("it was written"));
    [out, csv, svg, html]
}

#[test]
fn the_same_command_writes_the_same_bytes_on_any_number_of_threads() {
    for (experiment, trials) in [
        ("figure16", "12"),
        ("split", "30"),
        ("needless", "1"),
        ("interval", "5"),
        ("draws", "500"),
        ("partitions", "2"),
    ] {
        let one = everything(experiment, trials, "1");
        assert_eq!(one, everything(experiment, trials, "3"));
        let [out, csv, svg, html] = one;
        let again = format!("cargo run --release -- timers {experiment} ");
        assert!(out.contains(&format!("again: {again}")), "{out}");
        assert!(!out.contains('\u{1b}'), "there is no colour in a pipe");
        assert!(csv.lines().count() > 8, "{csv}");
        assert!(svg.contains(&format!(">{trials} ")) && svg.contains(", seed 7, the server of"));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        assert!(html.contains(&again) && html.contains(&svg) && html.contains("<table>"));
        for text in [&svg, &html] {
            assert!(
                !text.contains("NaN") && !text.contains("inf"),
                "{experiment}"
            );
            assert!(
                !text
                    .replace("http://www.w3.org/2000/svg", "")
                    .contains("http")
            );
        }
    }
}

/// If this changes, published seeds mean other trials.
#[test]
fn golden_values_pin_the_trials() {
    let path = scratch("golden.csv");
    let arguments = [
        "timers", "figure16", "--trials", "20", "--seed", "1", "--csv",
    ];
    assert_eq!(run(raftlab().args(arguments).arg(&path)).0, 0);
    let csv = fs::read_to_string(path).unwrap();
    let columns = |line: &str| line.split(',').take(6).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = csv.lines().map(columns).collect();
    assert_eq!(
        lines[0],
        "timeout_min_ms,timeout_max_ms,trials,elected,median_ms,median_low_ms"
    );
    assert_eq!(lines[1], "150,150,20,0,,");
    assert_eq!(lines[6], "150,300,20,20,189.958,148.106");
    assert_eq!(lines[7], "12,24,20,20,28.907,26.866");
}

#[test]
fn one_trial_is_certain_of_nothing() {
    let row = &play("figure16", 1)[5];
    assert_eq!(row["elected"], "1");
    for what in ["median", "mean", "p99"] {
        assert!(number(row, &format!("{what}_ms")) > 0.0);
        assert_eq!(row[&format!("{what}_high_ms")], "", "{what}");
    }
    // That 99 % of all are below the only one has a probability of 1 %: p99 has a lower end.
    for what in ["median", "mean"] {
        assert_eq!(row[&format!("{what}_low_ms")], "", "{what}");
    }
}

/// Medians and means of the independent model, and its p99, in intervals of four sigmas.
#[test]
fn figure_16_is_the_paper_s() {
    let rows = play("figure16", 400);
    assert_eq!(rows.len(), 10);
    assert_eq!(
        rows[0]["elected"], "0",
        "with 150-150 nobody is ever elected"
    );
    assert_eq!(rows[0]["trials"], "100");
    for row in &rows[1..] {
        assert_eq!(row["elected"], "400");
        for what in ["median", "mean", "p99"] {
            let of = |end: &str| number(row, &format!("{what}{end}_ms"));
            let model = number(row, &format!("model_{what}_ms"));
            // The model's numbers are whole.
            let (value, reach) = (of(""), (of("_high") - of("_low")).max(1.0));
            assert!((value - model).abs() <= reach + 0.5, "{what}: {row:?}");
        }
    }
}

#[test]
fn split_votes_are_as_frequent_as_the_formula_says() {
    let rows = play("split", 500);
    assert_eq!(rows.len(), 35);
    for row in rows {
        let (share, formula) = (number(&row, "share"), number(&row, "formula"));
        let sigma = (formula * (1.0 - formula) / 500.0).sqrt();
        assert!((share - formula).abs() <= 4.0 * sigma + 0.002, "{row:?}");
    }
}

#[test]
fn needless_elections_are_as_frequent_as_the_formula_says() {
    let rows = play("needless", 1);
    assert_eq!(rows.len(), 42);
    for row in rows {
        let hours = 2.0 * number(&row, "hours");
        let (seen, expected) = (
            number(&row, "seen"),
            hours * number(&row, "formula_per_follower_hour"),
        );
        // Where elections are not rare, the leader seldom lasts: a tenth.
        let within = 4.0 * expected.max(seen).sqrt() + 0.1 * expected + 0.01;
        assert!((seen - expected).abs() <= within, "{expected}: {row:?}");
        let (low, high) = ("per_follower_hour_low", "per_follower_hour_high");
        assert!(number(&row, low) * hours <= seen && seen <= number(&row, high) * hours);
        assert!(seen > 0.0 || number(&row, high) > 0.0, "{row:?}");
    }
}

#[test]
fn timeouts_are_drawn_as_they_are_declared() {
    let path = scratch("draws.csv");
    let arguments = ["timers", "draws", "--trials", "20000", "--csv"];
    let (code, out, _) = run(raftlab().args(arguments).arg(&path));
    assert_eq!(code, 0);
    let line = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name}: {out}"))
    };
    assert!(line("drawn afresh at each reset").ends_with("as far as can be seen"));
    let etcd = line("etcd: ten values");
    assert!(etcd.contains("1000.000  1900.000        10 "), "{etcd}");
    let once = line("drawn once ");
    assert!(once.contains("  1  ") && once.ends_with("no"), "{once}");
    // Of two that draw once, 4 % need more than five terms; of two that draw afresh, 0.025 %.
    let csv = fs::read_to_string(path).unwrap();
    let share = |custom: &str| -> f64 {
        let begin = format!("more_terms_than,{custom},5,");
        let row = csv
            .lines()
            .find(|line| line.starts_with(&begin))
            .expect("a row");
        row.split(',')
            .nth(4)
            .and_then(|share| share.parse().ok())
            .expect("a share")
    };
    assert!((share("drawn once") - 0.04).abs() < 0.006);
    assert!(share("drawn afresh") < 0.0012);
}

#[test]
fn partial_partitions_are_cured_by_their_extras() {
    let rows = play("partitions", 3);
    let verdicts: Vec<&str> = rows.iter().map(|row| row["verdict"].as_str()).collect();
    let names = ["stable"; 3];
    let never = "none for ever";
    assert_eq!(verdicts.len(), 16);
    assert_eq!((verdicts[0], &verdicts[1..4]), ("flaps", &names[..]));
    assert_eq!((verdicts[4], &verdicts[5..8]), ("flaps", &names[..]));
    assert_eq!(verdicts[8..12], [never, never, "recovers", "recovers"]);
    assert_eq!(
        verdicts[12..16],
        ["recovers", never, "recovers", "recovers"]
    );
    let chain: f64 = number(&rows[0], "elected_per_minute");
    assert!((200.0..300.0).contains(&chain), "{chain}");
    // 60 s / 225 ms.
    let terms = number(&rows[6], "terms_per_minute");
    assert!((250.0..280.0).contains(&terms), "{terms}");
}

#[test]
fn a_range_of_timeouts_is_recommended_with_its_reasons() {
    let arguments = [
        "timers",
        "interval",
        "--trials",
        "50",
        "--loss",
        "2%",
        "--latency",
        "500us..2ms",
    ];
    let (code, out, _) = run(raftlab().args(arguments));
    assert_eq!(code, 0);
    let flat = out.replace('\n', " ");
    for words in [
        "Recommended: an election timeout of 500 to ",
        "for the shortest is 5 heartbeat intervals",
        "round trips",
        "s a year.",
    ] {
        assert!(flat.contains(words), "{words}: {out}");
    }
    let again =
        "timers interval --latency 500µs..2ms --loss 2% --heartbeat 100ms --failures-per-year 12";
    assert!(out.contains(again), "{out}");
    let few = ["timers", "interval", "--trials", "9"];
    let (_, out, _) = run(raftlab().args(few));
    assert!(out.contains("Too small a sample: 9 crashes"), "{out}");
    assert!(out.contains(" (-)"), "nine have no interval: {out}");
    assert!(!out.contains('±') && !out.contains("(-0"), "{out}");
    let hopeless = ["timers", "interval", "--trials", "2", "--loss", "60%"];
    let (_, out, _) = run(raftlab().args(hopeless));
    assert!(
        out.contains("Recommended: no range that was tried"),
        "{out}"
    );
}

#[test]
fn a_server_that_elects_nobody_ends_the_experiment_politely() {
    for (experiment, words) in [
        (
            "figure16",
            "in none of 1000 runs was anybody elected within 60 s",
        ),
        ("split", "nobody campaigned in term 2"),
        ("needless", "never a leader whom all servers heard"),
        ("interval", "never a leader to crash"),
        ("draws", "a server that is alone did not campaign"),
        ("partitions", "no leader that lasted"),
    ] {
        let path = scratch(&format!("careless-{experiment}.csv"));
        let arguments = ["timers", experiment, "--trials", "200", "--csv"];
        let (code, out, err) = run(careless().args(arguments).arg(&path));
        assert_eq!((code, out.as_str()), (1, ""), "{experiment}: {err}");
        assert!(err.contains(words), "{experiment}: {err}");
        assert!(err.contains("careless -- test says more"), "{err}");
        assert!(!path.exists(), "there is nothing to write");
    }
}

#[test]
fn nonsense_is_exit_code_2_and_says_what_was_expected() {
    for (arguments, words) in [
        (&["split", "--trials", "0"][..], "--trials"),
        (
            &["interval", "--latency", "5"],
            "'5' has no unit: write 5ms or 5s",
        ),
        (
            &["interval", "--latency", "5ms..1ms"],
            "runs backwards: write 1ms..5ms",
        ),
        (&["interval", "--loss", "2"], "'2' has no %: write 2%"),
        (&["interval", "--heartbeat", "1us"], "a millisecond or more"),
        (
            &["interval", "--failures-per-year", "0"],
            "no number above 0",
        ),
        (&["figure17"], "figure16"),
        (
            &["split", "--csv", "/nowhere/at/all.csv"],
            "/nowhere/at/all.csv",
        ),
    ] {
        let (code, _, err) = run(raftlab().arg("timers").args(arguments));
        assert_eq!(code, 2, "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
}

/// Ctrl-C writes and prints what is known so far.
#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_ends_it_and_what_is_known_is_whole() {
    let path = scratch("interrupted.csv");
    let arguments = ["timers", "split", "--trials", "1000000000", "--csv"];
    let out = common::interrupted(raftlab().args(arguments).arg(&path));
    assert!(
        out.contains("Interrupted: this is what was known by then."),
        "{out}"
    );
    assert!(
        fs::read_to_string(path)
            .unwrap()
            .starts_with("servers,alive,")
    );
}
