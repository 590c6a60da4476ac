//! The soak of all correct servers but raft-rs. Called as `variants serve NAME`, the program is one of them,
//! in a process of its own.

use std::process::ExitCode;

use variants::{SOAK, all};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        #[cfg(unix)]
        [serve, name, how @ ..] if serve == "serve" => serve_as_process(name, how),
        _ => SOAK.main(all()),
    }
}

#[cfg(unix)]
fn serve_as_process(name: &str, how: &[String]) -> ExitCode {
    let Some(variant) = all().into_iter().find(|variant| variant.name == name) else {
        eprintln!("there is no variant '{name}'");
        return ExitCode::from(2);
    };
    raftapi::main(how.iter().cloned(), || variant.server.clone())
}
