"""Whether a key signed two different messages for one height, round and step: from the logs of the
nodes, which say what each key was about to sign and what each node heard from others.

Messages that differ in their time alone are one message. A signature that never left its node is
found in that node's log only, one that others heard in theirs as well, also where its node has
forgotten it.
"""
import json
import subprocess

from harness import Failed, tandem_program

PREVOTE, PRECOMMIT, PROPOSAL = 1, 2, 32
VOTES, PROPOSALS = ("vote_signed", "vote_received"), ("proposal_signed", "proposal_received")


def block(block_id):
    if not block_id["hash"]:
        return "nil"
    return f"{block_id['hash']}/{block_id['parts']['total']}:{block_id['parts']['hash']}"


class DoubleSigns:
    """`first_height`: the logs together have votes of every height from there on; None: there may be
    heights that no node with a log has voted or heard votes in. `liars` may sign twice; a proposal
    does not say whether it is theirs."""

    def __init__(self, first_height=1, liars=()):
        self.first_height, self.liars = first_height, {liar.upper() for liar in liars}
        self.signed = {}  # (who, height, round, type): {what: where it was seen first}
        self.heights = set()  # of precommits
        self.own = {}  # of each node: how many watermarks

    def add(self, node, line):
        """A line of `tandem log`, as an object."""
        event = line["event"]
        where = f"{node}, segment {line.get('segment')} at byte {line.get('position')}"
        if event in VOTES:
            vote = line["vote"]
            self.saw(vote["validator_address"], vote["height"], vote["round"], vote["type"],
                     block(vote["block_id"]), where)
        elif event in PROPOSALS:
            proposal = line["proposal"]
            self.saw_proposal(proposal, where)
        elif event == "watermark":
            self.saw_watermark(node, line, where)
        elif event == "segment" and "watermark" in line:
            self.saw_watermark(node, line["watermark"], where)

    def saw_watermark(self, node, mark, where):
        if "block_id" not in mark:
            return  # signs nothing up to there: what it signed, if anything, is not known
        self.own[node] = self.own.get(node, 0) + 1
        if mark["type"] == PROPOSAL:
            self.saw_proposal(mark, where)
        else:
            self.saw(mark["address"], mark["height"], mark["round"], mark["type"],
                     block(mark["block_id"]), where)

    def saw_proposal(self, proposal, where):
        """It does not say whose it is. There is one proposer of each round."""
        self.saw("its proposer", proposal["height"], proposal["round"], PROPOSAL,
                 f"{block(proposal['block_id'])} with round {int(proposal['pol_round'])}", where)

    def saw(self, who, height, round_number, kind, what, where):
        place = (who.upper() if kind != PROPOSAL else who, int(height), int(round_number),
                 int(kind))
        self.signed.setdefault(place, {}).setdefault(what, where)
        if place[3] == PRECOMMIT:
            self.heights.add(place[1])

    def read(self, node):
        """The log of a node, running or not."""
        command = [tandem_program(), "log", "--home", str(node.home), "--brief"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as log:
            for line in log.stdout:
                self.add(node.name, json.loads(line))
        if log.returncode != 0:
            raise Failed(f"the log of {node.name} cannot be read: exit code {log.returncode}")

    def found(self):
        """Every place with two messages, as text."""
        names = {PREVOTE: "prevote", PRECOMMIT: "precommit", PROPOSAL: "proposal"}
        return [f"{who}: {names.get(kind, kind)} of height {height} round {round_number}: " +
                "; ".join(f"{what} ({where})" for what, where in messages.items())
                for (who, height, round_number, kind), messages in sorted(self.signed.items())
                if len(messages) > 1 and who not in self.liars
                and not (kind == PROPOSAL and self.liars)]

    def check(self, nodes):
        """No key has signed twice, and the logs are whole enough to say so."""
        if found := self.found():
            raise Failed("signed twice:\n" + "\n".join(found))
        top = max(self.heights, default=0)
        first = self.first_height or min(self.heights, default=0)
        lacking = sorted(set(range(first, top + 1)) - self.heights)
        if lacking and self.first_height is not None:
            raise Failed(f"no log has votes of {len(lacking)} heights, from {lacking[0]} on")
        if silent := [node.name for node in nodes if not self.own.get(node.name)]:
            raise Failed(f"never signed anything, by their logs: {silent}")
        return f"{len(self.signed)} signatures of heights {first} to {top}, none against another"


def nobody_signed_twice(network, silent=(), first_height=1, liars=()):
    """Ends the network, and looks through the logs of all nodes that run Tandem. What keys of CometBFT
    signed is known from those that heard it: its own log has no reader here. `silent`: names of nodes
    that never held a seat. `liars`: addresses of keys that were made to sign twice."""
    ours = [node for node in network.nodes if (node.home / "data/log").is_dir()]
    for node in network.running():
        if (code := node.stop()) != 0 and node in ours:
            raise Failed(f"{node.name} ended with {code} on SIGTERM")
    signs = DoubleSigns(first_height, liars)
    for node in ours:
        signs.read(node)
    print(signs.check([node for node in ours if node.name not in silent]), flush=True)
