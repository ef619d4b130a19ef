"""Networks of real processes on loopback: started, killed, frozen and watched over RPC.

Nothing here sleeps for an effect: `wait` looks again until a condition holds, with a generous limit,
and says what it waited for when it does not come.
"""
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

LOOK_AGAIN_SECONDS = 0.05
LIMIT_SECONDS = 120


class Failed(Exception):
    pass


def wait(what, condition, limit=LIMIT_SECONDS):
    """The first value of condition() that is true."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"waited {limit} s for: {what}")
        time.sleep(LOOK_AGAIN_SECONDS)


def free_ports(count):
    """The first of `count` ports in a row that nobody uses. They lie below those that the kernel gives
    to outgoing connections, which might take one before its node does."""
    slots = range(10000, 32700, 100)
    for slot in range(len(slots)):
        first = slots[(os.getpid() + slot) % len(slots)]
        taken = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                taken.append(probe)
                probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in taken:
                probe.close()
    raise Failed("no free ports")


class Node:
    def __init__(self, name, home, rpc_port, command):
        self.name, self.home, self.rpc_port, self.command = name, Path(home), rpc_port, command
        self.host = "127.0.0.1"
        self.process = None
        self.frozen = False

    def start(self):
        self.process = self.spawn(self.command, "output.log")

    def spawn(self, command, log_name):
        with open(self.home / log_name, "ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def processes(self):
        """All that the node consists of; its own comes last."""
        return [self.process]

    def kill(self):
        for process in self.processes():
            process.kill()
        for process in self.processes():
            process.wait()
        self.process = None

    def stop(self):
        """SIGTERM; the exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=LIMIT_SECONDS)
        self.process = None
        return code

    def freeze(self):
        for process in self.processes():
            process.send_signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self):
        for process in self.processes():
            process.send_signal(signal.SIGCONT)
        self.frozen = False

    @property
    def running(self):
        return self.process is not None

    def rpc_address(self):
        return f"tcp://{self.host}:{self.rpc_port}"

    def rpc(self, method, timeout=15, **arguments):
        """The result, or None while the node does not answer."""
        query = urllib.parse.urlencode(arguments)
        url = f"http://{self.host}:{self.rpc_port}/{method}?{query}"
        try:
            with urllib.request.urlopen(url, timeout=timeout) as answer:
                return json.load(answer).get("result")
        except (OSError, ValueError, urllib.error.URLError):
            return None

    def height(self, timeout=15):
        status = self.rpc("status", timeout=timeout)
        return int(status["sync_info"]["latest_block_height"]) if status else 0

    def block_hash(self, height):
        block = self.rpc("block", height=height)
        return block and block["block_id"]["hash"]

    def app_hash(self, height):
        block = self.rpc("block", height=height)
        return block and block["block"]["header"]["app_hash"]

    def validators(self, height):
        found = self.rpc("validators", height=height, per_page=100)
        return found and [row["address"] for row in found["validators"]]

    def signers(self, height):
        """Addresses whose precommits for the block its commit has."""
        commit = self.rpc("commit", height=height)["signed_header"]["commit"]
        return {row["validator_address"] for row in commit["signatures"]
                if row["block_id_flag"] == 2}

    def address(self):
        return json.loads((self.home / "config/priv_validator_key.json").read_text())["address"]

    def write(self, key, value):
        """The height at which the chain took it; None where this node could not say."""
        result = self.rpc("broadcast_tx_commit", tx=f'"{key}={value}"')
        if not result or result["check_tx"]["code"] or result["tx_result"]["code"]:
            return None
        return int(result["height"])

    def read(self, key):
        result = self.rpc("abci_query", data=f'"{key}"')
        value = result and result["response"].get("value")
        return base64.b64decode(value).decode() if value else None

    def said(self, text):
        return text in (self.home / "output.log").read_text(errors="replace")


class Events:
    """What a node says by itself: a subscription over WebSocket, iterated event by event."""

    def __init__(self, node, query):
        self.connection = self.connect(node)
        self.stream = self.connection.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall((f"GET /websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket"
                                 f"\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                 f"Sec-WebSocket-Key: {key}\r\n\r\n").encode())
        if b"101" not in self.stream.readline():
            raise Failed(f"{node.name} opens no WebSocket")
        while self.stream.readline() != b"\r\n":
            pass
        self.send(1, json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe",
                                 "params": {"query": query}}).encode())
        answer = self.receive()
        if "error" in answer:
            raise Failed(f"{node.name} refuses to subscribe: {answer['error']}")

    def connect(self, node):
        return socket.create_connection((node.host, node.rpc_port), LIMIT_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.connection.close()

    def __iter__(self):
        while True:
            yield self.receive()["result"]["data"]["value"]

    def send(self, opcode, payload):
        mask = os.urandom(4)
        length = (bytes([0x80 | len(payload)]) if len(payload) < 126
                  else b"\xfe" + len(payload).to_bytes(2, "big"))
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.connection.sendall(bytes([0x80 | opcode]) + length + mask + masked)

    def receive(self):
        text = b""
        while True:
            head = self.stream.read(2)
            if len(head) < 2:
                raise Failed("a WebSocket was closed by the node")
            length = head[1] & 0x7F
            if length >= 126:
                length = int.from_bytes(self.stream.read(2 if length == 126 else 8), "big")
            payload = self.stream.read(length)
            if head[0] & 0x0F == 9:  # a ping
                self.send(10, payload)
            elif head[0] & 0x0F in (0, 1):
                text += payload
                if head[0] & 0x80:  # the last fragment
                    return json.loads(text)


class Network:
    """Use as a context: nothing is left running, and on failure the logs are shown."""

    def __init__(self, keep_folder=None):
        self.folder = Path(keep_folder or tempfile.mkdtemp(prefix="tandem-network-"))
        self.nodes = []
        self.spare_ports = range(0)  # free, and not for its nodes
        self.logs = None  # where the nodes' logs are kept
        self.lets_run = False

    def keep_logs(self):
        self.logs = Path(tempfile.mkdtemp(prefix="tandem-logs-"))

    def let_run(self):
        """The nodes outlive this process, and so do their folders."""
        self.lets_run = True

    def __enter__(self):
        return self

    def __exit__(self, kind, problem, trace):
        if self.lets_run and kind is None:
            return False
        for node in self.nodes:
            if node.running:
                node.thaw()
                node.kill()
        if kind is not None:
            for node in self.nodes:
                log = node.home / "output.log"
                if log.is_file():
                    tail = log.read_text(errors="replace").splitlines()[-15:]
                    print(f"---- {node.name}\n" + "\n".join(tail), file=sys.stderr)
        if self.logs:
            for node in self.nodes:
                shutil.copy(node.home / "output.log", self.logs / f"{node.name}.log")
        if not os.environ.get("KEEP_NETWORK"):
            shutil.rmtree(self.folder, ignore_errors=True)
        return False

    def add_lone_node(self, port):
        """A chain of its own with one validator, which serves RPC at `port` and peers at the next
        one. Not started."""
        home = self.folder / "node"
        subprocess.run([tandem_program(), "init", "--home", str(home)], check=True,
                       stdout=subprocess.DEVNULL)
        node = Node("node", home, port, [
            tandem_program(), "start", "--home", str(home), "--rpc.laddr",
            f"tcp://127.0.0.1:{port}", "--p2p.laddr", f"tcp://127.0.0.1:{port + 1}"])
        self.nodes.append(node)
        return node

    def __getitem__(self, name):
        return next(node for node in self.nodes if node.name == name)

    def running(self):
        return [node for node in self.nodes if node.running]

    def start_all(self):
        for node in self.nodes:
            if not node.running:
                node.start()

    def wait_for_height(self, height, nodes=None):
        for node in nodes or self.running():
            wait(f"{node.name} at height {height}", lambda: node.height() >= height)

    def expect_one_chain(self):
        """Every running node has the same block at the lowest of their heights."""
        nodes = self.running()
        height = min(node.height() for node in nodes)
        hashes = {node.name: wait(f"{node.name} has block {height}",
                                  lambda: node.block_hash(height)) for node in nodes}
        if len(set(hashes.values())) != 1:
            raise Failed(f"not one chain at height {height}: {hashes}")
        return height


def tandem_program():
    return os.environ["TANDEM"]


def configure(home, **keys):
    """Sets keys of a config.toml by their first place in the file."""
    path = Path(home) / "config/config.toml"
    lines = path.read_text().splitlines()
    for key, value in keys.items():
        at = next(i for i, line in enumerate(lines) if line.startswith(key + " = "))
        lines[at] = f"{key} = {value}"
    path.write_text("\n".join(lines) + "\n")


def seats_network(seats=4, standbys=1, application="persistent_kvstore", **timeouts):
    """`tandem testnet` as its guide has it; `timeouts` are keys of config.toml, as text."""
    network = Network()
    first = free_ports(10 * seats * (standbys + 1) + 10)
    network.spare_ports = range(first + 10 * seats * (standbys + 1), first + 100)
    folder = network.folder / "net"
    subprocess.run([tandem_program(), "testnet", "--seats", str(seats), "--standbys", str(standbys),
                    "--app", application, "--o", str(folder), "--loopback", str(first)],
                   check=True, stdout=subprocess.DEVNULL)
    for seat in range(1, seats + 1):
        for place in range(1, standbys + 2):
            name = f"org{seat}-{place}"
            home = folder / name
            configure(home, **{key: f'"{value}"' for key, value in timeouts.items()})
            port = first + 10 * len(network.nodes) + 1
            network.nodes.append(Node(name, home, port, [
                tandem_program(), "start", "--home", str(home)]))
    return network
