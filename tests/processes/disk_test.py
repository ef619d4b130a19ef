#!/usr/bin/env python3
"""The disk of a validator fills up under load: the node ends at once and says so, its standby takes
the seat, and after room was made it goes on where it was. The disk is a file system of its own in
memory; to mount it needs root."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import LIMIT_SECONDS, Failed, seats_network, wait
from torment import Load, Torment

SKIPPED = 77  # to CTest
IO_ERROR = 74  # docs/exit-codes.md
DISK_BYTES = 96 << 20
LEFT_BYTES = 256 << 10


class SmallDisk:
    """The data folder of a node that is not running yet, on a disk of its own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ballast = self.folder / "ballast"

    def __enter__(self):
        held = self.folder.with_name("held")
        self.folder.rename(held)
        self.folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tandem-test",
                        self.folder], check=True)
        shutil.copytree(held, self.folder, dirs_exist_ok=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.folder], check=False)

    def fill(self):
        free = os.statvfs(self.folder)
        with open(self.ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize - LEFT_BYTES)

    def make_room(self):
        self.ballast.unlink()


def may_mount():
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    return subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "x", "/mnt"],
                          capture_output=True, check=False).returncode == 0


def main():
    with seats_network(timeout_commit="100ms", timeout_propose="500ms") as network:
        node = network["org1-1"]
        with SmallDisk(node.home / "data") as disk:
            try:
                run(network, node, disk)
            finally:
                if node.running:  # before its disk goes
                    node.kill()


def run(network, node, disk):
    torment = Torment(network)
    network.start_all()
    network.wait_for_height(5)
    if wait("a validator", lambda: torment.validator(1)) is not node:
        raise Failed("the seat begins with another node")
    torment.loads = [Load(seat, torment.members(seat)) for seat in (1, 2)]
    top = node.height()
    disk.fill()
    code = node.process.wait(LIMIT_SECONDS)
    node.process = None
    if code != IO_ERROR or not node.said("The disk is full. Make room"):
        raise Failed(f"{node.name} filled its disk and ended with {code}")
    new = network["org1-2"]
    effective = torment.moved(1, 0, new)
    node.start()
    code = node.process.wait(LIMIT_SECONDS)
    node.process = None
    if code != IO_ERROR:
        raise Failed(f"{node.name} started on a full disk and ended with {code}")
    disk.make_room()
    node.start()
    torment.comes_back(node, effective)
    for load in torment.loads:
        load.stop()
    torment.check()
    torment.no_evidence()
    print(f"{node.name} found no room after height {top}; {new.name} holds the seat from "
          f"{effective}; {sum(len(load.written) for load in torment.loads)} writes, none lost")


if __name__ == "__main__":
    if not may_mount():
        print("skipped: no file system can be mounted here; that needs root")
        sys.exit(SKIPPED)
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
