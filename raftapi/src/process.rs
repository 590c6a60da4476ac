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
pub fn serve(how: Serving, server: impl Fn() -> Server) -> std::io::Result<()> {
    labrpc::process::serve::<Raft, Declared>(how, || {
        let Server {
            run,
            timing,
            features,
        } = server();
        (run, Declared { timing, features })
    })
}

/// The whole `main` of a program that is a server.
pub fn main(server: impl Fn() -> Server) -> ExitCode {
    let serving = Serving::from_arguments();
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
