//! The reference against the Raft paper (Ongaro and Ousterhout, 'In Search of an Understandable
//! Consensus Algorithm', extended version): a test for each sentence about elections.
//!
//! | module | what |
//! |---|---|
//! | `basics` | section 5.1: roles, terms, RPCs |
//! | `election` | section 5.2: how a leader is elected |
//! | `split_vote` | section 5.2: how elections fail, and why that is rare |
//! | `restriction` | section 5.4.1: who cannot be elected |
//! | `figure_2` | Figure 2: the rules for votes, and what must be on disk first |
//! | `timer` | what resets the election timer, and what is drawn then |
//! | `edges` | small clusters, broken peers, restarts |
//! | `pre_vote` | thesis 9.6: asking first |
//! | `check_quorum` | thesis 6.2 and 4.2.3: a leader that is not heard, a leader that is |
//! | `transfer` | thesis 3.10: handing the leadership over |
//! | `options` | words for these three, and what they are worth when links fail |
//! | `help` | words for all of these: servers, messages, scripted peers, what a run has shown |
//!
//! Most tests ask the core alone. The others run whole servers in virtual time, against each other
//! or against scripted peers, and look at the trace.

mod basics;
mod check_quorum;
mod edges;
mod election;
mod figure_2;
mod help;
mod options;
mod pre_vote;
mod restriction;
mod split_vote;
mod timer;
mod transfer;
