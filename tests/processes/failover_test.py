#!/usr/bin/env python3
"""Twenty times a seat's validator dies, in every way and at every moment that matters; its standby
takes over. After each: no write that was answered as committed is lost, there is one chain, nobody
signed for a height whose set lacks its key, the switch is what the blocks say, and just as many
commits lack the seat as the protocol promises. In the end the logs of all nodes say that no key has
signed twice."""
import sys

from double_signs import nobody_signed_twice
from harness import Failed, seats_network
from torment import Load, Torment


def main():
    with seats_network(timeout_commit="100ms", timeout_propose="500ms") as network:
        torment = Torment(network)
        network.start_all()
        network.wait_for_height(5)
        for seat in (1, 2, 3, 4):
            torment.fails_over(seat, torment.kill)
        torment.loads = [Load(seat, torment.members(seat)) for seat in (1, 2, 3, 4)]
        for seat in (1, 2):
            torment.fails_over(seat, torment.kill)
        for seat in (3, 4):
            torment.fails_over(seat, torment.freeze)
        for seat in (1, 2):
            torment.fails_over(seat, torment.kill_after_its_prevote, is_exact=False)
        for seat in (3, 4):
            torment.fails_over(seat, torment.kill_as_proposer, is_exact=False)
        torment.whole_network_dies()
        torment.new_validator_dies_too(1)
        torment.both_die(2)
        torment.dies_while_a_switchover_is_pending(3, "outgoing")
        torment.dies_while_a_switchover_is_pending(4, "incoming")
        torment.new_validator_dies_too(2)
        torment.both_die(1)
        for load in torment.loads:
            load.stop()
        torment.check()
        torment.no_evidence()
        nobody_signed_twice(network)
        writes = sum(len(load.written) for load in torment.loads)
        print(f"{torment.failovers} failovers, {writes} writes, none lost")


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
