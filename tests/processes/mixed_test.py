#!/usr/bin/env python3
"""One chain with seats on both engines: two seats on Tandem, one on stock CometBFT with the shim, and
one whose two nodes run different engines. Each moves, the last in both directions. In the end no key has signed twice, by
the logs of the nodes on Tandem, which have heard what those on CometBFT signed."""
from double_signs import nobody_signed_twice
from stock import run_with_cometbft, shimmed_network
from torment import Load, Torment

STOCK = ("org3-1", "org3-2", "org4-2")


def main():
    with shimmed_network(lambda name: name in STOCK, timeout_commit="400ms", timeout_propose="1s",
                         peer_gossip_sleep_duration="20ms",
                         flush_throttle_timeout="10ms") as network:
        torment = Torment(network)
        network.start_all()
        network.wait_for_height(5)
        torment.loads = [Load(seat, torment.members(seat)) for seat in (1, 2)]
        torment.fails_over(4, torment.kill)  # from Tandem to CometBFT
        torment.fails_over(3, torment.kill)
        torment.fails_over(1, torment.freeze)
        torment.fails_over(4, torment.kill)  # and back
        for load in torment.loads:
            load.stop()
        torment.check()
        torment.no_evidence()
        nobody_signed_twice(network, silent=("org2-2",))
        writes = sum(len(load.written) for load in torment.loads)
        print(f"{torment.failovers} failovers, {writes} writes, none lost")


if __name__ == "__main__":
    run_with_cometbft(main)
