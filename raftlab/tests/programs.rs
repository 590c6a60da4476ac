//! Programs that do not keep to the protocol of processes: each is found out, with the evidence, and
//! none does the judge any harm.
#![cfg(unix)]

use std::sync::Arc;

use labrpc::process::Command;
use labrpc::{Header, What};
use raftapi::{Declared, Features, Server, Timing};
use suite::columns::columns;
use suite::play::{Mode, play};
use suite::timeline::{html, read};
use suite::watch::{Recording, THE_END};

const DIED: &str = "a server's process runs until it is killed";
const PROTOCOL: &str = "a server keeps to the protocol";
const RETURNED: &str = "a server runs until it is killed";
const PANICKED: &str = "a server does not panic";
const OVERFLOWED: &str = "a server does not overflow its stack";
const FLOODED: &str = "a server waits between messages";
const SPUN: &str = "a server waits until later";
const REACH: &str = "a term is within reach";
const IDENTITY: &str = "a message names its true sender";

/// A server that is this script.
fn program(script: &str) -> Arc<Command> {
    let quoted = script.replace('\'', r"'\''");
    Arc::new(Command::new(format!("sh -c '{quoted}'")))
}

/// What is found in a run of three servers with this script, and by which rule. The run is drawn, too: a
/// picture must bear whatever a server says.
fn found_in(test: &str, script: &str) -> (&'static str, String) {
    let declared = Declared {
        timing: Timing::LAB,
        features: Features::PLAIN,
    };
    let server = Server::declaring(program(script), declared);
    let all = suite::all();
    let test = all.iter().find(|t| t.name == test).unwrap();
    let mode = Mode {
        recording: Recording::TheEnd(THE_END),
        ..Mode::default()
    };
    let played = play(&server, test, 0, mode);
    let header = Header {
        trace: Header::VERSION,
        run: test.path(),
        seed: 0,
        servers: test.servers,
        about: server.about(),
    };
    columns(&played.trace, test.servers);
    html::html(&read::read(&header, &played.trace), std::io::sink()).unwrap();
    let finding = played.finding.expect("something is wrong with it");
    (finding.rule, finding.sentence)
}

/// Holds a script to what is found of it: the rule, and how the sentence goes on after the server's name.
fn expect(script: &str, rule: &str, evidence: &str) {
    let (broken, sentence) = found_in("initial_election", script);
    let rest = sentence.trim_start_matches(|c: char| c == 'S' || c.is_ascii_digit());
    assert_eq!((broken, rest), (rule, evidence), "{script}");
}

/// The server hears that it starts, and says this line.
fn says(line: &str) -> String {
    format!("read -r line; printf '%s\\n' '{line}' >&3; read -r line")
}

/// The first step that it takes does this.
fn does(done: &str) -> String {
    says(&format!(r#"{{"step":{{"do":[{done}],"until":null}}}}"#))
}

/// Its first line is wrong in this way.
fn garbled(script: &str, how: &str) {
    let evidence = format!("'s process broke the protocol at 0.000 s, when it was started: {how}");
    expect(script, PROTOCOL, &evidence);
}

#[test]
fn a_process_that_ends_is_found_with_how_it_ended() {
    for (script, how) in [
        ("exit 0", "it exited with code 0"),
        ("read -r line; exit 3", "it exited with code 3"),
        (
            r#"read -r line; printf '{"step"' >&3; exit 0"#,
            "it exited with code 0",
        ),
        (
            "read -r line; kill -SEGV $$",
            "it was killed by signal 11 (SIGSEGV)",
        ),
        (
            "read -r line; kill -ABRT $$",
            "it was killed by signal 6 (SIGABRT: it aborted)",
        ),
    ] {
        let evidence = format!("'s process ended at 0.000 s, when it was started: {how}");
        expect(script, DIED, &evidence);
    }
}

#[test]
fn a_process_that_closes_its_pipe_and_lives_on_does_not_hold_the_judge_up() {
    garbled(
        "read -r line; exec 3>&-; exec sleep 1000",
        "it closed descriptor 0 or 3, and did not end",
    );
}

#[test]
fn lines_that_make_no_sense_are_quoted() {
    for (line, how) in [
        ("hello", r#""hello": expected value at line 1 column 1"#),
        ("", r#""": EOF while parsing a value at line 1 column 0"#),
        (
            r#"{"stop":{}}"#,
            r#""{\"stop\":{}}": unknown variant `stop`, expected one of `about`, `step`, `draw`, `ended` at line 1 column 7"#,
        ),
        (
            r#"{"step":{"do":[],"until":null,"next":1}}"#,
            r#""{\"step\":{\"do\":[],\"until\":null,\"next\":1}}": unknown field `next`, expected `do` or `until` at line 1 column 36"#,
        ),
        (
            r#"{"step":{"do":[],"until":-1}}"#,
            r#""{\"step\":{\"do\":[],\"until\":-1}}": invalid value: integer `-1`, expected u64 at line 1 column 27"#,
        ),
        (
            r#"{"step":{"do":[{"sleep":1}],"until":null}}"#,
            r#""{\"step\":{\"do\":[{\"sleep\":1}],\"until\":null}}": unknown variant `sleep`, expected one of `call`, `answer`, `persist`, `publish` at line 1 column 23"#,
        ),
    ] {
        garbled(
            &says(line),
            &format!("it says what is not understood, {how}"),
        );
    }
    garbled(
        r"read -r line; printf '\377\376\n' >&3; read -r line",
        "it says what is not understood, \"\u{fffd}\u{fffd}\": expected value at line 1 column 1",
    );
}

#[test]
fn a_line_may_be_neither_too_long_nor_too_deep() {
    garbled(
        r"read -r line; head -c 2097152 /dev/zero | tr '\0' x >&3; read -r line",
        "it says a line of more than 1048576 bytes",
    );
    let (rule, sentence) = found_in("initial_election", &says(&"[".repeat(5000)));
    assert_eq!(rule, PROTOCOL);
    let deep = format!("what is not understood, \"{}\":", "[".repeat(60));
    assert!(sentence.contains(&deep), "{sentence}");
    let about = format!(r#"{{"about":{}"#, "[".repeat(5000));
    let (rule, sentence) = found_in("initial_election", &says(&about));
    assert_eq!(rule, PROTOCOL);
    assert!(sentence.contains("recursion limit exceeded"), "{sentence}");
}

#[test]
fn a_server_speaks_when_it_is_asked_and_of_what_it_is_asked() {
    let step = r#"{"step":{"do":[],"until":null}}"#;
    garbled(
        &says(&format!("{step}\n{step}")),
        "it says more than it was asked",
    );
    garbled(
        &says(r#"{"about":{}}"#),
        "it was not asked what it declares",
    );
    garbled(
        r#"while read -r line; do echo '{"draw":{}}' >&3; done"#,
        "it asked for random numbers 10000 times in one step",
    );
}

#[test]
fn an_end_is_what_the_server_says_it_is() {
    for (how, rule, evidence) in [
        (
            r#""returned""#,
            RETURNED,
            " returned at 0.000 s, when it was started, although nobody had killed it",
        ),
        (
            r#"{"panicked":"oh"}"#,
            PANICKED,
            " panicked at 0.000 s, when it was started: oh",
        ),
        (
            r#""overflowed""#,
            OVERFLOWED,
            " overflowed its stack at 0.000 s, when it was started: does a function call itself for ever?",
        ),
        (
            r#"{"flooded":7}"#,
            FLOODED,
            " did 7 things at 0.000 s within one step, when it was started: does it send in a loop that \
             never waits?",
        ),
    ] {
        expect(
            &says(&format!(r#"{{"ended":{{"how":{how}}}}}"#)),
            rule,
            evidence,
        );
    }
}

#[test]
fn nobody_answers_what_was_not_asked_or_calls_who_is_not_there() {
    let reply = r#"{"RequestVote":{"term":1,"vote_granted":true}}"#;
    garbled(
        &does(&format!(r#"{{"answer":[99,{reply}]}}"#)),
        "it answers call 99, which it was not handed or has answered",
    );
    let heartbeat = r#"{"AppendEntries":{"term":1,"leader_id":0,"prev_log_index":0,"prev_log_term":0,"entries":[],"leader_commit":0}}"#;
    garbled(
        &does(&format!(r#"{{"call":[9,{heartbeat}]}}"#)),
        "it calls S9, and there is no S9",
    );
}

/// A server that campaigns after 300 ms, says so little that no rule is broken, and does this with each
/// request.
fn answering(done: &str) -> String {
    let request = r#"{"RequestVote":{"term":1,"candidate_id":'$me',"last_log_index":0,"last_log_term":0,"pre_vote":false,"leader_transfer":false}}"#;
    format!(
        r#"
        say() {{ printf '%s\n' "$1" >&3; }}
        read -r line
        me=${{line#*\"me\":}}
        me=${{me%%,*}}
        say '{{"step":{{"do":[],"until":300000000}}}}'
        while read -r line; do
            case "$line" in
            '{{"timeout"'*) say '{{"step":{{"do":[{{"persist":{{"current_term":1,"voted_for":'$me',"log":[]}}}},{{"publish":{{"term":1,"role":"Candidate"}}}},{{"call":['$(((me + 1) % 3))',{request}]}}],"until":null}}}}' ;;
            '{{"request"'*) say '{{"step":{{"do":[{done}],"until":null}}}}' ;;
            *) say '{{"step":{{"do":[],"until":null}}}}' ;;
            esac
        done"#
    )
}

#[test]
fn an_answer_is_of_the_request_s_kind_and_given_once() {
    let append = r#"{"answer":[0,{"AppendEntries":{"term":1,"success":false}}]}"#;
    let (rule, sentence) = found_in("initial_election", &answering(append));
    assert_eq!(rule, PROTOCOL, "{sentence}");
    assert!(
        sentence.ends_with(": it answers a RequestVote with another's reply"),
        "{sentence}"
    );
    let vote = r#"{"answer":[0,{"RequestVote":{"term":1,"vote_granted":false}}]}"#;
    let (rule, sentence) = found_in("initial_election", &answering(&format!("{vote},{vote}")));
    assert_eq!(rule, PROTOCOL, "{sentence}");
    assert!(
        sentence.ends_with(": it answers call 0, which it was not handed or has answered"),
        "{sentence}"
    );
}

#[test]
fn a_deadline_may_be_any_number() {
    expect(
        r#"while read -r line; do echo '{"step":{"do":[],"until":0}}' >&3; done"#,
        SPUN,
        " took 10300 steps within a millisecond, the last one at 0.000 s, after its deadline passed: is its \
         deadline always in the past, or does it answer every message with another?",
    );
    for until in [u64::MAX, u64::MAX - 1] {
        let publish =
            format!(r#"{{"publish":{{"term":0,"role":"Follower","election_due":{until}}}}}"#);
        let script = format!(
            r#"while read -r line; do echo '{{"step":{{"do":[{publish}],"until":{until}}}}}' >&3; done"#
        );
        let (rule, sentence) = found_in("initial_election", &script);
        assert_eq!(rule, "a leader within 5 seconds", "{sentence}");
    }
}

#[test]
fn numbers_that_no_run_reaches_do_the_judge_no_harm() {
    let far = u64::MAX;
    let persist =
        format!(r#"{{"persist":{{"current_term":{far},"voted_for":4294967295,"log":[]}}}}"#);
    let publish = format!(r#"{{"publish":{{"term":{far},"role":"Leader"}}}}"#);
    let vote = |pre_vote: bool, term: u64, candidate: u64| {
        format!(
            r#"{{"call":[1,{{"RequestVote":{{"term":{term},"candidate_id":{candidate},"last_log_index":{far},"last_log_term":{far},"pre_vote":{pre_vote},"leader_transfer":false}}}}]}}"#
        )
    };
    let beat = format!(
        r#"{{"call":[1,{{"AppendEntries":{{"term":{far},"leader_id":4294967295,"prev_log_index":{far},"prev_log_term":{far},"entries":[],"leader_commit":{far}}}}}]}}"#
    );
    for (done, how) in [
        (&persist, "stable state"),
        (&publish, "a status"),
        (&vote(false, far, 0), "a request"),
        (&vote(true, far, 0), "a request"),
        (&beat, "a request"),
    ] {
        let evidence = format!(" names term {far}, in {how}: no election comes that far");
        expect(&does(done), REACH, &evidence);
        // Played by hand, where no other rule is looked at.
        let (rule, sentence) = found_in("first_steps", &does(done));
        assert_eq!((rule, sentence), (REACH, format!("S0{evidence}")));
    }
    expect(
        &does(&vote(false, 1, 4_294_967_295)),
        IDENTITY,
        " sent a RequestVote that names S4294967295 as candidate",
    );
    // No term is below 0: the hands grant a pre-vote of it, and then the script ends.
    let (rule, sentence) = found_in("first_steps", &does(&vote(true, 0, 0)));
    let granted =
        "S0's process ended at 0.002 s, after a RequestVote reply from S1: it exited with code 0";
    assert_eq!((rule, sentence.as_str()), (DIED, granted));
}

#[test]
fn who_declares_nonsense_runs_no_server() {
    let what = |script: &str| Server::of_program(program(script)).map(|_| ()).unwrap_err();
    let garbled = |how: &str| What::Garbled(how.to_string());
    assert_eq!(
        what("exit 1"),
        What::Died("it exited with code 1".to_string())
    );
    assert_eq!(what(&does("")), garbled("it does not say what it declares"));
    assert_eq!(
        what(&says(r#"{"ended":{"how":{"panicked":"oh"}}}"#)),
        What::Panicked("oh".to_string())
    );
    let timing = |max: &str| {
        format!(
            r#"{{"about":{{"timing":{{"heartbeat_interval_ns":1,"election_timeout_min_ns":2,"election_timeout_max_ns":{max}}}}}}}"#
        )
    };
    assert_eq!(
        what(&says(&timing("18446744073709551615"))),
        garbled(
            "what it declares makes no sense: election_timeout_max_ns is 18446744073709551615: expected less \
             than a day"
        )
    );
    assert_eq!(
        what(&says(r#"{"about":{"tempo":1}}"#)),
        garbled("what it declares makes no sense: missing field `timing`")
    );
    assert!(Server::of_program(program(&says(&timing("3")))).is_ok());
}
