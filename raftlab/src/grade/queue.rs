//! Which piece of work is done next. It knows nothing of how.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A piece of work: each worker does one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Build the submission with this number, and ask what it declares.
    Open(usize),
    /// Play a test on it.
    Play(usize, usize),
    /// Look for shorter runs of its failures.
    Close(usize),
}

/// All pieces of a class. A submission's come in this order: open, the first test, all others, close.
/// Workers help each other with one submission before they go on to the next.
pub struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Submissions that nobody has opened.
    closed: VecDeque<usize>,
    open: VecDeque<Open>,
    over: bool,
}

struct Open {
    submission: usize,
    /// Tests that nobody plays yet.
    tests: VecDeque<usize>,
    /// Pieces that somebody works on.
    at_work: usize,
    /// Tests that are put back until the first one has passed.
    waiting: VecDeque<usize>,
    closing: bool,
}

impl Queue {
    /// For these submissions.
    pub fn new(submissions: impl IntoIterator<Item = usize>) -> Queue {
        Queue {
            state: Mutex::new(State {
                closed: submissions.into_iter().collect(),
                open: VecDeque::new(),
                over: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next piece of work, as soon as there is one. None when all is done.
    pub fn next(&self) -> Option<Piece> {
        let mut state = self.lock();
        loop {
            if let Some(piece) = state.next() {
                return Some(piece);
            }
            if state.over || (state.closed.is_empty() && state.open.is_empty()) {
                return None;
            }
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The submission is open: `first` is played before any of `others`, which are let go by
    /// [`go_on`](Queue::go_on).
    pub fn opened(&self, submission: usize, first: Option<usize>, others: Vec<usize>) {
        let mut state = self.lock();
        if let Some(open) = state.find(submission) {
            open.at_work -= 1;
            open.tests.extend(first);
            open.waiting.extend(others);
        }
        self.changed.notify_all();
    }

    /// A test has been played, and others are to be.
    pub fn go_on(&self, submission: usize) {
        let mut state = self.lock();
        if let Some(open) = state.find(submission) {
            open.at_work -= 1;
            let waiting = std::mem::take(&mut open.waiting);
            open.tests.extend(waiting);
        }
        self.changed.notify_all();
    }

    /// A test has been played, after which none of the submission's others needs to be.
    pub fn stop(&self, submission: usize) {
        let mut state = self.lock();
        if let Some(open) = state.find(submission) {
            open.at_work -= 1;
            open.waiting.clear();
            open.tests.clear();
        }
        self.changed.notify_all();
    }

    /// Nothing is left to do for the submission.
    pub fn closed(&self, submission: usize) {
        self.lock()
            .open
            .retain(|open| open.submission != submission);
        self.changed.notify_all();
    }

    /// No further piece is handed out.
    pub fn end(&self) {
        self.lock().over = true;
        self.changed.notify_all();
    }
}

impl State {
    fn find(&mut self, submission: usize) -> Option<&mut Open> {
        self.open
            .iter_mut()
            .find(|open| open.submission == submission)
    }

    fn next(&mut self) -> Option<Piece> {
        if self.over {
            return None;
        }
        for open in &mut self.open {
            if let Some(test) = open.tests.pop_front() {
                open.at_work += 1;
                return Some(Piece::Play(open.submission, test));
            }
            if open.at_work == 0 && open.waiting.is_empty() && !open.closing {
                open.closing = true;
                return Some(Piece::Close(open.submission));
            }
        }
        let submission = self.closed.pop_front()?;
        self.open.push_back(Open {
            submission,
            tests: VecDeque::new(),
            at_work: 1,
            waiting: VecDeque::new(),
            closing: false,
        });
        Some(Piece::Open(submission))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_test_comes_before_the_others_and_the_shorter_runs_after_all() {
        let queue = Queue::new([0, 1]);
        assert_eq!(queue.next(), Some(Piece::Open(0)));
        queue.opened(0, Some(7), vec![8, 9]);
        assert_eq!(queue.next(), Some(Piece::Play(0, 7)));
        // Nothing of it is to be had before that has passed: another worker begins the next.
        assert_eq!(queue.next(), Some(Piece::Open(1)));
        queue.go_on(0);
        assert_eq!(queue.next(), Some(Piece::Play(0, 8)));
        assert_eq!(queue.next(), Some(Piece::Play(0, 9)));
        queue.go_on(0);
        queue.opened(1, Some(7), vec![8]);
        assert_eq!(queue.next(), Some(Piece::Play(1, 7)));
        queue.stop(1);
        queue.go_on(0);
        assert_eq!(queue.next(), Some(Piece::Close(0)));
        assert_eq!(queue.next(), Some(Piece::Close(1)));
        queue.closed(0);
        queue.closed(1);
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn an_end_is_an_end() {
        let queue = Queue::new([0]);
        queue.end();
        assert_eq!(queue.next(), None);
    }
}
