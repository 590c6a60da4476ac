//! Scenarios: runs as text files, for people who write no Rust. `scenarios/README.md` describes the
//! language.
//!
//! | module | what |
//! |---|---|
//! | `text` | lines and words, and complaints that point at them |
//! | `parse` | a text, read |
//! | `statement`, `condition`, `wish` | what it says |
//! | `eyes` | what is seen of a run |
//! | `direct`, `knobs` | a run, directed |
//! | `play` | `raftlab play`: one run, told and drawn |
//! | `find`, `rarity` | `raftlab find`: the runs in which a wish comes true, and how rare they are |

mod condition;
mod direct;
mod eyes;
pub mod find;
mod knobs;
mod parse;
pub mod play;
mod rarity;
mod statement;
mod text;
mod wish;

use std::path::Path;

use anyhow::{Context, Result, bail};
use raftapi::{Features, Server};

use self::statement::Scenario;
use self::text::Source;
use crate::{Lab, files};

/// Reads a scenario's file, or standard input.
fn load(path: &Path) -> Result<(Scenario, Source)> {
    let (name, shown) = match files::is_standard(path) {
        true => (Some("scenario"), "standard input".to_string()),
        false => (
            path.file_stem().and_then(|stem| stem.to_str()),
            path.display().to_string(),
        ),
    };
    let name = name.with_context(|| format!("{shown} is no file's name"))?;
    let source = Source::file(&shown, &files::read_text(path)?);
    match parse::scenario(name, &source) {
        Ok(scenario) => Ok((scenario, source)),
        Err(complaints) => {
            let told: Vec<String> = complaints.iter().map(|c| source.tell(c)).collect();
            bail!("{}", told.join("\nerror: "))
        }
    }
}

/// The laboratory's server, as the scenario wants it.
fn build(lab: &Lab, scenario: &Scenario) -> Result<Server> {
    let server = (lab.build)(scenario.timing, scenario.features);
    let missing = missing(scenario.features, server.features);
    if !missing.is_empty() {
        bail!(
            "this server does not declare {}: the scenario {} asks for it. A server can be given \
             it, and declares it in the features of its Server; the other scenarios can be played.",
            missing.join(", nor "),
            scenario.name
        );
    }
    Ok(server)
}

/// What a scenario asks for that a server does not declare.
fn missing(wanted: Features, declared: Features) -> Vec<String> {
    let only = |features: Features| features.to_string();
    let mut missing = Vec::new();
    if wanted.pre_vote.is_some() && wanted.pre_vote != declared.pre_vote {
        missing.push(only(Features {
            pre_vote: wanted.pre_vote,
            ..Features::PLAIN
        }));
    }
    if wanted.redraw != declared.redraw {
        missing.push(match wanted.redraw {
            raftapi::Redraw::AtEachReset => "timeouts drawn at each reset".to_string(),
            redraw => only(Features {
                redraw,
                ..Features::PLAIN
            }),
        });
    }
    let declares = [
        (wanted.check_quorum && !declared.check_quorum, "CheckQuorum"),
        (wanted.lease && !declared.lease, "a lease"),
        (wanted.transfer && !declared.transfer, "leadership transfer"),
    ];
    let lacking = declares.iter().filter(|(lacks, _)| *lacks);
    missing.extend(lacking.map(|(_, name)| name.to_string()));
    missing
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use raftapi::Timing;
    use suite::settings::Settings;

    use super::find::search::Search;
    use super::*;
    use crate::trials::Player;

    /// A server that waits for something that never comes, elsewhere than in its inbox.
    fn hanging() -> Server {
        Server::new(Timing::PAPER, |ctx| {
            let _ = ctx.recv_deadline(ctx.now() + Duration::from_millis(7));
            let (_send, receive) = std::sync::mpsc::channel::<()>();
            let _ = receive.recv();
        })
    }

    fn scenario() -> Scenario {
        let source = Source::file("a.txt", "servers 3\nexpect one leader within 1s\n");
        parse::scenario("a", &source).expect("it makes sense")
    }

    #[test]
    fn a_server_that_hangs_is_a_finding_and_not_the_end_of_the_laboratory() {
        let settings = Settings {
            ..Settings::default()
        };
        let told = play::story(&scenario(), &hanging(), 1, &settings).expect("it is told");
        assert!(
            told.contains("does not come back to its inbox at 0.007 s"),
            "{told}"
        );
        assert!(told.contains("no sleep, no lock"), "{told}");
    }

    #[test]
    fn a_search_names_the_seed_with_which_a_server_hangs() {
        let search = Search {
            scenario: scenario(),
            server: hanging(),
            wish: parse::wish(&Source::option("--where", "S1 wins"), 3).expect("a wish"),
            first: 40,
            seeds: 10,
            count: 1,
        };
        let player = Player::new(1, Some(Duration::from_millis(100)), "{pos}/{len} seeds");
        let error = Arc::new(search).run(&player).unwrap_err().to_string();
        assert!(error.contains("with seed 40"), "{error}");
    }
}
