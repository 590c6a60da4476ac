//! The soak of all correct servers but raft-rs. Called as `variants serve NAME`, the program is one of them,
//! in a process of its own.

use std::process::ExitCode;

use variants::{SOAK, all};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        #[cfg(unix)]
        [serve, name, how @ ..] if serve == "serve" => serve_as_process(name, !how.is_empty()),
        _ => SOAK.main(all()),
    }
}

#[cfg(unix)]
fn serve_as_process(name: &str, pristine: bool) -> ExitCode {
    use labrpc::process::Serving;
    let how = match pristine {
        true => Serving::Pristine,
        false => Serving::One,
    };
    let Some(variant) = all().into_iter().find(|variant| variant.name == name) else {
        eprintln!("there is no variant '{name}'");
        return ExitCode::from(2);
    };
    match raftapi::serve(how, || variant.server.clone()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
