//! `raftlab grade`: a class of submissions that nobody trusts, to marks that a course can use.
#![allow(dead_code)]

pub mod build;
pub mod hash;
pub mod model;
pub mod play;
pub mod overrides;
pub mod report;
pub mod roster;
pub mod rows;
pub mod sandbox;
pub mod seeds;
pub mod submissions;

/// Temporary.
pub fn trial() -> anyhow::Result<()> {
    use std::collections::BTreeMap;
    use std::path::Path;
    let cache = Path::new("/tmp/rlcache");
    std::fs::create_dir_all(cache)?;
    let level = sandbox::Level::strongest(false)?;
    println!("{level}");
    let kit = build::Kit::prepare(cache)?;
    println!("{kit:?}");
    let mut sources = BTreeMap::new();
    for file in std::fs::read_dir("raft/src")?.chain(std::fs::read_dir("raft/src/core")?).chain(std::fs::read_dir("raft/src/server")?) {
        let path = file?.path();
        if path.is_file() {
            let name = path.strip_prefix("raft/src")?.display().to_string();
            sources.insert(name, std::fs::read(&path)?);
        }
    }
    let t = std::time::Instant::now();
    let built = build::build(&kit, level, cache, &sources, "abcd")?;
    println!("{:?} {:?}", built, t.elapsed());
    let build::Built::Program(program) = built else { anyhow::bail!("no") };
    let cell = sandbox::Cell { readable: vec![program.clone()], writable: None, furnished: false, environment: vec![], folder: "/".into(),
        limits: sandbox::Limits { memory: Some(64 << 20), file: Some(0), processor_s: None, descriptors: Some(64) } };
    let command = cell.command(level, &program, &[])?;
    let (of_all, of_servers) = if std::env::var_os("NOFILTER").is_some() { (vec![], vec![]) } else { (sandbox::of_pristine()?, sandbox::of_servers()?) };
    println!("filter {} {}", of_all.len(), of_servers.len());
    let p = std::sync::Arc::new(labrpc::process::Pristine::spawn(command, &labrpc::process::Confinement { processor_s: Some(5), of_all, of_servers })?);
    let server = raftapi::Server::of_program(p.clone()).map_err(|e| anyhow::anyhow!("{e}"))?;
    println!("{}", server.about());
    for name in ["an_hour_of_calm", "five_start_together", "many_elections", "initial_election"] {
        let test = suite::all().into_iter().find(|t| t.name == name).unwrap();
        let t = std::time::Instant::now();
        let before = p.processor_time()?;
        let mut steps = 0;
        for seed in 0..if name == "an_hour_of_calm" { 1 } else { 20 } {
            let played = suite::play::play(&server, &test, seed, Default::default());
            steps += played.steps;
            if let Some(f) = played.finding { println!("{f}"); }
        }
        let t = t.elapsed();
        println!("{name}: {steps} steps {t:?} {:.0} steps/s; children {:?}", steps as f64 / t.as_secs_f64(), p.processor_time()? - before);
    }
    Ok(())
}
