"""What a test does to a network of seats, and what must be true afterwards."""
import base64
import itertools
import json
import subprocess
import threading

from harness import Events, Failed, tandem_program, wait

RECORDS = 5  # N of `tandem testnet`
MISSED = RECORDS + 2  # commits without the seat, when its validator dies


class Load:
    """Writes without a pause through the nodes of one organisation, whichever answers."""

    def __init__(self, organisation, nodes):
        self.organisation, self.nodes, self.written = organisation, nodes, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for number in itertools.count():
            key = f"org{self.organisation}-{number}"
            for node in itertools.cycle(self.nodes):
                if self.stopping.wait(0.01):
                    return
                if not node.running or node.frozen:
                    continue
                if node.read(key) == "x" or node.write(key, "x") is not None:
                    self.written.append(key)
                    break

    def stop(self):
        self.stopping.set()
        self.thread.join()


class Torment:
    def __init__(self, network):
        self.network = network
        self.loads = []
        self.checked = {}  # how many writes of a load were looked for
        self.verified = set()  # heights of switches
        self.failovers = 0

    # ---- Who is who

    def members(self, seat):
        return [node for node in self.network.nodes if node.name.startswith(f"org{seat}-")]

    def witness(self, seat):
        return next(node for node in self.network.running() if node not in self.members(seat))

    def validator(self, seat):
        """Who of the seat is in the newest validator set; None while its node does not answer."""
        witness = self.witness(seat)
        addresses = witness.validators(witness.height())
        if addresses is None:
            return None
        found = [node for node in self.members(seat) if node.address() in addresses]
        if len(found) != 1:
            raise Failed(f"seat {seat} has {len(found)} validators")
        return found[0]

    def pair(self, seat):
        old = wait(f"a validator of seat {seat}", lambda: self.validator(seat))
        return old, next(node for node in self.members(seat) if node is not old)

    def switches(self, seat):
        """Each switch of the seat so far: height of the decision, first height in effect."""
        answer = wait("the history", lambda: self.witness(seat).rpc(
            "abci_query", path=f'"/seats/org{seat}/history"'))
        history = json.loads(base64.b64decode(answer["response"]["value"]))
        return [(int(fact["height"]), int(fact["effective_height"]))
                for fact in history["switches"]]

    def rests(self, seat):
        """Waits until the rule may move the seat again."""
        switches = self.switches(seat)
        rested = switches[-1][1] + 4 * RECORDS if switches else 0
        self.network.wait_for_height(rested + RECORDS)

    # ---- How and when a validator ends

    def kill(self, _seat, node):
        node.kill()

    def freeze(self, _seat, node):
        node.freeze()

    def kill_after_its_prevote(self, seat, node):
        with Events(self.witness(seat), "tm.event='Vote'") as events:
            for event in events:
                vote = event["Vote"]
                if vote["validator_address"] == node.address() and vote["type"] == 1:
                    return node.kill()

    def kill_as_proposer(self, seat, node):
        with Events(self.witness(seat), "tm.event='NewRound'") as events:
            for event in events:
                if event["proposer"]["address"] == node.address():
                    return node.kill()

    # ---- Cases

    def fails_over(self, seat, end, is_exact=True):
        """The validator ends; the seat moves; the old one comes back as standby."""
        self.rests(seat)
        old, new = self.pair(seat)
        before = len(self.switches(seat))
        end(seat, old)
        effective = self.moved(seat, before, new)
        if is_exact:
            self.missed_just(seat, effective)
        self.comes_back(old, effective)
        self.done(seat, f"{end.__name__.replace('_', ' ')}: {old.name} -> {new.name}")

    def new_validator_dies_too(self, seat):
        """The old one is back by then, and takes the seat again."""
        self.rests(seat)
        old, new = self.pair(seat)
        before = len(self.switches(seat))
        old.kill()
        effective = self.moved(seat, before, new)
        self.comes_back(old, effective)
        new.kill()  # long before the cooldown is over
        back = self.moved(seat, before + 1, old)
        self.comes_back(new, back)
        self.failovers += 1
        self.done(seat, f"{new.name} died right after it had taken over: {old.name} again")

    def both_die(self, seat):
        self.rests(seat)
        old, new = self.pair(seat)
        before = len(self.switches(seat))
        new.kill()
        old.kill()
        witness = self.witness(seat)
        dead_since = witness.height()
        self.network.wait_for_height(dead_since + 2 * RECORDS)
        if self.switches(seat)[before:]:
            raise Failed(f"seat {seat} moved to a dead node")
        new.start()
        effective = self.moved(seat, before, new)
        self.comes_back(old, effective)
        self.done(seat, f"both dead, one back: {old.name} -> {new.name}")

    def dies_while_a_switchover_is_pending(self, seat, who):
        """`who`: "outgoing" or "incoming". The first move stands; a dead validator is replaced."""
        self.rests(seat)
        old, new = self.pair(seat)
        before = len(self.switches(seat))
        with Events(self.witness(seat), f"seat_switch.seat='org{seat}'") as events:
            command = subprocess.Popen(
                [tandem_program(), "seat", "switchover", f"org{seat}", "--to", new.name,
                 "--admin-key", str(self.network.folder / f"net/admin/org{seat}.json"),
                 "--node", self.witness(seat).rpc_address()],
                stdout=subprocess.DEVNULL)
            next(iter(events))
            (old if who == "outgoing" else new).kill()
        if command.wait() != 0:
            raise Failed(f"switchover of seat {seat} ended with {command.returncode}")
        if who == "outgoing":
            effective = self.moved(seat, before, new)
            self.comes_back(old, effective)
        else:
            wait("the switchover", lambda: len(self.switches(seat)) > before)
            effective = self.moved(seat, before + 1, old)
            self.comes_back(new, effective)
        self.done(seat, f"{who} killed while a switchover was pending")

    def whole_network_dies(self):
        top = max(node.height() for node in self.network.nodes)
        for node in self.network.nodes:
            node.kill()
        self.network.start_all()
        self.network.wait_for_height(top + 3)
        self.check()
        print("whole network killed and restarted", flush=True)

    # ---- What must be true

    def moved(self, seat, before, new):
        """Waits for the next switch; the first height in effect, at which `new` signs."""
        wait(f"{new.name} to hold seat {seat}",
             lambda: len(self.switches(seat)) > before and self.validator(seat) is new)
        effective = self.switches(seat)[before][1]
        witness = self.witness(seat)
        wait(f"{new.name} to sign", lambda: new.address() in witness.signers(witness.height() - 1))
        return effective

    def missed_just(self, seat, effective):
        """From the first record that calls the validator dead, N+2 commits lack the seat."""
        addresses = {node.address() for node in self.members(seat)}
        witness = self.witness(seat)
        wait("the commit", lambda: witness.height() > effective)
        lacking = [height for height in range(effective - MISSED - 3, effective + 1)
                   if not witness.signers(height) & addresses]
        # The block before may lack it too: a vote that comes late is no death.
        if not set(range(effective - MISSED, effective)) <= set(lacking):
            raise Failed(f"seat {seat}, in effect at {effective}: commits without it are {lacking}")

    def comes_back(self, old, effective):
        if old.frozen:
            old.thaw()
        elif not old.running:
            old.start()
        witness = next(node for node in self.network.running() if node is not old)
        wait(f"{old.name} in step", lambda: old.height() >= max(effective, witness.height() - 2))
        top = witness.height()
        validators = {height: witness.validators(height) for height in range(effective, top)}
        for height, addresses in validators.items():
            if old.address() in witness.signers(height) and old.address() not in addresses:
                raise Failed(f"{old.name} signed block {height}, whose set lacks its key")

    def check(self):
        """One chain, no write lost, no evidence against anybody, each switch as the blocks say."""
        self.network.wait_for_height(max(node.height() for node in self.network.running()))
        self.network.expect_one_chain()
        for load in self.loads:
            first, end = self.checked.get(load.organisation, 0), len(load.written)
            self.checked[load.organisation] = end
            for node in self.network.running():
                for key in load.written[first:end]:
                    wait(f"{node.name} has {key}, answered as committed",
                         lambda: node.read(key) == "x")
        node = self.network.running()[0]
        for seat in range(1, 5):
            for decided, _ in self.switches(seat):
                if decided in self.verified:
                    continue
                self.verified.add(decided)
                verdict = subprocess.run(
                    [tandem_program(), "verify-switch", str(decided), "--node",
                     node.rpc_address()], capture_output=True, text=True)
                if verdict.returncode != 0:
                    raise Failed(f"verify-switch {decided}: {verdict.stdout}{verdict.stderr}")

    def no_evidence(self):
        node = self.network.running()[0]
        for height in range(1, node.height() + 1):
            block = wait(f"block {height}", lambda: node.rpc("block", height=height))
            if block["block"]["evidence"]["evidence"]:
                raise Failed(f"block {height} has evidence: somebody signed twice")

    def done(self, seat, text):
        self.failovers += 1
        self.check()
        decided, effective = self.switches(seat)[-1]
        print(f"{self.failovers:>2}. seat {seat}, decided at {decided}, in effect from {effective}: "
              f"{text}", flush=True)
