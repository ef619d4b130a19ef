#!/usr/bin/env python3
"""`tandem replay` shows where a validator stopped: of two the other one died, so it waits in a height
with its own prevote alone. What replay changes is what a start would: the chain goes on after it. Its log, as JSON, becomes the
same log again."""
import json
import subprocess
import sys

from harness import Failed, Network, Node, free_ports, tandem_program, wait

PREVOTE_STEP, PRECOMMIT_STEP = 4, 6


def expect(what, seen, wanted):
    if seen != wanted:
        raise Failed(f"{what}: {seen} instead of {wanted}")


def replay(home, code, *options):
    ran = subprocess.run([tandem_program(), "replay", "--home", str(home), *options],
                         capture_output=True, text=True)
    expect(f"exit code of replay ({ran.stdout}{ran.stderr})", ran.returncode, code)
    return ran.stdout


def stopped_in(home):
    """The newest block, by the log, and how many voted in round 0 of the next height, by type."""
    shown = subprocess.run([tandem_program(), "log", "--home", str(home)], capture_output=True,
                           text=True, check=True)
    store, voters = 0, {1: set(), 2: set()}
    for line in map(json.loads, shown.stdout.splitlines()):
        if line["event"] == "end_of_height":
            store, voters = line["height"], {1: set(), 2: set()}
        elif line["event"] in ("vote_signed", "vote_received") and line["height"] == store + 1:
            voters[line["vote"]["type"]].add(line["vote"]["validator_address"])
    if not voters[1]:
        raise Failed("the log has no vote of the height in progress")
    return store, {kind: len(who) for kind, who in voters.items()}


def log_comes_back(home, copy):
    """`tandem log` as JSON, made a log again, is the log; onto a log nothing is written."""
    shown = subprocess.run([tandem_program(), "log", "--home", str(home)], capture_output=True,
                           check=True).stdout

    def make():
        return subprocess.run([tandem_program(), "log", "--from-json", "-", "--to", str(copy)],
                              input=shown, capture_output=True)
    made = make()
    expect(f"exit code of log --from-json ({made.stderr})", made.returncode, 0)
    log = {path.name: path.read_bytes() for path in (home / "data/log").iterdir()}
    same = {path.name: path.read_bytes() for path in copy.iterdir()} == log
    expect("the log is the same to the byte", same, True)
    expect("exit code onto a log", make().returncode, 1)


def main():
    with Network() as network:
        first = free_ports(20)
        folder = network.folder / "net"
        subprocess.run([tandem_program(), "testnet", "--v", "2", "--app", "persistent_kvstore", "--o",
                        str(folder), "--loopback", str(first)], check=True,
                       stdout=subprocess.DEVNULL)
        for i, home in enumerate(sorted(path for path in folder.iterdir() if
                                        (path / "config/genesis.json").is_file())):
            network.nodes.append(Node(home.name, home, first + 10 * i + 1,
                                      [tandem_program(), "start", "--home", str(home)]))
        left, killed = network.nodes
        replay(left.home, 66)  # nothing is stored yet
        network.start_all()
        network.wait_for_height(3)
        replay(left.home, 75)
        killed.kill()

        def waits_alone():
            """In a height whose votes are not enough any more."""
            state = left.rpc("dump_consensus_state")
            return state and state["round_state"]["step"] in (PREVOTE_STEP, PRECOMMIT_STEP)
        wait("the validator waits for votes", waits_alone)
        expect("exit code", left.stop(), 0)

        log_comes_back(left.home, network.folder / "copy/log")
        store, votes = stopped_in(left.home)
        said = replay(left.home, 0)
        for line in (f"found: log {store}, store {store}, state {store}, application {store}",
                     "executed: nothing",
                     f"round 0: prevotes of {votes[1]} of 2, precommits of {votes[2]} of 2"):
            if line not in said.splitlines():
                raise Failed(f"replay does not say \"{line}\":\n{said}")
        if f"consensus: height {store + 1}, round 0, pre" not in said:
            raise Failed(f"replay does not say where consensus is:\n{said}")
        expect("replayed once more", replay(left.home, 0), said)
        shown = json.loads(replay(left.home, 0, "--output", "json"))
        expect("height in JSON", shown["round_state"]["height"], str(store + 1))
        expect("newest block in JSON", shown["height"], str(store))

        network.start_all()
        network.wait_for_height(store + 3)
        network.expect_one_chain()
        print(f"replayed height {store + 1}, and the chain went on")


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
