#!/usr/bin/env python3
"""One chain of stock CometBFT 0.38 and Tandem: two validators each, kills and restarts of both,
and a fresh node of each engine that follows from genesis."""
import sys

from engines import expect_equal, mixed_network
from harness import Failed, tandem_program, wait
from stock import SKIPPED, cometbft_program


def main():
    if not cometbft_program():
        print("skipped: no cometbft at $COMETBFT or on PATH; install it with "
              "go install github.com/cometbft/cometbft/cmd/cometbft@v0.38.26")
        sys.exit(SKIPPED)
    ours, theirs = tandem_program(), cometbft_program()
    with mixed_network([ours, ours, theirs, theirs, ours, theirs]) as network:
        validators, followers = network.nodes[:4], network.nodes[4:]
        for node in validators:
            node.start()
        network.wait_for_height(5)
        for i, node in enumerate(validators):
            wait(f"{node.name} takes a transaction",
                 lambda: node.write(f"key{i}", "x") or node.read(f"key{i}") == "x")
        for node in validators:
            node.kill()
            others = [other for other in validators if other is not node]
            network.wait_for_height(max(other.height() for other in others) + 2, others)
            node.start()
            wait(f"{node.name} catches up",
                 lambda: node.height() >= max(other.height() for other in others) - 1 > 1)
        for node in followers:
            node.start()
        network.wait_for_height(max(node.height() for node in validators) + 5)
        for node in network.nodes:
            for i in range(4):
                wait(f"{node.name} has key{i}", lambda: node.read(f"key{i}") == "x")
        print(f"equal at every height up to {expect_equal(network)}")


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
