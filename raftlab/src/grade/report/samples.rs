//! A class to make reports of: one submission of each kind, and a large class to look at.

use suite::part::Part;

use crate::grade::model::{
    Class, Failure, Graded, Outcome, Override, Points, Score, Shortest, Student, Terms, TestResult,
    Verdict,
};

/// What somebody puts into a panic who wants to break a report.
pub const HOSTILE: &str = "<script>alert(1)</script> ]]> --> ``` ~~~ | \" ' & &amp; \0 \u{202e}txt \
     \u{1b}[31m\n# not a heading\n```\n<img src=x onerror=alert(2)>\n[link](javascript:alert(3)) =HYPERLINK(\"x\")";

/// The submission with this id.
pub fn find<'a>(class: &'a Class, id: &str) -> &'a Graded {
    let mut submissions = class.submissions.iter();
    let found = submissions.find(|graded| graded.id == id);
    found.expect("it is in the class")
}

/// One submission of each kind.
pub fn class() -> Class {
    let mut submissions = vec![
        passed("passed", "Ada Lovelace"),
        failed(),
        basics(),
        unbuilt("refused", Verdict::Refused("the archive has no src/lib.rs: its files are main.py and notes.txt".to_string())),
        unbuilt("does-not-compile", Verdict::DoesNotCompile(
            "error[E0308]: mismatched types\n  --> src/server.rs:41:9\n   |\n41 |         AppendReply { term }\n   |         ^^^^^^^^^^^ expected `VoteReply`, found `AppendReply`\n".to_string(),
        )),
        unbuilt("could-not-tell", Verdict::CouldNotTell("the sandbox could not be started: no more processes".to_string())),
        nondeterministic(),
        overridden(),
        hidden(),
        hostile(),
    ];
    submissions.sort_by(|a, b| a.id.cmp(&b.id));
    Class {
        terms: terms(),
        submissions,
        missing: vec![student("Edsger Dijkstra"), student("=cmd|' /C calc'!A0")],
    }
}

/// Two hundred submissions, of every quality.
pub fn large() -> Class {
    let names = [
        "Ada", "Grace", "Alan", "Barbara", "Leslie", "Nancy", "Tony", "Frances",
    ];
    let rules = [
        ("one vote per server and term", "votes"),
        ("a heartbeat resets the election timer", "timers"),
        ("whoever was elected publishes it", "classic"),
        ("what is granted is on stable storage", "crashes"),
        ("no leader without a majority", "partitions"),
        ("a spread of several round trips", "numbers"),
        ("the up-to-date log wins", "restriction"),
    ];
    let mut class = class();
    for i in 0..190_usize {
        let name = format!(
            "{} {}",
            names[i % 8],
            ["Shaw", "Hopper", "Moore", "Chen", "Liskov"][i / 8 % 5]
        );
        let mut graded = passed(&format!("s{i:03}"), &name);
        for (bit, (rule, part)) in rules.iter().enumerate() {
            if i * (bit + 3) * 7 % 11 > 3 + i % 7 {
                let paths: Vec<String> = graded
                    .tests
                    .iter()
                    .filter(|t| t.part == *part)
                    .map(|t| t.path.clone())
                    .collect();
                for (k, path) in paths.iter().enumerate().filter(|(k, _)| (k + i) % 3 < 2) {
                    fail(
                        &mut graded,
                        path,
                        failure(rule, "S2 did what it must not"),
                        30 + (k as u64 * 7) % 60,
                    );
                }
            }
        }
        class.submissions.push(graded);
    }
    class.submissions.sort_by(|a, b| a.id.cmp(&b.id));
    class
}

fn terms() -> Terms {
    Terms {
        lab: "6f1ed002ab5595859014ebf0951522d9c3f1e2a4".to_string(),
        toolchain: "rustc 1.95.0 (59807616e 2026-04-14)".to_string(),
        seeds: "0 to 99".to_string(),
        hidden_seeds: Some("a3f5c1".to_string()),
        sandbox: "bubblewrap, seccomp, rlimits".to_string(),
        partial: true,
        nondeterminism_costs: Score::points(5),
    }
}

fn student(name: &str) -> Student {
    Student {
        name: name.to_string(),
        id: "s1815".to_string(),
        email: format!("{}@example.org", name.to_lowercase().replace(' ', ".")),
    }
}

fn test(test: &suite::test::Test) -> TestResult {
    let of = Score::points(test.points);
    TestResult {
        path: test.path(),
        part: test.part.name().to_string(),
        extra: test.part == Part::Extra,
        description: test.description.to_string(),
        points: Points { earned: of, of },
        servers: test.servers,
        played: test.seeds,
        failed: 0,
        outcome: Outcome::Passed,
    }
}

fn passed(id: &str, name: &str) -> Graded {
    let mut graded = Graded {
        id: id.to_string(),
        students: vec![student(name)],
        hash: "9b74c9897bac770ffc029102a200c5de".to_string(),
        verdict: Verdict::Graded,
        declares: "heartbeat 100ms, election timeout 300ms to 600ms; PreVote".to_string(),
        tests: suite::all().iter().map(test).collect(),
        nondeterminism: None,
        overrides: Vec::new(),
        points: Points::default(),
        extra: Points::default(),
        remarks: Vec::new(),
    };
    add_up(&mut graded);
    graded
}

fn add_up(graded: &mut Graded) {
    let sum = |extra| {
        let tests = graded.tests.iter().filter(|test| test.extra == extra);
        let (earned, of) = tests
            .map(|test| (test.points.earned, test.points.of))
            .unzip::<_, _, Vec<_>, Vec<_>>();
        Points {
            earned: earned.into_iter().sum(),
            of: of.into_iter().sum(),
        }
    };
    (graded.points, graded.extra) = (sum(false), sum(true));
}

fn failure(rule: &str, sentence: &str) -> Failure {
    Failure {
        rule: rule.to_string(),
        sentence: sentence.to_string(),
        hint: "each server votes for at most one candidate in a term, a candidate for itself; voted_for is on \
               stable storage before the grant leaves, and is cleared by a new term only (Raft paper, 5.2 and \
               Figure 2)"
            .to_string(),
        task: Some("3 of 8, answer RequestVote".to_string()),
        safety: false,
        at: "0.333 s".to_string(),
        seed: Some(71),
        hidden: false,
        replay: Some("RAFT_SEED=71 cargo test -p starter classic::initial_election -- --exact".to_string()),
        shortest: Some(Shortest {
            how: "with 3 servers instead of 5, without lost messages".to_string(),
            sentence: sentence.to_string(),
            at: "0.214 s".to_string(),
            replay: "cargo lab play one-vote.txt".to_string(),
            timeline: "one-vote.html".to_string(),
            columns: "           S0                     S1                     S2\n\
                      0.331 s  saves term 1, vote S0\n\
                      \x20        CANDIDATE 1\n\
                      \x20        vote? 1 > S1 S2\n\
                      0.332 s                         S0 > vote? 1\n\
                      \x20                               grants 1 > S0\n\
                      \x20                                                      CANDIDATE 1\n"
                .to_string(),
        }),
    }
}

/// This test fails on all but `passing` of its seeds.
fn fail(graded: &mut Graded, path: &str, failure: Failure, passing: u64) {
    let test = graded
        .tests
        .iter_mut()
        .find(|test| test.path == path)
        .expect("a test of the suite");
    let passing = passing.min(test.played.saturating_sub(1));
    test.failed = test.played - passing;
    test.points.earned = match failure.safety {
        true => Score::ZERO,
        false => test.points.of.share(passing, test.played),
    };
    test.outcome = Outcome::Failed(Box::new(failure));
    add_up(graded);
}

fn failed() -> Graded {
    let mut graded = passed("failed", "Grace Hopper");
    graded.students.push(student("Alan Turing"));
    let votes = Failure {
        safety: true,
        ..failure(
            "one vote per server and term",
            "S1 voted twice in term 1: for S0 at 0.332 s, for S2 at 0.333 s",
        )
    };
    fail(&mut graded, "classic::initial_election", votes.clone(), 99);
    fail(&mut graded, "votes::first_come_first_served", votes, 0);
    let mut leader = failure(
        "a leader for everybody",
        "S1 is leader of term 4, and S3 follows S2 since 3.100 s, though nothing keeps them apart",
    );
    leader.shortest = None;
    fail(&mut graded, PARTIAL, leader, 66);
    graded
        .remarks
        .push("src/notes.txt was left out: it is no Rust".to_string());
    graded
}

/// A test worth several points, of which some are earned in `failed`.
pub const PARTIAL: &str = "classic::re_election";

fn basics() -> Graded {
    let mut graded = passed("basics", "Niklaus Wirth");
    fail(
        &mut graded,
        "basics::first_steps",
        failure("it campaigns", "nobody campaigned within 10 s"),
        0,
    );
    for test in graded.tests.iter_mut().filter(|test| test.part != "basics") {
        test.outcome = Outcome::NotTried;
        test.points.earned = Score::ZERO;
        (test.played, test.failed) = (0, 0);
    }
    add_up(&mut graded);
    graded
}

fn unbuilt(id: &str, verdict: Verdict) -> Graded {
    let mut graded = passed(id, "Tony Hoare");
    if matches!(verdict, Verdict::Refused(_)) {
        graded.hash.clear();
    }
    graded.verdict = verdict;
    graded.declares.clear();
    graded.tests.clear();
    graded.points.earned = Score::ZERO;
    graded.extra = Points::default();
    graded
}

fn nondeterministic() -> Graded {
    let mut graded = passed("nondeterminism", "Barbara Liskov");
    graded.nondeterminism = Some(
        "two runs of seed 3 of classic::re_election differ at 0.316 s, first at step 3: once S0 sends to S2, then to S1"
            .to_string(),
    );
    graded.points.earned = graded.points.earned - Score::points(5);
    graded
}

fn overridden() -> Graded {
    let mut graded = passed("override", "Frances Allen");
    let rule = failure("one vote per server and term", "S1 voted twice in term 2");
    fail(
        &mut graded,
        "votes::first_come_first_served",
        Failure {
            safety: true,
            ..rule
        },
        0,
    );
    graded.overrides = vec![
        Override {
            test: Some("votes::first_come_first_served".to_string()),
            was: Score::ZERO,
            is: Score::points(1),
            reason: "the server had been told so in the lecture".to_string(),
        },
        Override {
            test: None,
            was: Score::points(100),
            is: Score::points(90),
            reason: "a day late".to_string(),
        },
    ];
    graded.points.earned = Score::points(90);
    graded
}

fn hidden() -> Graded {
    let mut graded = passed("hidden", "Leslie Lamport");
    let unseen = Failure {
        hidden: true,
        seed: None,
        replay: None,
        shortest: None,
        ..failure(
            "no leader without a majority",
            "S1 is leader of term 9, and no majority can hear it",
        )
    };
    fail(&mut graded, "classic::re_election", unseen, 98);
    let seen = Failure {
        hidden: true,
        ..failure("one vote per server and term", "S1 voted twice in term 7")
    };
    fail(&mut graded, "classic::many_elections", seen, 98);
    graded
}

fn hostile() -> Graded {
    let mut graded = passed("hostile", HOSTILE);
    graded.students[0].id = "@SUM(1+1)".to_string();
    graded.students[0].email = "+1".to_string();
    graded.declares = HOSTILE.to_string();
    graded.nondeterminism = Some(HOSTILE.to_string());
    graded.remarks = vec![HOSTILE.to_string()];
    let mut evil = failure(HOSTILE, HOSTILE);
    evil.hint = HOSTILE.to_string();
    evil.task = Some(HOSTILE.to_string());
    evil.replay = Some(HOSTILE.to_string());
    let shortest = evil.shortest.as_mut().expect("failures have one here");
    for text in [
        &mut shortest.how,
        &mut shortest.sentence,
        &mut shortest.replay,
        &mut shortest.timeline,
        &mut shortest.columns,
    ] {
        *text = HOSTILE.to_string();
    }
    fail(&mut graded, "classic::initial_election", evil, 10);
    graded.overrides = vec![Override {
        test: None,
        was: graded.points.earned,
        is: Score::points(3),
        reason: HOSTILE.to_string(),
    }];
    graded.points.earned = Score::points(3);
    graded
}
