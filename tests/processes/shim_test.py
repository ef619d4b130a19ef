#!/usr/bin/env python3
"""Seats under stock CometBFT: four organisations with two CometBFT processes each, a shim beside
each, and CometBFT's example application behind. Validators are killed, frozen and woken; what must
be true is what must be true under Tandem's own engine."""
import urllib.error
import urllib.request

from harness import Failed, wait
from stock import run_with_cometbft, shimmed_network
from torment import Load, Torment


def health(node, path):
    """The status of a health endpoint of the node's shim; None while there is no shim."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{node.health_port}{path}", timeout=15) as page:
            return page.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return None


def expect_health(torment, seat):
    validator, standby = torment.pair(seat)
    for node, path, status in ((validator, "/validator", 200), (validator, "/standby", 503),
                               (standby, "/validator", 503), (standby, "/standby", 200),
                               (standby, "/ready?lag=3", 200), (standby, "/health", 200)):
        wait(f"{path} of {node.name} to be {status}", lambda: health(node, path) == status)


def an_engine_dies(network, node):
    """Its shim goes on, and serves the next life of the engine."""
    node.process.kill()
    node.process.wait()
    wait(f"/ready of {node.name} to fail", lambda: health(node, "/ready") == 503)
    top = max(other.height() for other in network.running() if other is not node)
    node.process = node.spawn(node.command, "output.log")
    wait(f"{node.name} in step", lambda: node.height() >= top)


def a_shim_dies(network, node):
    """Its engine can do nothing more (0.38 ends, 0.40 hangs while it ends), so whoever supervises
    them ends it; both come back."""
    node.shim.kill()
    node.shim.wait()
    node.process.kill()
    node.process.wait()
    top = max(other.height() for other in network.running() if other is not node)
    node.start_shim()
    node.process = node.spawn(node.command, "output.log")
    wait(f"{node.name} in step", lambda: node.height() >= top)


def main():
    with shimmed_network(forgets=("org3-2",), timeout_commit="400ms", timeout_propose="1s",
                         peer_gossip_sleep_duration="20ms",
                         flush_throttle_timeout="10ms") as network:
        torment = Torment(network)
        network.start_all()
        network.wait_for_height(5)
        expect_health(torment, 1)
        torment.loads = [Load(seat, torment.members(seat)) for seat in (1, 2)]
        torment.fails_over(1, torment.kill)
        torment.fails_over(2, torment.freeze)
        torment.fails_over(3, torment.kill)  # the application of org3-2 remembers nothing
        expect_health(torment, 3)
        an_engine_dies(network, network["org4-2"])
        a_shim_dies(network, network["org3-2"])
        torment.both_die(4)
        torment.whole_network_dies()
        for load in torment.loads:
            load.stop()
        torment.check()
        torment.no_evidence()
        for node in network.nodes:
            if (code := node.stop()) != 0:
                raise Failed(f"the shim of {node.name} ended with {code} on SIGTERM")
        writes = sum(len(load.written) for load in torment.loads)
        print(f"{torment.failovers} failovers, {writes} writes, none lost")


if __name__ == "__main__":
    run_with_cometbft(main)
