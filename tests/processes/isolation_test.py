#!/usr/bin/env python3
"""A validator is cut off from its peers, but not from its clients: its standby takes the seat, the
cut-off node commits nothing by itself and says so, and finds back as standby. The validator lives in
a network namespace with one link for peers and one for clients; that needs root."""
import os
import shutil
import subprocess
import sys

from double_signs import nobody_signed_twice
from harness import Failed, configure, seats_network, wait
from torment import Torment

SKIPPED = 77  # to CTest


class Namespace:
    """Two links to the outside: `peers`, which can be cut, and `clients`."""

    def __init__(self):
        self.name = f"tandem-{os.getpid()}"
        self.links = {}
        for place, use in enumerate(("peers", "clients")):
            net = f"10.{100 + os.getpid() % 100}.{place}"
            self.links[use] = (f"tdm{os.getpid() % 100000}{use[0]}", f"{net}.1", f"{net}.2")

    def __enter__(self):
        ip("netns", "add", self.name)
        self.inside("ip", "link", "set", "lo", "up")
        for link, near, far in self.links.values():
            ip("link", "add", link, "type", "veth", "peer", "name", "eth-" + link[-1], "netns",
               self.name)
            ip("address", "add", near + "/24", "dev", link)
            ip("link", "set", link, "up")
            self.inside("ip", "address", "add", far + "/24", "dev", "eth-" + link[-1])
            self.inside("ip", "link", "set", "eth-" + link[-1], "up")
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "delete", self.name], check=False)

    def wrap(self, command):
        return ["ip", "netns", "exec", self.name, *command]

    def inside(self, *command):
        subprocess.run(self.wrap(command), check=True)

    def outer(self, use):
        return self.links[use][1]

    def inner(self, use):
        return self.links[use][2]

    def cut(self):
        ip("link", "set", self.links["peers"][0], "down")

    def heal(self):
        ip("link", "set", self.links["peers"][0], "up")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def may_make_namespaces():
    """Root in a container may not."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    probe = f"tandem-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", probe], stderr=subprocess.DEVNULL).returncode != 0:
        return False
    can_link = subprocess.run(["ip", "link", "add", "tandem-probe", "type", "veth", "peer", "name",
                               "eth-p", "netns", probe], stderr=subprocess.DEVNULL).returncode == 0
    ip("netns", "delete", probe)
    return can_link


def move_into(namespace, network, node):
    """The node runs in the namespace and dials the others, which run outside."""
    for each in network.nodes:
        path = each.home / "config/config.toml"
        text = path.read_text().replace('laddr = "tcp://127.0.0.1:', 'laddr = "tcp://0.0.0.0:')
        path.write_text(text)
    peers = config_value(node, "persistent_peers").replace("127.0.0.1", namespace.outer("peers"))
    configure(node.home, persistent_peers=f'"{peers}"')
    node.host = namespace.inner("clients")
    node.command = namespace.wrap(node.command)


def config_value(node, key):
    lines = (node.home / "config/config.toml").read_text().splitlines()
    return next(line for line in lines if line.startswith(key + " = ")).split('"')[1]


def main():
    with Namespace() as namespace, \
            seats_network(timeout_commit="100ms", timeout_propose="500ms") as network:
        torment = Torment(network)
        cut_off = network.nodes[0]
        move_into(namespace, network, cut_off)
        network.start_all()
        network.wait_for_height(5)
        old, new = torment.pair(1)
        if old is not cut_off:
            raise Failed("the seat begins with another node")
        namespace.cut()
        effective = torment.moved(1, 0, new)
        torment.missed_just(1, effective)
        if not 0 < old.height() < effective:
            raise Failed(f"{old.name}, cut off, says height {old.height()}")
        if old.write("cut-off", "x") is not None:
            raise Failed(f"{old.name} says that it committed a write, alone")
        namespace.heal()
        torment.comes_back(old, effective)
        wait("the write, offered while cut off", lambda: new.read("cut-off") == "x")
        torment.check()
        torment.no_evidence()
        nobody_signed_twice(network, silent=("org2-2", "org3-2", "org4-2"))
        print(f"{old.name} was cut off; {new.name} holds the seat from {effective}")


if __name__ == "__main__":
    if not may_make_namespaces():
        print("skipped: no network namespaces here; they need root, iproute2 (`ip`) and a kernel "
              "that allows them")
        sys.exit(SKIPPED)
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
