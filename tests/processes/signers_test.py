#!/usr/bin/env python3
"""Validators whose keys are in processes of their own: `tandem signer serve` signs for stock CometBFT
and for Tandem, and CometBFT's signer (priv_val_server) for Tandem. Signers and validators are killed
and come back; none of it leads to two signatures for one step."""
import json
import shutil
import subprocess
import sys
from pathlib import Path

from harness import LIMIT_SECONDS, Failed, configure, tandem_program, wait
from engines import expect_equal, mixed_network
from stock import SKIPPED, cometbft_program


def their_signer():
    beside = Path(cometbft_program()).with_name("priv_val_server")
    return str(beside) if beside.is_file() else shutil.which("priv_val_server")


class Signer:
    """Takes the validator's key out of its node's home."""

    def __init__(self, node, address, theirs=False):
        self.node, self.name = node, f"signer of {node.name}"
        self.validator = node.address()
        self.home = node.home.with_name(node.home.name + "-signer")
        for name in ("config/priv_validator_key.json", "data/priv_validator_state.json"):
            (self.home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(node.home / name, self.home / name)
        shutil.copy(node.home / "config/genesis.json", self.home / "config/genesis.json")
        chain_id = json.loads((self.home / "config/genesis.json").read_text())["chain_id"]
        configure(node.home, priv_validator_laddr=f'"{address}"')
        self.theirs = theirs
        self.state = self.home / "data/priv_validator_state.json"
        self.command = [
            their_signer(), "-addr", address, "-chain-id", chain_id,
            "-priv-key", str(self.home / "config/priv_validator_key.json"),
            "-priv-state", str(self.state)] if theirs else [
            tandem_program(), "signer", "serve", "--home", str(self.home), "--connect", address]
        self.process = None

    def start(self):
        with open(self.home / "output.log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def signed_height(self):
        return int(json.loads(self.state.read_text())["height"])


def expect_signing(signer, others):
    """Its validator's precommit is in a commit that is not there yet."""
    top = max(node.height() for node in others)

    def signs():
        height = others[0].height()
        return any(signer.validator in others[0].signers(at) for at in range(top + 1, height))
    wait(f"a commit with the {signer.name}", signs)


def expect_silence(signer, others):
    """The others make two commits without it. The first blocks may still have its signature."""
    top = max(node.height() for node in others)
    wait("commits without the " + signer.name, lambda: sum(
        signer.validator not in others[0].signers(at)
        for at in range(top + 1, others[0].height())) >= 2)


def restart_node(signer):
    # A killed CometBFT does not take its own socket's file away when it comes back.
    (signer.node.home / "signer.sock").unlink(missing_ok=True)
    signer.node.start()


def torment(network, signers):
    for signer in signers:
        others = [node for node in network.nodes if node is not signer.node]
        expect_signing(signer, others)
        before = signer.signed_height()
        signer.kill()
        expect_silence(signer, others)
        signer.start()
        expect_signing(signer, others)
        if signer.signed_height() <= before:
            raise Failed(f"the {signer.name} signs, and does not write it down")
    for signer in signers:
        others = [node for node in network.nodes if node is not signer.node]
        signer.node.kill()
        network.wait_for_height(max(node.height() for node in others) + 2, others)
        if signer.theirs:  # does not dial again, not even to CometBFT: its users restart it
            signer.kill()
            signer.start()
        restart_node(signer)
        expect_signing(signer, others)
    for signer in signers:  # both at once
        others = [node for node in network.nodes if node is not signer.node]
        signer.kill()
        signer.node.kill()
        network.wait_for_height(max(node.height() for node in others) + 2, others)
        signer.start()
        restart_node(signer)
        expect_signing(signer, others)


def expect_refusals(signer):
    """A second process with the same state; a validator that nobody signs for."""
    second = subprocess.run(signer.command, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    if second.returncode != 75:
        raise Failed(f"two signers with one state: the second ended with {second.returncode}: "
                     f"{second.stderr}")


    signer.kill()
    signer.node.kill()
    restart_node(signer)
    code = signer.node.process.wait(LIMIT_SECONDS)
    if code != 69 or not signer.node.said("no signer came to"):
        raise Failed(f"a validator without its signer ended with {code}")
    signer.start()
    restart_node(signer)


def no_evidence(node):
    for at in range(1, node.height() + 1):
        block = wait(f"block {at}", lambda: node.rpc("block", height=at))
        if block["block"]["evidence"]["evidence"]:
            raise Failed(f"evidence in block {at}")


def main():
    ours, theirs = tandem_program(), cometbft_program()
    with mixed_network([theirs, theirs, ours, ours], followers=0) as network:
        addresses = [f"tcp://127.0.0.1:{port}" for port in network.spare_ports]
        for index in (1, 3):
            addresses[index] = f"unix://{network.nodes[index].home}/signer.sock"
        signers = [Signer(node, address) for node, address in zip(network.nodes[:2], addresses)]
        if their_signer():
            signers.append(Signer(network.nodes[2], addresses[2], theirs=True))
        else:
            print("there is no priv_val_server beside $COMETBFT: CometBFT's signer is left out")
        signers.append(Signer(network.nodes[3], addresses[3]))
        try:
            for signer in signers:
                signer.start()
            network.start_all()
            network.wait_for_height(5)
            torment(network, signers)
            expect_refusals(signers[-1])
            expect_signing(signers[-1], network.nodes[:3])
            no_evidence(network.nodes[0])
            print(f"equal at every height up to {expect_equal(network)}")
            for signer in (signers[0], signers[-1]):
                signer.process.terminate()
                code = signer.process.wait(LIMIT_SECONDS)
                signer.process = None
                if code != 0:
                    raise Failed(f"the {signer.name} ended with {code} on SIGTERM")
        except Failed:
            for signer in signers:
                log = (signer.home / "output.log").read_text(errors="replace").splitlines()[-10:]
                print(f"---- {signer.name}\n" + "\n".join(log), file=sys.stderr)
            raise
        finally:
            for signer in signers:
                signer.kill()


if __name__ == "__main__":
    if not cometbft_program():
        print("skipped: no cometbft at $COMETBFT or on PATH (scripts/install-cometbft)")
        sys.exit(SKIPPED)
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
