//! The tasks of the lab, and where a student's source has them.

use std::fs;
use std::path::{Path, PathBuf};

/// What a student has to write, in the order in which it is best written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// A deadline that passes when no leader has been heard of.
    ElectionTimer = 1,
    /// What happens then.
    Campaign,
    /// Voting.
    AnswerRequestVote,
    /// Winning.
    CountVotes,
    /// Staying leader.
    Heartbeats,
    /// Drawing a timeout at each reset.
    FreshTimeouts,
    /// Noticing that time has moved on.
    NewerTerms,
    /// Living through a crash.
    PersistAndRestart,
}

impl Task {
    /// All tasks, in order.
    pub const ALL: [Task; 8] = [
        Task::ElectionTimer,
        Task::Campaign,
        Task::AnswerRequestVote,
        Task::CountVotes,
        Task::Heartbeats,
        Task::FreshTimeouts,
        Task::NewerTerms,
        Task::PersistAndRestart,
    ];

    /// Its number, from 1.
    pub fn number(self) -> usize {
        self as usize
    }

    /// What it is about, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Task::ElectionTimer => "an election timer that is due",
            Task::Campaign => "campaign",
            Task::AnswerRequestVote => "answer RequestVote",
            Task::CountVotes => "count votes",
            Task::Heartbeats => "heartbeats",
            Task::FreshTimeouts => "fresh timeouts",
            Task::NewerTerms => "newer terms",
            Task::PersistAndRestart => "persist and restart",
        }
    }

    /// What begins the line of a source that belongs to this task: `/// Task 1 of 8`.
    fn mark(self) -> String {
        format!("/// Task {} of {}", self.number(), Task::ALL.len())
    }

    /// Where this task is in the crate in this folder: `starter/src/core.rs:41`. Nowhere, if the
    /// crate is not made of tasks.
    pub fn locate(self, folder: &Path) -> Option<String> {
        let mut sources = Vec::new();
        rust_files(&folder.join("src"), &mut sources);
        sources.sort();
        let within = folder.parent().unwrap_or(folder);
        sources.into_iter().find_map(|path| {
            let text = fs::read_to_string(&path).ok()?;
            let mark = self.mark();
            let line = text
                .lines()
                .position(|l| l.trim_start().starts_with(&mark))?;
            let path = path.strip_prefix(within).unwrap_or(&path);
            Some(format!("{}:{}", path.display(), line + 1))
        })
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_numbered_as_they_are_listed() {
        for (index, task) in Task::ALL.into_iter().enumerate() {
            assert_eq!(task.number(), index + 1);
        }
    }

    #[test]
    fn a_crate_without_tasks_has_none() {
        let suite = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(Task::Campaign.locate(suite), None);
    }
}
