"""Raft's election rules: state and transitions, without clock, wire or random numbers.

Read it beside Figure 2 of the Raft paper. It is `raft/src/core.rs` in Python, without the options.

A server has one deadline. A leader's is its next round of heartbeats; everybody else's is the election
timer: when it runs out, nobody has led this server for too long, and it campaigns. Three things reset
the election timer, and nothing else does: an AppendEntries of the current term, granting a vote, and
starting an election of one's own. Each reset draws a fresh random timeout.

The core has no clock, so each transition returns what becomes of the deadline.
"""

FOLLOWER, CANDIDATE, LEADER = "Follower", "Candidate", "Leader"

# What becomes of the deadline:
KEEP = "it stays what it is"
ELECTION = "it is an election timeout from now, drawn afresh"
HEARTBEAT = "it is now: the first round of heartbeats is due"


class Core:
    """The state of one server, in the order of Figure 2. What only log replication needs is left out."""

    def __init__(self, me, servers, stable):
        """A server of a cluster, that starts or restarts with what its disk holds.

        'When servers start up, they begin as followers' (section 5.2).
        """
        # Persistent state on all servers: updated on stable storage before responding to RPCs
        self.current_term = stable["current_term"]
        self.voted_for = stable["voted_for"]
        self.log = stable["log"]
        self.unsaved = False

        # Volatile state on all servers
        self.me = me
        self.servers = servers
        self.role = FOLLOWER

        # Volatile state on candidates: whose votes it has, in the current term
        self.votes = set()

    def take_unsaved(self):
        """What must be on disk before anything is sent or answered; None if nothing has changed."""
        if not self.unsaved:
            return None
        self.unsaved = False
        return {
            "current_term": self.current_term,
            "voted_for": self.voted_for,
            "log": self.log,
        }

    # ---- Elections (section 5.2) ----

    def campaign(self):
        """The election timer ran out: a new term, a vote for itself, RequestVote to all others."""
        self.role = CANDIDATE
        self.current_term += 1
        self.voted_for = self.me
        self.votes = {self.me}
        self.unsaved = True
        request = {
            "term": self.current_term,
            "candidate_id": self.me,
            "last_log_index": self.last_log_index(),
            "last_log_term": self.last_log_term(),
            "pre_vote": False,
            "leader_transfer": False,
        }
        return request, self.lead_if_elected(otherwise=ELECTION)

    def answer_vote(self, args):
        """Answers a candidate.

        At most one vote in a term, first-come-first-served, and only for a log that is at least as
        up-to-date (section 5.4.1).
        """
        timer = self.notice_term(args["term"])
        free = self.voted_for in (None, args["candidate_id"])
        granted = args["term"] == self.current_term and free and self.is_up_to_date(args)
        if granted:
            if self.voted_for is None:
                self.voted_for = args["candidate_id"]
                self.unsaved = True
            timer = ELECTION
        return {"term": self.current_term, "vote_granted": granted}, timer

    def count_vote(self, sender, request, reply):
        """Counts an answer to this server's RequestVote.

        Only a grant of the election that it is in counts: a late reply is told by the request that it
        answers.
        """
        timer = self.notice_term(reply["term"])
        current = self.role == CANDIDATE and request["term"] == self.current_term
        if not current or not reply["vote_granted"]:
            return timer
        self.votes.add(sender)
        return self.lead_if_elected(otherwise=timer)

    def lead_if_elected(self, otherwise):
        """A majority of the full cluster makes a leader."""
        if len(self.votes) <= self.servers // 2:
            return otherwise
        self.role = LEADER
        return HEARTBEAT

    # ---- Heartbeats (section 5.2) ----

    def heartbeat(self):
        """A leader's heartbeat, for all other servers."""
        return {
            "term": self.current_term,
            "leader_id": self.me,
            "prev_log_index": self.last_log_index(),
            "prev_log_term": self.last_log_term(),
            "entries": [],
            "leader_commit": 0,
        }

    def answer_append(self, args):
        """Answers a leader."""
        timer = self.notice_term(args["term"])
        from_leader = args["term"] == self.current_term and self.role != LEADER
        if from_leader:
            self.role = FOLLOWER  # a candidate has lost
            timer = ELECTION
        success = from_leader and self.matches(args)
        return {"term": self.current_term, "success": success}, timer

    # ---- All servers ----

    def notice_term(self, term):
        """'If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
        follower' (Figure 2; section 5.1).
        """
        if term <= self.current_term:
            return KEEP
        # A leader has no election timer; when it steps down, one starts.
        timer = ELECTION if self.role == LEADER else KEEP
        self.role = FOLLOWER
        self.current_term = term
        self.voted_for = None
        self.unsaved = True
        return timer

    def last_log_index(self):
        return len(self.log)

    def last_log_term(self):
        return self.log[-1]["term"] if self.log else 0

    def is_up_to_date(self, args):
        """Whether the candidate's log is at least as up-to-date as this one: the later last term wins; if
        they are the same, the longer log (section 5.4.1).
        """
        theirs = (args["last_log_term"], args["last_log_index"])
        return theirs >= (self.last_log_term(), self.last_log_index())

    def matches(self, args):
        """Whether the log holds the entry that a leader's new ones would follow (section 5.3)."""
        index = args["prev_log_index"]
        if index == 0:
            return True
        return index <= len(self.log) and self.log[index - 1]["term"] == args["prev_log_term"]
