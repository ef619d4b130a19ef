"""CometBFT's own programs: its node, its example application, and both with `tandem shim` between."""
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from harness import LIMIT_SECONDS, Failed, Node, configure, seats_network, tandem_program

SKIPPED = 77  # to CTest


def cometbft_program():
    return shutil.which(os.environ.get("COMETBFT") or "cometbft")


def abci_cli():
    beside = Path(cometbft_program() or "cometbft").with_name("abci-cli")
    return str(beside) if beside.is_file() else shutil.which("abci-cli")


def tool(name):
    """A program of scripts/install-clients or of this machine; None where it is not there."""
    beside = Path(__file__).resolve().parents[2] / "build/tools" / name
    return str(beside) if beside.exists() else shutil.which(name)


def skip(part, why):
    """Ends the test. `make test-interop` shows these lines."""
    print(f"SKIPPED {part}: {why}")
    sys.exit(SKIPPED)


def run_with_cometbft(main):
    """The test's end, for CTest: passed, failed, or skipped where CometBFT's programs are not there."""
    if not cometbft_program() or not abci_cli():
        print("skipped: no cometbft with abci-cli beside it at $COMETBFT or on PATH "
              "(scripts/install-cometbft)")
        sys.exit(SKIPPED)
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")


class Application:
    """The example kvstore. With a folder a kill takes no more from it than the last block, without
    one everything."""

    def __init__(self, address, folder=None):
        self.address, self.folder = address, folder
        self.process = None

    def start(self):
        Path(self.address.removeprefix("unix://")).unlink(missing_ok=True)  # left by a kill
        keeps = ["--persist", str(self.folder)] if self.folder else []
        self.process = subprocess.Popen(
            [abci_cli(), "kvstore", "--address", self.address, *keeps],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)


class ShimmedNode(Node):
    """A CometBFT process, the shim beside it, and the application behind. They live and die
    together, as on one machine."""

    def __init__(self, name, home, rpc_port, ports, keeps_state):
        super().__init__(name, home, rpc_port,
                         [cometbft_program(), "start", "--home", str(home)])
        self.application = Application(f"tcp://127.0.0.1:{ports[0]}",
                                       self.home / "application" if keeps_state else None)
        self.listen = f"tcp://127.0.0.1:{ports[1]}"
        self.health_port = ports[2]
        self.shim = None
        configure(home, proxy_app=f'"{self.listen}"')

    def start(self):
        self.application.start()
        self.start_shim()
        super().start()

    def start_shim(self):
        self.shim = self.spawn([tandem_program(), "shim", "--home", str(self.home),
                                "--app", self.application.address,
                                "--health", f"tcp://127.0.0.1:{self.health_port}"], "shim.log")

    def processes(self):
        return [self.application.process, self.shim, self.process]

    def stop(self):
        """SIGTERM to the engine and then to the shim, whose exit code this is."""
        super().stop()
        self.shim.terminate()
        code = self.shim.wait(timeout=LIMIT_SECONDS)
        self.application.kill()
        return code


def shimmed_network(is_stock=lambda name: True, forgets=(), **timeouts):
    """Four organisations with two nodes each, of which `is_stock` run CometBFT. The applications of
    `forgets` lose everything with their process."""
    network = seats_network(**timeouts)
    for index, node in enumerate(network.nodes):
        if is_stock(node.name):
            first = node.rpc_port + 1  # each node of `tandem testnet --loopback` has ten ports
            network.nodes[index] = ShimmedNode(node.name, node.home, node.rpc_port,
                                               range(first + 2, first + 5),
                                               node.name not in forgets)
    return network
