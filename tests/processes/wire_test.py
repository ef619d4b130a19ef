#!/usr/bin/env python3
"""One chain of stock CometBFT and Tandem that uses what the protocol has: it begins at height 1000,
votes get extensions at a height, validators and parameters change, nodes are killed under load, a key
signs twice and is convicted, and a fresh node of each engine joins by state sync. The application is
no code of ours nor of CometBFT's. WIRE_ENGINES=otot (ours, theirs) chooses who validates: in CI two and
two."""
import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from double_signs import nobody_signed_twice
from engines import expect_equal, mixed_network
from harness import Failed, Node, configure, free_ports, tandem_program, wait
from stock import SKIPPED, cometbft_program
from torment import Load

BEGIN = 1000
EXTENSIONS_FROM = BEGIN + 4


class Application:
    def __init__(self, port, folder):
        self.address, self.folder = f"tcp://127.0.0.1:{port}", folder
        self.process = None

    def start(self):
        with open(self.folder.with_suffix(".log"), "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("ledger_app.py"), self.address,
                 str(self.folder)], stdout=log, stderr=log)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()


def edit_genesis(network):
    for node in network.nodes:
        path = node.home / "config/genesis.json"
        genesis = json.loads(path.read_text())
        genesis["initial_height"] = str(BEGIN)
        genesis["consensus_params"]["abci"] = {
            "vote_extensions_enable_height": str(EXTENSIONS_FROM)}
        path.write_text(json.dumps(genesis))


def expect(what, seen, wanted):
    if seen != wanted:
        raise Failed(f"{what}: {seen} instead of {wanted}")


def public_key(node):
    key = json.loads((node.home / "config/priv_validator_key.json").read_text())
    return key["pub_key"]["value"]


def power_of(node, height, witness):
    found = witness.rpc("validators", height=height, per_page=100)
    rows = found["validators"] if found else []
    return next((int(row["voting_power"]) for row in rows
                 if row["address"] == node.address()), 0)


def commit_tx(node, tx):
    result = wait(f"{node.name} commits {tx}", lambda: node.rpc("broadcast_tx_commit", tx=f'"{tx}"'))
    expect(f"code of {tx}", result["tx_result"]["code"], 0)
    return int(result["height"])


def extensions_are_counted(network):
    """The state says of a height how many extensions its commit had; so each engine hands the
    extensions of its own validators and those of the other's to the application."""
    for node in network.running():
        at = wait("a proposal of each", lambda: [
            height for height in range(EXTENSIONS_FROM + 1, node.height() - 1)
            if int(node.read(f"exts:{height}") or 0) > 0])[-1]
        count = int(node.read(f"exts:{at}"))
        if not 3 <= count <= 4:
            raise Failed(f"{count} extensions of height {at}")
        if node.read(f"exts:{EXTENSIONS_FROM - 1}"):
            raise Failed("extensions before their height")


def validators_change(network, newcomer):
    node = network.nodes[0]
    at = commit_tx(node, f"val:{public_key(newcomer)}!1")
    network.wait_for_height(at + 3)
    for witness in network.running():
        expect(f"power at {at + 1}", power_of(newcomer, at + 1, witness), 0)
        expect(f"power at {at + 2}", power_of(newcomer, at + 2, witness), 1)
    at = commit_tx(network.nodes[2], f"val:{public_key(newcomer)}!0")
    network.wait_for_height(at + 3)
    for witness in network.running():
        expect(f"power at {at + 2}", power_of(newcomer, at + 2, witness), 0)


def parameters_change(network):
    genesis = json.loads((network.nodes[0].home / "config/genesis.json").read_text())
    before = genesis["consensus_params"]["block"]["max_bytes"]
    at = commit_tx(network.nodes[1], "param:max_bytes=2000000")
    network.wait_for_height(at + 2)
    for witness in network.running():
        for height, wanted in ((at, before), (at + 1, "2000000")):
            params = witness.rpc("consensus_params", height=height)["consensus_params"]
            expect(f"max_bytes at {height}", params["block"]["max_bytes"], wanted)


def all_die_in_turn(network, applications):
    loads = [Load(i, [node]) for i, node in enumerate(network.running())]
    for node in network.running():
        node.kill()
        applications[node.name].kill()
        others = network.running()
        network.wait_for_height(max(other.height() for other in others) + 2, others)
        applications[node.name].start()
        node.start()
        wait(f"{node.name} catches up",
             lambda: node.height() >= max(other.height() for other in others) - 1 > 1)
    for load in loads:
        load.stop()
    for node in network.running():
        for key in (key for load in loads for key in load.written):
            wait(f"{node.name} has {key}", lambda: node.read(key) == "x")
    return sum(len(load.written) for load in loads)


def signs_twice(network, node):
    """A second machine has a copy of the key, and transactions that nobody else knows: as soon as it
    is the key's turn, each of the two proposes another block and votes for it. Both run CometBFT: our
    node sees that its key is used elsewhere, and does not sign."""
    witness = next(other for other in network.running() if other is not node)
    before = int(witness.read("misbehavior") or 0)
    home = node.home.with_name(node.home.name + "-twin")
    shutil.copytree(node.home / "config", home / "config")
    (home / "config/node_key.json").unlink()
    (home / "data").mkdir()
    (home / "data/priv_validator_state.json").write_text('{"height":"0","round":0,"step":0}')
    subprocess.run([cometbft_program(), "gen-node-key", "--home", home], check=True,
                   stdout=subprocess.DEVNULL)
    ports = free_ports(3)
    application = Application(ports, home / "application")
    config = home / "config/config.toml"
    text = config.read_text().replace(f":{node.rpc_port}", f":{ports + 1}")
    text = text.replace(f'laddr = "tcp://127.0.0.1:{node.rpc_port - 1}"',
                        f'laddr = "tcp://127.0.0.1:{ports + 2}"')
    config.write_text(text)
    configure(home, proxy_app=f'"{application.address}"', broadcast="false")
    twin = Node(node.name + "-twin", home, ports + 1, [cometbft_program(), "start", "--home", str(home)])
    numbers = itertools.count()
    application.start()
    network.nodes.append(twin)
    twin.start()
    def is_seen():
        twin.rpc("broadcast_tx_sync", tx=f'"{twin.name}-{next(numbers)}=x"')
        return int(witness.read("misbehavior") or 0) > before

    try:
        wait(f"evidence against {node.name}", is_seen)
    finally:
        twin.kill()
        application.kill()
        network.nodes.remove(twin)
    return evidence_against(node, witness)


def evidence_against(node, witness):
    """Height of the newest block that has some."""
    for height in range(witness.height(), BEGIN, -1):
        block = wait(f"block {height}", lambda: witness.rpc("block", height=height))["block"]
        for item in block["evidence"]["evidence"]:
            if item["value"]["vote_a"]["validator_address"] == node.address():
                return height
    raise Failed(f"no block has evidence against {node.name}")


def joins_by_snapshot(network, node, application, servers):
    trusted = servers[0].height() - 5
    configure(node.home, enable="true", trust_height=trusted,
              rpc_servers='"' + ",".join(server.rpc_address() for server in servers) + '"',
              trust_hash=f'"{servers[0].block_hash(trusted)}"', discovery_time='"5s"')
    application.start()
    node.start()
    wait(f"{node.name} is in step", lambda: node.height() >= servers[0].height() - 1 > 1
         and not node.rpc("status")["sync_info"]["catching_up"])
    base = int(node.rpc("status")["sync_info"]["earliest_block_height"])
    if base <= BEGIN:
        raise Failed(f"{node.name} has blocks from {base} on: no snapshot was used")
    return base


def main():
    if not cometbft_program():
        print("skipped: no cometbft at $COMETBFT or on PATH (scripts/install-cometbft)")
        sys.exit(SKIPPED)
    of_letter = {"o": tandem_program(), "t": cometbft_program()}
    validators = [of_letter[letter] for letter in os.environ.get("WIRE_ENGINES", "otot")]
    with mixed_network([*validators, tandem_program(), cometbft_program()]) as network:
        edit_genesis(network)
        applications = {node.name: Application(port, node.home / "application")
                        for node, port in zip(network.nodes, network.spare_ports)}
        for node in network.nodes:
            configure(node.home, proxy_app=f'"{applications[node.name].address}"')
        try:
            run(network, applications)
        finally:
            for application in applications.values():
                application.kill()


def run(network, applications):
    *validators, our_follower, their_follower = network.nodes
    for node in validators:
        applications[node.name].start()
        node.start()
    network.wait_for_height(EXTENSIONS_FROM + 4)
    expect("first block", validators[0].rpc("status")["sync_info"]["earliest_block_height"],
           str(BEGIN))
    extensions_are_counted(network)
    validators_change(network, our_follower)
    parameters_change(network)
    writes = all_die_in_turn(network, applications)
    liar = next(node for node in validators if node.command[0] == cometbft_program())
    convicted = signs_twice(network, liar)
    bases = [joins_by_snapshot(network, node, applications[node.name], validators[:2])
             for node in (our_follower, their_follower)]
    network.wait_for_height(max(node.height() for node in validators) + 3)
    height = expect_equal(network, max(bases))
    expect_equal(network, BEGIN, validators)
    ours = [node for node in validators if node.command[0] == tandem_program()]
    nobody_signed_twice(network, silent=(our_follower.name,), liars=(liar.address(),),
                        first_height=BEGIN if len(ours) > 1 else None)  # one dies on the way
    print(f"equal at every height from {BEGIN} up to {height}; {writes} writes; double signing "
          f"was seen at {convicted}; snapshots were taken over at {bases}")


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
