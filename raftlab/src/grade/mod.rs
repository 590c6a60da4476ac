//! `raftlab grade`: a class of submissions, each built, played and told about.

#[allow(dead_code, unused_imports)]
mod model;
#[allow(dead_code, unused_imports)]
mod report;
