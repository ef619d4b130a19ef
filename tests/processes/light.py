"""A light client as a proxy in front of a node, CometBFT's or ours: started alike, asked alike."""
import hashlib
import http.server
import itertools
import json
import threading
import urllib.error
import urllib.parse
import urllib.request

from harness import Events, Failed, Node, wait

names = itertools.count(1)


class Liar:
    """A node's RPC that lies: `alter(method, result)` has the last word. Use as a context."""

    def __init__(self, node, port):
        self.node, self.port = node, port
        self.alter = lambda method, result: None

    def rpc_address(self):
        return f"tcp://127.0.0.1:{self.port}"

    def __enter__(self):
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ask = urllib.request.Request(f"http://127.0.0.1:{liar.node.rpc_port}/", body,
                                             {"Content-Type": "application/json"})
                with urllib.request.urlopen(ask, timeout=60) as answer:
                    said = json.load(answer)
                if "result" in said:
                    liar.alter(json.loads(body)["method"], said["result"])
                text = json.dumps(said).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class LightProxy(Node):
    """Trusts block 2 of the network. Use as a context; `options` go to the program."""

    def __init__(self, program, network, port, primary, witnesses, options=()):
        home = network.folder / f"light-{next(names)}"
        home.mkdir()
        node = network.running()[0]
        self.chain_id = wait("the chain's name", lambda: node.rpc("status"))["node_info"]["network"]
        self.trusted = wait("block 2", lambda: node.block_hash(2))
        super().__init__(f"light client at {port}", home, port, [
            program, "light", self.chain_id, "--primary", primary.rpc_address(), "--witnesses",
            ",".join(witness.rpc_address() for witness in witnesses), "--height", "2", "--hash",
            self.trusted, "--home-dir", str(home / "light"), "--laddr",
            f"tcp://127.0.0.1:{port}", *options])

    def __enter__(self):
        self.start()
        wait(f"{self.name} answers", self.answers)
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.name} has ended:\n{self.log()}")
        return self.rpc("status")

    def log(self):
        return (self.home / "output.log").read_text(errors="replace")[-3000:]

    def __exit__(self, kind, *_):
        if self.process:
            self.kill()
        if kind is not None:
            print(f"---- {self.name}\n{self.log()}")

    def error(self, method, **arguments):
        """Why it refuses; None where it answers."""
        url = f"http://{self.host}:{self.rpc_port}/{method}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                body = json.load(answer)
        except urllib.error.HTTPError as problem:
            body = json.load(problem)
        except OSError as problem:
            return f"{problem}; {self.log()}"
        return body["error"]["data"] if "error" in body else None


def meaning(answer):
    """Without what is empty: CometBFT's proxy writes answers anew, and an empty list as null."""
    if isinstance(answer, dict):
        rows = {name: meaning(value) for name, value in answer.items()}
        return {name: value for name, value in rows.items() if value not in (None, [], {}, "")}
    return [meaning(row) for row in answer] if isinstance(answer, list) else answer


def questions(height, block_hash, tx_hash):
    """What both answer and a block can prove, or the primary alone knows."""
    yield from ((name, {"height": height}) for name in
                ("block", "header", "commit", "block_results", "consensus_params", "validators"))
    yield "validators", {"height": height, "per_page": 1, "page": 2}
    yield "block_by_hash", {"hash": f"0x{block_hash}"}
    yield "header_by_hash", {"hash": f"0x{block_hash}"}
    yield "blockchain", {"minHeight": height, "maxHeight": height}
    yield "tx", {"hash": f"0x{tx_hash}"}
    yield "tx", {"hash": f"0x{tx_hash}", "prove": "true"}
    yield "tx_search", {"query": f'"tx.height={height}"', "prove": "true"}
    yield "genesis", {}
    yield "health", {}


def expect_same_answers(proxy, primary, network):
    """All that the proxy says is what its primary says; transactions go through it."""
    key = f"by-{proxy.rpc_port}-{primary.height()}"
    height = wait(f"{proxy.name} brings a transaction to a block", lambda: proxy.write(key, "x"))
    # A header is believed when the one after it is there, and the witnesses have it.
    network.wait_for_height(height + 2)
    block_hash = primary.block_hash(height)
    tx_hash = hashlib.sha256(f"{key}=x".encode()).hexdigest()
    for method, arguments in questions(height, block_hash, tx_hash):
        expected, got = primary.rpc(method, **arguments), proxy.rpc(method, **arguments)
        if expected is None or got is None or meaning(got) != meaning(expected):
            why = proxy.error(method, **arguments)
            raise Failed(f"{proxy.name}: {method} {arguments}: {why or got}\nnot {expected}")
    for method in ("abci_info", "num_unconfirmed_txs", "consensus_state", "dump_consensus_state"):
        if proxy.rpc(method) is None:
            raise Failed(f"{proxy.name}: {method}: {proxy.error(method)}")
    if primary.read(key) != "x":
        raise Failed(f"{primary.name} does not have what {proxy.name} sent")
    why = proxy.error("abci_query", data=f'"{key}"')
    if not why or "no proof ops" not in why:
        raise Failed(f"{proxy.name} answers a query that nothing proves: {why}")
    why = proxy.error("block", height=10_000_000)
    if not why or "must be less than or equal to the current blockchain height" not in why:
        raise Failed(f"{proxy.name} and a height that is not there: {why}")
    with Events(proxy, "tm.event='NewBlock'") as events:
        first, second = (int(event["block"]["header"]["height"])
                         for event in itertools.islice(events, 2))
        if second != first + 1:
            raise Failed(f"{proxy.name} passes on block {second} after block {first}")
