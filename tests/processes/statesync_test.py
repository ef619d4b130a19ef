#!/usr/bin/env python3
"""A fresh standby joins a running network of `share` by state sync: first it is killed in the middle,
then it comes to the others' height without the blocks before the snapshot, and takes its seat over
when its validator dies."""
import base64
import json
import subprocess
import sys

from double_signs import nobody_signed_twice
from harness import Failed, configure, seats_network, tandem_program, wait
from torment import Torment

INTERVAL = 50


def tandem(*arguments):
    done = subprocess.run([tandem_program(), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{arguments}: {done.stdout}{done.stderr}")
    return done.stdout


class Records:
    """Of organisation 1, as the demo writes them."""

    def __init__(self, network):
        self.network, self.count = network, 0

    def put(self, node, value):
        key = f"record-{self.count}"
        self.count += 1
        tandem("tx", "put", "org1/open", key, value, "--member", "writer", "--member-key",
               self.network.folder / "net/share/org1-writer.json", "--node", node.rpc_address())
        return key

    def has(self, node, key, value):
        done = subprocess.run([tandem_program(), "query", "record", "org1/open", key, "--node",
                               node.rpc_address(), "--output", "json"], capture_output=True,
                              text=True)
        return (done.returncode == 0
                and base64.b64decode(json.loads(done.stdout)["value"]).decode() == value)


def begin_with_snapshot(node, servers):
    """As the operator's guide says."""
    trusted = servers[0].height() - 20
    configure(node.home, enable="true", trust_height=trusted,
              rpc_servers='"' + ",".join(server.rpc_address() for server in servers) + '"',
              trust_hash=f'"{servers[0].block_hash(trusted)}"', discovery_time='"5s"')


def main():
    with seats_network(application="share", timeout_commit="200ms") as network:
        for node in network.nodes:
            configure(node.home, snapshot_interval=INTERVAL)
        torment = Torment(network)
        newcomer = network["org1-2"]
        others = [node for node in network.nodes if node is not newcomer]
        for node in others:
            node.start()
        network.wait_for_height(3, others)
        records = Records(network)
        written = {records.put(others[0], value): value
                   for value in (f"{number} {'x' * 20_000}" for number in range(60))}
        network.wait_for_height(2 * INTERVAL + 20, others)

        servers = [network["org2-1"], network["org3-1"]]
        begin_with_snapshot(newcomer, servers)
        newcomer.start()
        wait("a snapshot is offered", lambda: newcomer.said("takes it"))
        newcomer.kill()
        newcomer.start()
        wait("a state", lambda: newcomer.said("restored the snapshot of height"))
        newcomer.kill()
        newcomer.start()
        wait("in step", lambda: newcomer.height() >= others[0].height() - 2
             and not newcomer.rpc("status")["sync_info"]["catching_up"])
        base = int(newcomer.rpc("status")["sync_info"]["earliest_block_height"])
        if base <= INTERVAL:
            raise Failed(f"the newcomer has blocks from {base} on: no snapshot was used")
        for key, value in written.items():
            if not records.has(newcomer, key, value):
                raise Failed(f"{key} is not in the restored state")

        before = len(torment.switches(1))
        old = network["org1-1"]
        old.kill()
        effective = torment.moved(1, before, newcomer)
        torment.comes_back(old, effective)
        network.expect_one_chain()
        later = records.put(newcomer, "later")
        wait("the old one has it", lambda: records.has(old, later, "later"))
        nobody_signed_twice(network, silent=("org2-2", "org3-2", "org4-2"))
        print(f"{newcomer.name} restored a snapshot, has blocks from {base} on, and holds the seat "
              f"from {effective}")


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
