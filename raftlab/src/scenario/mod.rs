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

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use raftapi::{Features, Server};

use self::statement::Scenario;
use self::text::Source;
use crate::Lab;

/// Reads a scenario's file.
fn load(path: &Path) -> Result<(Scenario, Source)> {
    let name = path.file_stem().and_then(|stem| stem.to_str());
    let name = name.with_context(|| format!("{} is no file's name", path.display()))?;
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let source = Source::file(&path.display().to_string(), &text?);
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
