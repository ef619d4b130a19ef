#!/usr/bin/env python3
"""Metrics of a running node: served where config.toml says, by the names that it says, while the
node works; a seat's failover shows in them."""
import urllib.error
import urllib.request

from harness import Failed, configure, seats_network, wait


def scrape(port):
    """Samples by name and labels, or None while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=15) as answer:
            kind = answer.headers["Content-Type"]
            lines = answer.read().decode().splitlines()
    except (OSError, urllib.error.URLError):
        return None
    if not kind.startswith("text/plain; version=0.0.4"):
        raise Failed(f"metrics are of the type {kind}")
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in lines if not line.startswith("#")}


def sample(port, name, **labels):
    """The sample that has these labels, whatever others it has; None where there is none."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    for key, value in (scrape(port) or {}).items():
        if key.split("{")[0] == name and all(label in key for label in wanted):
            return value
    return None


def main():
    with seats_network() as network:
        watcher, other = network["org1-2"], network["org2-1"]
        port, other_port = watcher.rpc_port + 1, other.rpc_port + 1  # as `testnet` has them
        configure(watcher.home, prometheus="true")
        configure(other.home, prometheus="true", namespace='"mine"')
        network.start_all()
        network.wait_for_height(5)
        seen = watcher.height()
        if sample(port, "cometbft_consensus_height") < seen:
            raise Failed("the metrics are behind the RPC")
        for name, least in (("cometbft_consensus_validators", 4), ("cometbft_p2p_peers", 1),
                            ("cometbft_state_block_processing_time_count", 4),
                            ("tandem_seats_heartbeats_sent_total", 1)):
            wait(f"{name} of {least}", lambda: (sample(port, name) or 0) >= least)
        if sample(other_port, "mine_consensus_height") is None:
            raise Failed("instrumentation.namespace has no effect")
        if sample(other_port, "tandem_seats_margin_validators") is None:
            raise Failed("metrics of seats follow instrumentation.namespace")
        if watcher.write("a", "b") is None:
            raise Failed("a write was refused")
        wait("the write in total_txs", lambda: sample(port, "cometbft_consensus_total_txs") > 0)
        network["org1-1"].kill()
        wait("a switch in the metrics", lambda: (sample(port, "tandem_seats_switches_total",
                                                        reason="run") or 0) == 1)
        wait("this node holds its seat",
             lambda: sample(port, "tandem_seats_own_validator") == 1)
        wait("it signs", lambda: sample(port, "cometbft_consensus_validator_last_signed_height"))
        for node in network.running():
            if (code := node.stop()) != 0:
                raise Failed(f"{node.name} ended with {code} on SIGTERM")
        print("metrics followed a failover")


if __name__ == "__main__":
    main()
