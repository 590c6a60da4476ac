"""A Raft server in Python: leader election, behind the protocol of labrpc/PROTOCOL.md.

    cargo run --release -- test --process 'python3 examples/python/server.py'

The rules are in `core.py`; here is what is around them: one loop, one inbox, one deadline. Python 3.9 or
newer, and nothing else. `python3 -S -E` starts a little faster.
"""

import json
import sys

from core import ELECTION, HEARTBEAT, LEADER, Core

MS = 1_000_000  # nanoseconds

HEARTBEAT_INTERVAL = 100 * MS
ELECTION_TIMEOUT_MIN = 300 * MS
ELECTION_TIMEOUT_MAX = 600 * MS

# What a server declares: it is held to that.
ABOUT = {
    "timing": {
        "heartbeat_interval_ns": HEARTBEAT_INTERVAL,
        "election_timeout_min_ns": ELECTION_TIMEOUT_MIN,
        "election_timeout_max_ns": ELECTION_TIMEOUT_MAX,
    }
}


class Judge:
    """Who a server speaks to: lines of JSON come in at standard input, and go out at descriptor 3.

    Whatever is printed is not part of the protocol; it appears among the judge's errors.
    """

    def __init__(self):
        self.out = open(3, "w", encoding="utf-8")
        self.now = 0  # by this server's clock, in nanoseconds; it stands still within a step
        self.done = []  # what the server does in this step, in order
        self.numbers = []  # random numbers that are left

    def hear(self):
        """The next line: its name, and what it holds."""
        line = sys.stdin.readline()
        if not line:
            sys.exit()  # the judge is gone
        [(name, told)] = json.loads(line).items()
        self.now = told.get("now", self.now)
        return name, told

    def say(self, said):
        print(json.dumps(said), file=self.out, flush=True)

    def wait(self, until):
        """Ends the step: waits for a message, or until the deadline."""
        self.say({"step": {"do": self.done, "until": until}})
        self.done = []
        return self.hear()

    def draw(self, choices):
        """A random number below `choices`. All randomness is the judge's, so that a seed is a run."""
        if not self.numbers:
            self.say({"draw": {}})
            _, told = self.hear()
            self.numbers = told["numbers"]
        return self.numbers.pop() * choices >> 32


class Server:
    """A running server: each turn of its loop lets the core decide, and does what it decided, in this
    order: save what must survive a crash, show the status, set the deadline, send.
    """

    def __init__(self, judge, me, servers, stable):
        self.judge = judge
        self.peers = [peer for peer in range(servers) if peer != me]
        self.core = Core(me, servers, stable)
        self.deadline = 0
        self.settle(ELECTION)

    def run(self):
        """Until it is killed."""
        while True:
            name, told = self.judge.wait(self.deadline)
            if name == "request":
                self.on_request(told["call"], told["args"])
            elif name == "reply":
                self.on_reply(told["from"], told["request"], told["reply"])
            elif name == "timeout":
                self.on_timeout()
            elif name == "killed":
                return

    def on_request(self, call, args):
        """What it does not know, leadership transfer for one, it may drop."""
        if "RequestVote" in args:
            reply, timer = self.core.answer_vote(args["RequestVote"])
            self.settle(timer)
            self.judge.done.append({"answer": [call, {"RequestVote": reply}]})
        elif "AppendEntries" in args:
            reply, timer = self.core.answer_append(args["AppendEntries"])
            self.settle(timer)
            self.judge.done.append({"answer": [call, {"AppendEntries": reply}]})

    def on_reply(self, sender, request, reply):
        """A reply comes with the request that it answers."""
        if "RequestVote" in reply:
            timer = self.core.count_vote(sender, request["RequestVote"], reply["RequestVote"])
            self.settle(timer)
        elif "AppendEntries" in reply:
            self.settle(self.core.notice_term(reply["AppendEntries"]["term"]))

    def on_timeout(self):
        if self.core.role == LEADER:
            self.send_heartbeats()
        else:
            request, timer = self.core.campaign()
            self.settle(timer)
            self.call_all({"RequestVote": request})

    def send_heartbeats(self):
        self.call_all({"AppendEntries": self.core.heartbeat()})
        self.deadline = self.judge.now + HEARTBEAT_INTERVAL

    def call_all(self, request):
        self.judge.done.extend({"call": [peer, request]} for peer in self.peers)

    def settle(self, timer):
        """Brings disk, status and deadline up to what the core has decided."""
        stable = self.core.take_unsaved()
        if stable is not None:
            self.judge.done.append({"persist": stable})
        status = {"term": self.core.current_term, "role": self.core.role}
        self.judge.done.append({"publish": status})  # only a change counts
        if timer == ELECTION:
            self.deadline = self.judge.now + self.draw_election_timeout()
        elif timer == HEARTBEAT:
            self.send_heartbeats()

    def draw_election_timeout(self):
        """A fresh random election timeout."""
        choices = ELECTION_TIMEOUT_MAX - ELECTION_TIMEOUT_MIN + 1
        return ELECTION_TIMEOUT_MIN + self.judge.draw(choices)


def main():
    judge = Judge()
    name, told = judge.hear()
    if name == "describe":
        judge.say({"about": ABOUT})
    elif told["protocol"] == 1:
        Server(judge, told["me"], told["servers"], told["stable"]).run()
    else:
        sys.exit(f"the judge speaks protocol {told['protocol']}, and this server 1")


if __name__ == "__main__":
    main()
