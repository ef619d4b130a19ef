#!/usr/bin/env python3
"""Peers that mean harm, against one node of four that commit: each attack of tandem-hostile by
itself, and then several at once without a pause. After each the node is the same process, has its
honest peers and no other, holds no more memory than it may, and the network goes on committing."""
import os
import subprocess
import sys
import time

from harness import Failed, configure, seats_network, wait

MEMORY_MAX = 400 * 2**20  # bytes that the node may hold at any time, whatever is done to it
FLOOD_SECONDS = 12
# What is repeated without a pause, each by a process of its own, all at once.
FLOODS = ("votes-far-rounds", "parts-unasked", "transactions-small", "block-requests-unread",
          "garbage-first", "address-book-poisoning")
QUIET_BLOCKS = 40
# 99th percentile of block intervals under attack against the quiet one. The aim is 2; attackers and
# network share this machine's few cores, which a real attacker has no part of.
RATIO_AIM, RATIO_MAX = 2.0, 6.0


def attacks():
    listed = subprocess.run([os.environ["TANDEM_HOSTILE"], "--list"], check=True, text=True,
                            capture_output=True).stdout
    return [line.split("\t")[0] for line in listed.splitlines()]


def seconds(timestamp):
    """Of a header's time, which has nanoseconds."""
    whole, fraction = timestamp.rstrip("Z").split(".") if "." in timestamp else (timestamp[:-1], "0")
    return (time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + fraction))


class Victim:
    """The node that is attacked, and what must stay true of it."""

    def __init__(self, network, node, chain_id):
        self.network, self.node, self.chain_id = network, node, chain_id
        self.witness = next(other for other in network.nodes if other is not node)
        self.pid = node.process.pid
        self.honest = self.peers()

    def peers(self):
        info = wait("net_info", lambda: self.node.rpc("net_info"))
        return {peer["node_info"]["id"] for peer in info["peers"]}

    def memory(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            fields = dict(line.split(":", 1) for line in status)
        return (int(fields["VmRSS"].split()[0]) * 1024, int(fields["VmHWM"].split()[0]) * 1024)

    def command(self, attack, *more):
        return [os.environ["TANDEM_HOSTILE"], attack, f"127.0.0.1:{self.node.rpc_port - 1}",
                self.chain_id, *more]

    def check(self, after):
        if self.node.process.poll() is not None or self.node.process.pid != self.pid:
            raise Failed(f"{after}: the node ended with {self.node.process.returncode}")
        held, most = self.memory()
        if most > MEMORY_MAX:
            raise Failed(f"{after}: the node held {most >> 20} MiB of at most {MEMORY_MAX >> 20}")
        wait(f"{after}: the attackers are gone and the honest peers are there",
             lambda: self.peers() == self.honest, 30)
        from_height = self.node.height()
        wait(f"{after}: the network goes on", lambda: self.node.height() >= from_height + 2, 30)
        return held, most

    def intervals(self, first, last):
        """Seconds between the blocks of these heights, by their headers."""
        times = [seconds(self.witness.rpc("block", height=height)["block"]["header"]["time"])
                 for height in range(first, last + 1)]
        return sorted(after - before for before, after in zip(times, times[1:]))


def percentile_99(intervals):
    return intervals[min(len(intervals) - 1, len(intervals) * 99 // 100)]


def main():
    chosen = sys.argv[1:] or attacks()
    with seats_network(standbys=0, timeout_commit="200ms") as network:
        for node in network.nodes:
            configure(node.home, max_open_connections="50")
        network.start_all()
        network.wait_for_height(3)
        node = network["org1-1"]
        wait("everybody knows everybody",
             lambda: int((node.rpc("net_info") or {"n_peers": 0})["n_peers"]) == 3)
        chain_id = node.rpc("status")["node_info"]["network"]
        victim = Victim(network, node, chain_id)

        begin = node.height()
        network.wait_for_height(begin + QUIET_BLOCKS)
        quiet = victim.intervals(begin, begin + QUIET_BLOCKS)
        print(f"quiet: 99th percentile {percentile_99(quiet):.3f} s of {len(quiet)} intervals, "
              f"{victim.memory()[1] >> 20} MiB")

        begin = node.height()
        for attack in chosen:
            started = time.monotonic()
            played = subprocess.run(victim.command(attack), text=True, capture_output=True,
                                    timeout=120, check=False)
            if played.returncode != 0:
                raise Failed(f"{attack}: {played.stderr.strip()}")
            held, most = victim.check(attack)
            print(f"{attack}: {time.monotonic() - started:.1f} s, {held >> 20} MiB, at most "
                  f"{most >> 20}", flush=True)
        single = victim.intervals(begin, node.height())

        begin = node.height()
        flood = [subprocess.Popen(["nice", "-n", "10", *victim.command(name, str(FLOOD_SECONDS))],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                 for name in FLOODS]
        for process in flood:
            if process.wait(timeout=120) != 0:
                raise Failed("a flood could not be played")
        end = node.height()
        held, most = victim.check("floods")
        flooded = victim.intervals(begin, end)
        network.expect_one_chain()
        for name, under in (("single attacks", single), ("floods", flooded)):
            ratio = percentile_99(under) / percentile_99(quiet)
            print(f"{name}: 99th percentile {percentile_99(under):.3f} s of {len(under)} intervals, "
                  f"{ratio:.2f} times the quiet one (aim {RATIO_AIM:.0f}); {most >> 20} MiB")
            if ratio > RATIO_MAX:
                raise Failed(f"{name}: {ratio:.1f} times the quiet block interval")


if __name__ == "__main__":
    main()
