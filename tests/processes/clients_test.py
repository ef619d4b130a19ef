#!/usr/bin/env python3
"""Clients of others in front of our nodes and, where it is there, of CometBFT's nodes in the same
network, so that a failure tells whose it is. Each part is a test of its own:

    clients_test.py cosmjs | load | prometheus | light | tandem_light
"""
import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from harness import (LIMIT_SECONDS, Failed, Node, configure, seats_network, tandem_program, wait)
from engines import mixed_network
from light import Liar, LightProxy, expect_same_answers
from stock import cometbft_program, skip, tool


def kvstore_network():
    """Four validators without seats; two of CometBFT where it is there."""
    ours = tandem_program()
    others = cometbft_program()
    if not others:
        print("SKIPPED CometBFT's nodes beside ours: no cometbft (scripts/install-cometbft)")
    network = mixed_network([ours, ours, others or ours, others or ours], followers=0)
    network.start_all()
    network.wait_for_height(3)
    return network


# ---- CosmJS

def cosmjs():
    node, packages = tool("node"), tool("cosmjs/node_modules/@cosmjs/tendermint-rpc")
    if not node or not packages:
        skip("CosmJS", "no Node, or no packages in build/tools/cosmjs (scripts/install-clients)")
    packages = packages.removesuffix("/node_modules/@cosmjs/tendermint-rpc")
    script = __file__.replace("clients_test.py", "cosmjs/surface.mjs")
    with kvstore_network() as network:
        # The stock node first: what fails there is the script's fault.
        for target in (network.nodes[-1], network.nodes[0]):
            run = subprocess.run([node, script, packages, f"127.0.0.1:{target.rpc_port}"],
                                 capture_output=True, text=True, timeout=3 * LIMIT_SECONDS)
            if run.returncode != 0:
                raise Failed(f"CosmJS in front of {target.name}: {run.stderr}")
            print(f"{target.name}: {run.stdout.strip()}")
    with seats_network(application="kvstore") as network:
        network.start_all()
        network.wait_for_height(3)
        target = network["org1-2"]
        run = subprocess.run([node, script, packages, f"127.0.0.1:{target.rpc_port}"],
                             capture_output=True, text=True, timeout=3 * LIMIT_SECONDS)
        if run.returncode != 0:
            raise Failed(f"CosmJS in front of a node with seats: {run.stderr}")
        print(f"with seats, {target.name}: {run.stdout.strip()}")


# ---- CometBFT's load tool

def loaded_txs(node, first, last):
    """Transactions of the load tool in blocks, by the metas and by the blocks themselves."""
    counted, found = 0, set()
    for height in range(first, last + 1):
        metas = node.rpc("blockchain", minHeight=height, maxHeight=height)["block_metas"]
        counted += int(metas[0]["num_txs"])
        found.update(node.rpc("block", height=height)["block"]["data"]["txs"])
    if counted != len(found):
        raise Failed(f"metas count {counted} transactions, blocks have {len(found)}")
    return counted


def load():
    program = tool("load")
    if not program:
        skip("CometBFT's load tool", "build/tools/load is not there (scripts/install-clients)")
    for method in ("async", "sync"):
        with kvstore_network() as network:
            target, first = network.nodes[0], network.nodes[0].height() + 1
            stats = network.folder / "load.csv"
            run = subprocess.run(
                [program, "-c", "2", "-T", "8", "-r", "100", "-s", "250",
                 "--broadcast-tx-method", method, "--endpoints",
                 f"ws://127.0.0.1:{target.rpc_port}/websocket", "--stats-output", str(stats)],
                capture_output=True, text=True, timeout=LIMIT_SECONDS)
            if run.returncode != 0:
                raise Failed(f"the load tool: {run.stdout[-2000:]} {run.stderr[-2000:]}")
            rows = dict(line.split(",")[:2] for line in stats.read_text().splitlines())
            sent = int(rows["total_txs"])
            if sent < 500:
                raise Failed(f"the load tool sent {sent} transactions only: {rows}")
            wait("an empty mempool", lambda: all(
                node.rpc("num_unconfirmed_txs")["total"] == "0" for node in network.nodes))
            network.wait_for_height(max(node.height() for node in network.nodes) + 1)
            network.expect_one_chain()
            committed = loaded_txs(target, first, target.height())
            # The tool counts what it has written to the socket and ends without waiting for answers.
            if committed != sent:
                raise Failed(f"{sent} transactions were sent, {committed} are in blocks")
            print(f"{method}: all {sent} transactions are in blocks")


# ---- A Prometheus server

RULES = """
groups:
  - name: cometbft
    interval: 1s
    rules:
      - record: chain:height:max
        expr: max(cometbft_consensus_height)
      - record: chain:block_interval_seconds:mean
        expr: >-
          sum(rate(cometbft_consensus_block_interval_seconds_sum[20s]))
          / sum(rate(cometbft_consensus_block_interval_seconds_count[20s]))
      - record: chain:block_processing:p90
        expr: >-
          histogram_quantile(0.9,
          sum(rate(cometbft_state_block_processing_time_bucket[20s])) by (le))
      - alert: ValidatorsMissing
        expr: cometbft_consensus_missing_validators > 0
      - alert: NoPeers
        expr: cometbft_p2p_peers == 0
      - alert: NotEnoughPower
        expr: cometbft_consensus_missing_validators_power * 3 > cometbft_consensus_validators_power
"""


class Prometheus:
    def __init__(self, program, folder, port, targets):
        self.folder, self.port = folder, port
        folder.mkdir()
        (folder / "rules.yml").write_text(RULES)
        rows = [f"      - targets: ['127.0.0.1:{at}']\n        labels: {{node: '{name}'}}\n"
                for name, at in targets.items()]
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
            "rule_files: ['rules.yml']\nscrape_configs:\n  - job_name: nodes\n"
            "    static_configs:\n" + "".join(rows))
        self.command = [program, f"--config.file={folder}/prometheus.yml",
                        f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"]
        self.process = None

    def __enter__(self):
        with open(self.folder / "output.log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        return self

    def __exit__(self, kind, *_):
        self.process.kill()
        self.process.wait()
        if kind is not None:
            print((self.folder / "output.log").read_text(errors="replace")[-2000:])

    def ask(self, path, **arguments):
        """None while it does not answer."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(url, timeout=15) as answer:
                return json.load(answer)["data"]
        except (OSError, ValueError, urllib.error.URLError):
            return None

    def values(self, expression):
        """By node; what has no node stands under ""."""
        found = self.ask("query", query=expression)
        return {row["metric"].get("node", ""): float(row["value"][1])
                for row in (found["result"] if found else [])}

    def alerts(self):
        found = self.ask("alerts")
        return {(row["labels"]["alertname"], row["labels"].get("node"))
                for row in (found["alerts"] if found else []) if row["state"] == "firing"}


def check_rules(folder):
    """Prometheus's own check of the rules and of a page of metrics."""
    program = tool("promtool")
    if not program:
        print("SKIPPED promtool: it is not there (scripts/install-clients)")
        return
    done = subprocess.run([program, "check", "rules", str(folder / "rules.yml")],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"promtool and the rules: {done.stdout}{done.stderr}")


def prometheus():
    program = tool("prometheus")
    if not program:
        skip("Prometheus", "neither build/tools nor PATH has it (scripts/install-clients)")
    with seats_network(seats=4, standbys=0) as network:
        targets = {node.name: node.rpc_port + 1 for node in network.nodes}
        for node in network.nodes:
            configure(node.home, prometheus="true")
        network.start_all()
        network.wait_for_height(3)
        with Prometheus(program, network.folder / "prometheus", network.spare_ports[0],
                        targets) as server:
            check_rules(server.folder)
            up = lambda: server.values("up") == {name: 1.0 for name in targets}
            wait("Prometheus scrapes all nodes", up)
            seen = network.nodes[0].height()
            wait("a rule follows the height",
                 lambda: server.values("chain:height:max").get("", 0) >= seen)
            wait("a mean of block times",
                 lambda: 0.01 < server.values("chain:block_interval_seconds:mean").get("", 0) < 30)
            wait("a quantile of a histogram",
                 lambda: server.values("chain:block_processing:p90").get("", 0) > 0)
            wait("peers of each", lambda: server.values("cometbft_p2p_peers") ==
                 {name: 3.0 for name in targets})
            wait("no alert", lambda: not server.alerts())
            kinds = {name: rows[0]["type"]
                     for name, rows in (server.ask("metadata", limit_per_metric=1) or {}).items()}
            for name, kind in (("cometbft_consensus_height", "gauge"),
                               ("cometbft_consensus_block_interval_seconds", "histogram"),
                               ("cometbft_p2p_message_receive_bytes_total", "counter")):
                if kinds.get(name) != kind:
                    raise Failed(f"{name} is of the type {kinds.get(name)}, not {kind}")
            network["org4-1"].kill()
            wait("a target that is down", lambda: server.values("up").get("org4-1") == 0)
            wait("the alert about a missing validator", lambda: {
                ("ValidatorsMissing", f"org{i}-1") for i in (1, 2, 3)} <= server.alerts())
            if any(name in ("NoPeers", "NotEnoughPower") for name, _ in server.alerts()):
                raise Failed(f"alerts that should not fire: {server.alerts()}")
            network["org4-1"].start()
            wait("the alert is over", lambda: not server.alerts())
            check_page(targets["org1-1"])
    print("rules and alerts by CometBFT's names follow a node's death and return")


def check_page(port):
    program = tool("promtool")
    if not program:
        return
    page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=15).read()
    done = subprocess.run([program, "check", "metrics"], input=page, capture_output=True)
    # 3: matters of taste, such as names that CometBFT chose.
    if done.returncode not in (0, 3) or b"error while linting" in done.stderr:
        raise Failed(f"promtool and the metrics: {done.stderr.decode()[-2000:]}")


# ---- CometBFT's light client as a proxy

def light():
    program = cometbft_program()
    if not program:
        skip("CometBFT's light client", "no cometbft (scripts/install-cometbft)")
    with kvstore_network() as network:
        ours, theirs = network.nodes[0], network.nodes[2]
        ports = iter(network.spare_ports)
        with LightProxy(program, network, next(ports), theirs, [ours]) as proxy:
            expect_same_answers(proxy, theirs, network)
        with LightProxy(program, network, next(ports), ours, [theirs]) as proxy:
            expect_same_answers(proxy, ours, network)
            change_validators(network, proxy)
    failover(program)
    print("CometBFT's light client verifies our node, across other validators and a failover")


def change_validators(network, proxy):
    """The kvstore gives a validator more power; the proxy verifies what comes after it."""
    node = network.nodes[0]
    key = json.loads((network.nodes[1].home / "config/priv_validator_key.json").read_text())
    set_before = node.rpc("validators")["validators"]
    height = wait("a change of power",
                  lambda: node.write("val", f"ed25519!{key['pub_key']['value']}!3"))
    network.wait_for_height(height + 3)
    if node.rpc("validators", height=height + 2)["validators"] == set_before:
        raise Failed("the set of validators has not changed")
    expect_same_answers(proxy, node, network)


def failover(program):
    with seats_network(application="kvstore") as network:
        network.start_all()
        network.wait_for_height(4)
        first, other = network["org2-2"], network["org3-2"]
        with LightProxy(program, network, network.spare_ports[0], first, [other]) as proxy:
            expect_same_answers(proxy, first, network)
            before = first.validators(first.height())
            network["org1-1"].kill()
            changed = wait("a seat moves to its standby", lambda: set(
                first.validators(first.height()) or before) != set(before) and first.height())
            network.wait_for_height(changed + 3)
            expect_same_answers(proxy, first, network)


# ---- Our light client

def tandem_light():
    program = tandem_program()
    with kvstore_network() as network:
        ours, theirs = network.nodes[0], network.nodes[2]
        ports = iter(network.spare_ports)
        with LightProxy(program, network, next(ports), theirs, [ours]) as proxy:
            expect_same_answers(proxy, theirs, network)
        with LightProxy(program, network, next(ports), ours, [theirs], ["--sequential"]) as proxy:
            expect_same_answers(proxy, ours, network)
            change_validators(network, proxy)
            replace_primary(network, proxy, ours, theirs)
        with Liar(network.nodes[1], next(ports)) as liar:
            refuse_lies(program, network, ports, liar)
    failover(program)
    print("our light client verifies both engines' nodes, and refuses what they make up")


def replace_primary(network, proxy, primary, witness):
    """The witness takes the primary's place while that is away, and what was trusted outlives the
    proxy."""
    primary.kill()
    height = wait("blocks without the primary", lambda: witness.height())
    network.wait_for_height(height + 2)
    found = proxy.rpc("header", height=height + 1)
    primary.start()
    network.wait_for_height(height + 3)
    if found is not None:
        raise Failed("a header is shown that no witness confirmed")
    wait("answers by two servers", lambda: proxy.rpc("header", height=height + 1))
    if proxy.rpc("header", height=height + 1) != witness.rpc("header", height=height + 1):
        raise Failed("another header than the witness's")
    if (code := proxy.stop()) != 0:
        raise Failed(f"the light client ended with {code} on SIGTERM: {proxy.log()}")
    # Chain and folder are enough from the second time on.
    command, proxy.command = proxy.command, [
        *proxy.command[:3], "--home-dir", proxy.home / "light", "--laddr",
        f"tcp://127.0.0.1:{proxy.rpc_port}", "--sequential"]
    proxy.start()
    wait("it answers again", proxy.answers)
    if proxy.rpc("header", height=height) != witness.rpc("header", height=height):
        raise Failed("another header than before")
    proxy.command = command


def refuse_lies(program, network, ports, liar):
    """Each lie of the primary about a body is refused by the name of what does not hold; one about a
    header costs it its place."""
    honest = network.nodes[0]
    height = wait("a transaction", lambda: honest.write("true", "yes"))
    network.wait_for_height(height + 2)
    witnesses = [network.nodes[2], network.nodes[3]]

    def tx(result):
        result["block"]["data"]["txs"][0] = "dHJ1ZT1ubw=="  # true=no

    def power(result):
        result["validators"][0]["voting_power"] = "100"

    def header(result):
        result["signed_header"]["header"]["app_hash"] = "FF" * 8

    def code(result):
        result["txs_results"][0]["code"] = 9

    def signature(result):
        row = result["signed_header"]["commit"]["signatures"][0]
        row["signature"] = "A" * 86 + "=="

    def limit(result):
        result["consensus_params"]["block"]["max_bytes"] = "7"

    def meta(result):
        result["block_metas"][0]["header"]["proposer_address"] = "00" * 20

    at = {"height": height}
    for method, lie, arguments, name in (
            ("block", tx, at, "another transactions of block"),
            ("block_results", code, at, "other results"),
            ("consensus_params", limit, at, "another consensus_params"),
            ("blockchain", meta, {"minHeight": height, "maxHeight": height}, "another header")):
        with LightProxy(program, network, next(ports), liar, witnesses) as proxy:
            if (why := proxy.error(method, **arguments)) is not None:
                raise Failed(f"{method} is refused before there is a lie: {why}")
            liar.alter = lambda asked, result: lie(result) if asked == method else None
            why = proxy.error(method, **arguments)
            liar.alter = lambda *_: None
            if why is None or name not in why:
                raise Failed(f"a lie in {method} passes, or is not named: {why}")
    for method, lie in (("commit", header), ("commit", signature), ("validators", power)):
        with LightProxy(program, network, next(ports), liar, witnesses) as proxy:
            liar.alter = lambda asked, result: lie(result) if asked == method else None
            network.wait_for_height(honest.height() + 1)
            height = honest.height()
            network.wait_for_height(height)
            found = proxy.rpc("header", height=height)
            liar.alter = lambda *_: None
            if found != honest.rpc("header", height=height):
                raise Failed(f"a lie in {method} was not overcome: {found} "
                             f"{proxy.error('header', height=height)}")
            if "lies and is left out" not in proxy.log():
                raise Failed(f"a lie in {method} is not named: {proxy.log()}")


PARTS = {"cosmjs": cosmjs, "load": load, "prometheus": prometheus, "light": light,
         "tandem_light": tandem_light}


if __name__ == "__main__":
    try:
        PARTS[sys.argv[1]]()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
