//! A Raft server as a process of its own.

use std::process::ExitCode;
use std::sync::Arc;

use labrpc::What;
use labrpc::process::{Program, Serving, describe, remote};
use serde::{Deserialize, Serialize};

use crate::{Features, Raft, Server, Timing};

/// What a server declares about itself, as it travels between processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// The timing that it keeps to.
    pub timing: Timing,
    /// What it does beyond plain Raft.
    #[serde(default)]
    pub features: Features,
}

/// Runs a server behind the protocol of processes: a judge starts it, and speaks to it.
///
/// # Errors
///
/// See [`labrpc::process::serve`].
pub fn serve(how: Serving, server: &dyn Fn() -> Server) -> std::io::Result<()> {
    labrpc::process::serve::<Raft, Declared>(how, || {
        let Server {
            run,
            timing,
            features,
        } = server();
        (run, Declared { timing, features })
    })
}

/// The whole `main` of a program that is a server. These are its arguments.
pub fn main(arguments: impl IntoIterator<Item = String>, server: impl Fn() -> Server) -> ExitCode {
    run(&mut arguments.into_iter(), &server)
}

/// Compiled once, and not with each program that is a server.
fn run(arguments: &mut dyn Iterator<Item = String>, server: &dyn Fn() -> Server) -> ExitCode {
    let serving = Serving::from_arguments(arguments);
    match serving.and_then(|how| serve(how, server).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

impl Server {
    /// The server whose code runs in processes of this program. It is asked what it declares.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or does not say what makes sense.
    pub fn of_program(program: Arc<dyn Program>) -> Result<Server, What> {
        let about = describe::<Raft>(&*program)?;
        let declared: Declared = serde_json::from_value(about)
            .map_err(|error| What::Garbled(format!("what it declares makes no sense: {error}")))?;
        Ok(Server::declaring(program, declared))
    }

    /// The same, where it is known what it declares.
    pub fn declaring(program: Arc<dyn Program>, declared: Declared) -> Server {
        Server {
            run: remote(program),
            timing: declared.timing,
            features: declared.features,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::*;
    use crate::{Reply, Request, Stable, Status};

    /// Whether this is a `T`, with nothing left out and nothing of it ignored.
    fn is<T: DeserializeOwned + Serialize>(value: &Value) -> bool {
        let read: Option<T> = serde_json::from_value(value.clone()).ok();
        read.is_some_and(|read| serde_json::to_value(read).unwrap() == *value)
    }

    /// Looks at everything of Raft's in a line of the protocol; how much there was.
    fn check(name: &str, value: &Value) -> usize {
        let holds = match name {
            "args" | "request" if value.get("now").is_none() => is::<Request>(value),
            "reply" if value.get("now").is_none() => is::<Reply>(value),
            "call" if value.is_array() => is::<Request>(&value[1]),
            "answer" => is::<Reply>(&value[1]),
            "stable" | "persist" => is::<Stable>(value),
            "publish" => is::<Status>(value),
            // Of what is declared some may be left out.
            "about" => serde_json::from_value::<Declared>(value.clone()).is_ok(),
            _ => {
                let within: Vec<(&str, &Value)> = match value {
                    Value::Object(map) => map.iter().map(|(k, v)| (k.as_str(), v)).collect(),
                    Value::Array(list) => list.iter().map(|v| ("", v)).collect(),
                    _ => vec![],
                };
                return within.into_iter().map(|(name, v)| check(name, v)).sum();
            }
        };
        assert!(holds, "{name}: {value}");
        1
    }

    #[test]
    fn the_document_of_the_protocol_tells_the_truth() {
        let document = include_str!("../../labrpc/PROTOCOL.md");
        let mut looked_at = 0;
        for line in document.lines().filter(|line| line.starts_with("{\"")) {
            let value: Value = serde_json::from_str(line).unwrap();
            let name = line.split('"').nth(1).unwrap();
            looked_at += match name.starts_with(char::is_uppercase) {
                true => {
                    assert!(is::<Request>(&value) || is::<Reply>(&value), "{line}");
                    1
                }
                false => check("", &value),
            };
        }
        assert_eq!(looked_at, 23);
    }
}
