#!/usr/bin/env python3
"""The standby is a thousand blocks behind, or as many hundreds as the first argument says, when its
validator dies. It catches up with a living chain of short blocks, and takes the seat."""
import sys

from double_signs import nobody_signed_twice
from harness import Failed, seats_network
from torment import Torment


def main(lag):
    with seats_network(timeout_commit="0s", timeout_propose="500ms") as network:
        torment = Torment(network)
        network.start_all()
        network.wait_for_height(5)
        old, new = torment.pair(1)
        new.kill()
        left_at = torment.witness(1).height()
        for step in range(100, lag + 1, 100):
            network.wait_for_height(left_at + step)
        before = len(torment.switches(1))
        new.start()
        old.kill()
        effective = torment.moved(1, before, new)
        torment.comes_back(old, effective)
        torment.check()
        torment.no_evidence()
        nobody_signed_twice(network, silent=("org2-2", "org3-2", "org4-2"))
        print(f"{new.name} was {lag} blocks behind and holds the seat from {effective}")


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    except Failed as problem:
        sys.exit(f"failed: {problem}")
