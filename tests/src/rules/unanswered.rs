//! What a server knew when the requests came that it has not answered yet.

use raftapi::Term;

/// How many unanswered requests of a server are remembered: whoever never answers fills no memory.
const MOST: usize = 256;

/// The requests that a server has not answered yet, each with a term that it knew when it came.
#[derive(Clone, Debug, Default)]
pub(super) struct Unanswered(Vec<(u64, Term)>);

impl Unanswered {
    /// A request has come. Of one that comes twice, both answers may be those to the first.
    #[inline]
    pub fn came(&mut self, message: u64, known: Term) {
        let twin = self.0.iter().rfind(|&&(other, _)| other == message);
        let known = twin.map_or(known, |&(_, known)| known);
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push((message, known));
    }

    /// A request is answered. The term that the server knew when it came; 0, if that is not known any
    /// more.
    #[inline]
    pub fn answered(&mut self, message: u64) -> Term {
        let index = self.0.iter().rposition(|&(other, _)| other == message);
        index.map_or(0, |index| self.0.remove(index).1)
    }

    /// A crash loses them.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_request_that_comes_twice_both_answers_may_be_those_to_the_first() {
        let mut unanswered = Unanswered::default();
        unanswered.came(7, 1);
        unanswered.came(8, 2);
        unanswered.came(7, 3);
        assert_eq!(unanswered.answered(8), 2);
        assert_eq!(
            [7, 7, 7].map(|message| unanswered.answered(message)),
            [1, 1, 0]
        );
    }

    #[test]
    fn whoever_never_answers_fills_no_memory() {
        let mut unanswered = Unanswered::default();
        for message in 0..=MOST as u64 {
            unanswered.came(message, 5);
        }
        assert_eq!([0, 1].map(|message| unanswered.answered(message)), [0, 5]);
    }
}
