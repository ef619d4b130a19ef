#!/usr/bin/env python3
"""A seat's validator dies, by kill -9 and by SIGSTOP; its standby takes over; nothing that was
answered as committed is lost, and nobody signs for a height whose set lacks its key."""
import sys

from harness import Failed, seats_network, wait


def validator_of(network, seat):
    """Who of the seat is in the set of the height after the newest one, as its standby sees it."""
    members = [node for node in network.nodes if node.name.startswith(f"org{seat}-")]
    witness = next(node for node in network.running() if node not in members)
    addresses = witness.validators(witness.height())
    if addresses is None:
        return None
    found = [node for node in members if node.address() in addresses]
    if len(found) != 1:
        raise Failed(f"seat {seat} has {len(found)} validators")
    return found[0]


def standby_of(network, seat):
    validator = validator_of(network, seat)
    return next(node for node in network.nodes
                if node.name.startswith(f"org{seat}-") and node is not validator)


def fail_over(network, written, seat, end, revive):
    """The validator of the seat ends; the seat moves; the old one comes back as standby."""
    old, new = validator_of(network, seat), standby_of(network, seat)
    end(old)
    for _ in range(100):  # a client of the same organisation goes on
        key = f"seat{seat}-{len(written)}"
        if new.write(key, "x") is not None:
            written.append(key)
        if validator_of(network, seat) is new:
            break
    wait(f"{new.name} holds seat {seat}", lambda: validator_of(network, seat) is new)
    took_over = new.height()
    wait(f"{new.name} signs", lambda: new.address() in new.signers(new.height() - 1))
    revive(old)
    wait(f"{old.name} catches up", lambda: old.height() >= took_over + 5)
    for height in range(took_over + 1, new.height()):
        if old.address() in new.signers(height):
            raise Failed(f"{old.name} signed block {height}, whose set lacks its key")
    print(f"seat {seat}: {old.name} -> {new.name} by height {took_over}", flush=True)


def check_everything(network, written):
    network.wait_for_height(max(node.height() for node in network.running()))
    network.expect_one_chain()
    for node in network.running():
        for key in written:
            if node.read(key) != "x":
                raise Failed(f"{node.name} lacks {key}, which was answered as committed")


def main():
    written = []
    with seats_network() as network:
        network.start_all()
        network.wait_for_height(5)
        fail_over(network, written, 1, lambda node: node.kill(), lambda node: node.start())
        fail_over(network, written, 2, lambda node: node.freeze(), lambda node: node.thaw())
        check_everything(network, written)
        # And the seat moves back when the new validator dies.
        fail_over(network, written, 1, lambda node: node.kill(), lambda node: node.start())
        # The whole network at once.
        for node in network.nodes:
            node.kill()
        network.start_all()
        network.wait_for_height(max(node.height() for node in network.nodes) + 3)
        check_everything(network, written)
        for node in network.nodes:
            if (code := node.stop()) != 0:
                raise Failed(f"{node.name} ended with {code} on SIGTERM")
        print(f"{len(written)} writes, none lost")


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
