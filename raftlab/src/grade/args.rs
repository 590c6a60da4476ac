//! The command line of `raftlab grade`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What is written besides the class itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Format {
    /// gradescope/ID.json: an autograder's results.json
    Gradescope,
    /// classroom/ID.txt: what a grading step of GitHub Classroom hands to its reporter
    Classroom,
    /// junit.xml: the class as JUnit's XML
    Junit,
    /// class.csv: the class as a table
    Csv,
    /// class.html, students/ID.html and students/ID.md: pages for the teacher and for each student
    Html,
}

const AFTER: &str = "\
A submission is a folder, a zip or a tarball of starter/'s shape, or many of them in a folder or a zip: \
Gradescope's export, Canvas's or Moodle's download. Only src/**/*.rs of it is used.

Exit codes: 0 everything was graded, whatever the marks; 2 grading could not begin; 3 of something it \
could not be told what it is worth: call the same command again; 130 interrupted: the same command goes \
on where it was.";

#[derive(Args, Debug)]
#[command(after_help = AFTER)]
pub struct GradeArgs {
    /// What was handed in
    #[arg(required_unless_present = "commit_seeds", value_name = "SUBMISSION")]
    pub submissions: Vec<PathBuf>,

    /// How many seeds most tests play, from 0 [default: 100, as at home]; longer tests play fewer in
    /// proportion
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub seeds: Option<u64>,

    /// How many workers [default: one for each processor]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,

    /// Where results go, and what is known so far
    #[arg(long, value_name = "DIR", default_value = "graded")]
    pub out: PathBuf,

    /// What is written; may be given several times [default: csv and html]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<Format>,

    /// Take what is given for one submission, whatever it looks like, and write its result here, too,
    /// whenever more is known: gradescope or classroom
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,

    /// Seeds that nobody may know before the marks are out: a file with one a line
    #[arg(long, value_name = "FILE")]
    pub hidden_seeds: Option<PathBuf>,

    /// Print the hash of the hidden seeds, to be published before the deadline, and do nothing else; a
    /// file that is not there is made
    #[arg(long, requires = "hidden_seeds")]
    pub commit_seeds: bool,

    /// Who is in the class: a table with columns name, id, email
    #[arg(long, value_name = "CSV")]
    pub roster: Option<PathBuf>,

    /// Marks set by hand: a table with columns submission, test, points, reason
    #[arg(long, value_name = "CSV")]
    pub overrides: Option<PathBuf>,

    /// Tests of liveness earn their share of seeds
    #[arg(long)]
    pub partial: bool,

    /// Seconds of processor time that a server may use from its start to its end
    #[arg(long, value_name = "SECONDS", default_value_t = 5,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub time_limit: u64,

    /// MiB of memory that a server may have
    #[arg(long, value_name = "MIB", default_value_t = 64,
          value_parser = clap::value_parser!(u64).range(16..=65536))]
    pub memory: u64,

    /// Grade without a sandbox where none can be built: for a container that is itself one
    #[arg(long)]
    pub trust: bool,

    /// Where builds are kept [default: target/raftlab/grade in the laboratory's folder]
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}
