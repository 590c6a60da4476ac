use super::*;
use crate::scenario::condition::{Campaigners, Joined, Subject};
use crate::scenario::statement::{LinkChange, Pace};

fn read(text: &str) -> Result<Scenario, Vec<String>> {
    let source = Source::file("a.txt", text);
    scenario("a", &source).map_err(|all| all.iter().map(|one| source.tell(one)).collect())
}

/// Five servers, then this.
#[track_caller]
fn refused(lines: &str, expected: &[&str]) {
    let complaints = match read(&format!("servers 5\n{lines}")) {
        Ok(scenario) => panic!("{lines}: {:?}", scenario.steps),
        Err(complaints) => complaints,
    };
    assert_eq!(complaints.len(), 1, "{complaints:#?}");
    for words in expected {
        assert!(complaints[0].contains(words), "{}", complaints[0]);
    }
}

fn wished(text: &str) -> Result<Wish, String> {
    let source = Source::option("--where", text);
    wish(&source, 5).map_err(|complaint| source.tell(&complaint))
}

#[test]
fn a_scenario_says_how_many_servers_there_are_first() {
    for text in ["", "# nothing\n", "run 5s\nservers 3\n"] {
        let complaints = read(text).unwrap_err();
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].contains("say 'servers 5'"), "{complaints:?}");
    }
    assert!(read("servers 0").is_err() && read("servers 1001").is_err());
    assert!(read("servers three").is_ok());
}

#[test]
fn all_lines_that_are_wrong_are_told() {
    let complaints = read("servers 3\ncrash S7\nrun 5s\nrun 5\n").unwrap_err();
    assert_eq!(complaints.len(), 2);
    assert!(complaints[0].starts_with("a.txt:2:7: there is no server S7"));
    assert!(complaints[1].starts_with("a.txt:4:5: '5' has no unit"));
}

#[test]
fn unknown_words_are_guessed_at() {
    refused(
        "parttition S0 | S1",
        &["a.txt:2:1", "did you mean 'partition'?"],
    );
    refused("net latencyy 5ms", &["did you mean 'latency'?"]);
    refused("features prevot", &["did you mean 'prevote'?"]);
    refused("crash leeder", &["2:7", "did you mean 'leader'?"]);
    refused("expect S1 is folower", &["did you mean 'follower'?"]);
    refused("expect elektion", &["did you mean 'election'?"]);
    refused("elephant", &["they begin with run, wait"]);
    refused("at 2s timing lab", &["on a line of its own"]);
}

#[test]
fn units_are_asked_for() {
    refused("run 10", &["2:5", "'10' has no unit", "write 10ms or 10s"]);
    refused("net loss 10", &["write 10%"]);
    refused("clock S1 1.1", &["write x1.1"]);
    refused("run 0ms", &["no time at all"]);
    refused("clock S1 x11", &["x0.1 to x10"]);
    refused("slow S1 20ms", &["factor"]);
    refused("slow S1", &["how slow: 'x3', or 'by 20ms'"]);
}

#[test]
fn settings_stand_first_and_once() {
    refused(
        "run 1s\nseed 5",
        &["3:1", "stands before anything happens", "above line 2"],
    );
    refused("seed 5\nseed 6", &["3:1", "was said already, in line 2"]);
    refused("log S1 1\nlog S1 2", &["'log S1' was said already"]);
    assert!(read("servers 5\nnet loss 5%\nlog S1 1\nlog S2 1\nonly S1 S2 start").is_ok());
}

#[test]
fn timings_that_say_too_little_are_refused() {
    refused(
        "timing 150ms..300ms",
        &["'heartbeat 75ms'", "half the minimum"],
    );
    refused("timing slow", &["lab, paper, etcd"]);
    refused(
        "timing 300ms..150ms heartbeat 50ms",
        &["runs backwards", "150ms..300ms"],
    );
    refused("timing 0..150ms heartbeat 50ms", &["expected 1ms or more"]);
    refused("timing 1s..2s heartbeat 5ms heartbeat 6ms", &["each once"]);
    let lesson = read("servers 3\ntiming 150ms..300ms heartbeat 400ms").unwrap();
    assert_eq!(
        lesson.timing.heartbeat_interval(),
        Duration::from_millis(400)
    );
    let ticks = read("servers 3\ntiming 1s..1.9s steps of 100ms heartbeat 100ms").unwrap();
    assert_eq!(ticks.timing, Timing::ETCD);
}

#[test]
fn every_feature_can_be_asked_for() {
    use raftapi::{PreVote, Redraw};
    let features = |line: &str| {
        read(&format!("servers 3\nfeatures {line}"))
            .unwrap()
            .features
    };
    assert_eq!(features("plain"), Features::PLAIN);
    assert_eq!(features("prevote").pre_vote, Some(PreVote::Thesis));
    assert_eq!(
        features("prevote etcd, checkquorum, lease, transfer, redraw on change"),
        Features {
            pre_vote: Some(PreVote::Etcd),
            check_quorum: true,
            lease: true,
            transfer: true,
            redraw: Redraw::OnStateChange,
        }
    );
    assert_eq!(features("redraw once").redraw, Redraw::Once);
    refused(
        "features plain, prevote",
        &["none of the features beside it"],
    );
    refused("features prevote, prevote", &["said twice"]);
    refused("features prevote checkquorum", &["',' and another feature"]);
}

#[test]
fn disks_are_checked() {
    refused("log S1 2 1", &["never fall"]);
    refused("log S1 0 1", &["the first term is 1"]);
    refused("log S1 1 3 term 2", &["has seen term 3"]);
    refused("log S1 vote S2", &["term 0"]);
    refused("log S1", &["what is on the disk"]);
    let scenario = read("servers 3\nlog S1 1 1 2 term 4 vote S2").unwrap();
    let (server, stable) = &scenario.disks[0];
    assert_eq!((*server, stable.current_term), (ServerId::new(1), 4));
    assert_eq!(stable.voted_for, Some(ServerId::new(2)));
    assert_eq!(
        stable.log.iter().map(|e| e.term).collect::<Vec<_>>(),
        [1, 1, 2]
    );
}

#[test]
fn every_knob_of_a_link_can_be_turned() {
    let scenario = read(
        "servers 3\nnet reliable request latency 1ms reply latency 2ms request loss 1% reply loss 2% \
         duplicate 3% reorder 4% by 5ms unreachable 6ms late 7%",
    );
    let Some(Statement::Net(changes)) = &scenario.unwrap().steps[0].what else {
        panic!("it is about the net");
    };
    let mut link = labrpc::LinkFaults::RELIABLE;
    changes
        .iter()
        .for_each(|change: &LinkChange| change.apply(&mut link));
    let constant = |ms| labrpc::Delay::Constant(Duration::from_millis(ms));
    let expected = labrpc::LinkFaults {
        request_delay: constant(1),
        reply_delay: constant(2),
        request_loss: 0.01,
        reply_loss: 0.02,
        duplication: 0.03,
        reordering: 0.04,
        reordering_delay: constant(5),
        unreachable_delay: constant(6),
        late_delivery: 0.07,
    };
    assert_eq!(link, expected);
    refused("net loss 5% loss 6%", &["said twice"]);
    refused("net loss 5% unreliable", &["put it first"]);
    refused("net", &["what the network does"]);
    refused("net request duplicate 5%", &["'latency' or 'loss'"]);
    assert!(read("servers 3\nnet unreliable long delays long reordering").is_ok());
}

#[test]
fn times_run_forwards() {
    refused(
        "at 2s crash leader\nat 1s heal all",
        &["3:1", "1.000 s is over", "line 2"],
    );
    refused("run 3s\nat 2s heal all", &["line 2 ends at 3.000 s"]);
    refused(
        "expect no leader for 3s\nafter 1s\nat 2s heal all",
        &["4:1"],
    );
    refused("run 3s\nexpect election by 2s", &["is over"]);
    assert!(read("servers 3\nrun 1s\nat 1s\nexpect leader within 5s\nat 2s heal all").is_ok());
}

#[test]
fn what_is_certainly_wrong_is_refused_before_it_is_played() {
    refused("restart S1", &["S1 is running by then", "only S0 S1 start"]);
    refused("crash S1\ncrash S1", &["3:1", "S1 is down by then"]);
    refused(
        "only S0 start\ncrash S1 after its next persist",
        &["S1 is down by then"],
    );
    refused("restart all", &["all servers are running"]);
    refused(
        "restart old leader",
        &["nothing was done to a leader so far"],
    );
    refused(
        "expect old leader is follower",
        &["nothing was done to a leader so far"],
    );
    refused("expect same leader", &["expect one leader within 2s"]);
    refused("transfer leadership to S1", &["features transfer"]);
    assert!(read("servers 3\ncrash leader\nrestart S1\ncrash S1\nrestart all").is_ok());
}

#[test]
fn links_and_groups_make_sense() {
    refused("cut S1", &["'->'", "isolate S1"]);
    refused("cut S1->S1", &["no link to itself"]);
    refused("cut S1->S9", &["there is no server S9", "S0 to S4"]);
    refused("partition S0 S1", &["'|' between them"]);
    refused("partition S0 S0 | S1", &["twice"]);
    refused("isolate S1 S1", &["named twice"]);
    refused("crash S1 S2 after its 1st persist", &["one server"]);
    refused("crash S1 after its 2 persist", &["'next' or '2nd'"]);
    refused("note now", &["a text in quotes"]);
    refused("note \"now", &["no closing"]);
    refused("wait 5s", &["'until'", "say 'run 2s'"]);
    refused("heal all now", &["'->'"]);
    refused(
        "crash leader now",
        &["end of the line after the statement, found 'now'"],
    );
}

#[test]
fn a_line_keeps_its_text_without_time_and_comment() {
    let scenario = read("servers 3\n  at 2s: crash S1# so\nafter 5ms\n").unwrap();
    let texts: Vec<&str> = scenario
        .steps
        .iter()
        .map(|step| step.text.as_str())
        .collect();
    assert_eq!(texts, ["crash S1", "after 5ms"]);
    assert_eq!(scenario.steps[0].when, When::At(Time::from_millis(2000)));
}

#[test]
fn within_belongs_to_the_campaigns_first_and_to_the_expectation_then() {
    let line = "expect S1 and S2 campaign within 5ms within 2s";
    let scenario = read(&format!("servers 3\n{line}")).unwrap();
    let Some(Statement::Expect(condition, pace)) = &scenario.steps[0].what else {
        panic!("it expects something");
    };
    let both = [1, 2].map(|n| Subject::Server(ServerId::new(n)));
    let within = Some(Duration::from_millis(5));
    let fact = Fact::Campaign(Campaigners::Each(both.to_vec()), within);
    assert_eq!(*condition, Joined::One(fact));
    assert_eq!(*pace, Pace::Within(Duration::from_secs(2)));
}

#[test]
fn wishes_of_every_kind_are_understood() {
    for wish in [
        "S2 and S3 campaign within 5ms",
        "any two servers campaign within 5ms",
        "S0, S1 and S2 campaign",
        "somebody campaigns before 160ms",
        "split vote of three",
        "five split votes in a row",
        "leader elected by the last possible vote",
        "S2 wins",
        "S2 wins term 3 and S3 campaigns",
        "term 4 by 3s",
        "term <= 3",
        "no leader for 2s",
        "no election for 5s by 8s",
        "leader of term 1 is S3",
        "not S2 wins and (split vote or elections >= 3)",
        "expectations met",
        "S4 term = 0 for 2s",
        "S1 is pre-candidate",
    ] {
        assert!(wished(wish).is_ok(), "{wish}: {:?}", wished(wish));
    }
}

#[test]
fn a_wish_that_makes_no_sense_is_pointed_at() {
    for (wish, words) in [
        ("", &["column 1", "the line ends here"][..]),
        ("S9 wins", &["--where, column 1", "S0 to S4"]),
        ("S2 and S3 wins", &["column 11", "'campaign'"]),
        ("S2 jumps", &["column 4", "wins, campaigns"]),
        ("split vote for 2s", &["column 12", "does not last"]),
        ("same leader", &["no part of it"]),
        ("no S2 wins", &["column 4", "'not' goes with"]),
        ("(S2 wins", &["')'"]),
        ("five elections", &["split votes in a row"]),
        ("any nine servers campaign", &["5 servers only"]),
        ("S2 wins soon", &["column 9", "end of the line"]),
        ("elections 5", &["<, <=, ="]),
    ] {
        let told = wished(wish).unwrap_err();
        for words in words {
            assert!(told.contains(words), "{wish}: {told}");
        }
    }
    let expectation = "servers 3\nexpect expectations met";
    assert!(read(expectation).unwrap_err()[0].contains("this is for --where"));
}

#[test]
fn a_condition_has_an_end() {
    let told = "a condition has at most 200 of";
    let deep = "(".repeat(20_000) + "leader" + &")".repeat(20_000);
    let refusals = "not ".repeat(200_000) + "leader";
    let nothings = "no ".repeat(200_000) + "leader";
    let chain = "leader and ".repeat(200_000) + "leader";
    for condition in [deep, refusals, nothings, chain] {
        refused(&format!("expect {condition}"), &[told, "with fewer"]);
        assert!(wished(&condition).unwrap_err().contains(told));
    }
    let some = "(not ".repeat(64) + "leader" + &")".repeat(64);
    assert!(wished(&some).is_ok());
}

#[test]
fn times_and_shares_that_people_write_are_understood_or_explained() {
    refused(
        "run 1,5s",
        &["2:5: '1,5s' has a comma", "take a point: 1.5s"],
    );
    refused("run 10 s", &["2:5: '10 s' has a space", "write 10s"]);
    refused("run 99999999999999999999999h", &["longer than a day"]);
    refused("net loss 0.1", &["'0.1' has no %", "write 0.1% or 10%"]);
    refused("note \"he said \"no\" twice\"", &["2:16", "quote with '"]);
    assert!(read("Servers 3\nTiming Paper\nRUN 1S\nExpect s1 Is Up\n").is_ok());
}

#[test]
fn what_cannot_be_judged_is_refused() {
    refused(
        "timing 1ns..2ns heartbeat 1ms",
        &["2:8", "expected 1ms or more"],
    );
    refused(
        "timing 150ms..300ms heartbeat 75us",
        &["2:31", "expected a heartbeat of 1ms or more"],
    );
    for line in [
        "log S1 18446744073709551615",
        "log S1 1 term 18446744073709551615",
    ] {
        refused(line, &["terms go up to 1000000000000"]);
    }
}

#[test]
fn a_scenario_lasts_a_day_at_most() {
    assert!(read("servers 3\nrun 12h\nexpect no election for 12h\n").is_ok());
    refused(
        "run 12h\nrun 12h\nrun 1ns",
        &["4:1", "a scenario lasts a day at most"],
    );
    refused(
        "at 24h\nafter 1s crash S1",
        &["3:1", "a scenario lasts a day at most"],
    );
}
