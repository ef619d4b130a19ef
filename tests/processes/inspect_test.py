#!/usr/bin/env python3
"""`tandem inspect` shows what a killed node had stored, by the routes that CometBFT has there, and
changes nothing on the disk; a running node's folder it leaves alone. `tandem reindex-event` makes
the index of a node that kept none, with the results that are about to be discarded."""
import hashlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

from harness import Failed, Network, Node, configure, free_ports, tandem_program, wait

ROUTES = ["block", "block_by_hash", "block_results", "block_search", "blockchain", "commit",
          "consensus_params", "header", "header_by_hash", "tx", "tx_search", "validators"]


def expect(what, seen, wanted):
    if seen != wanted:
        raise Failed(f"{what}: {seen} instead of {wanted}")


def contents(folder):
    """But for the lock, which names the process that has it."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".lock"}


def reindex(home, code, said, *options):
    """What it prints on standard output."""
    ran = subprocess.run([tandem_program(), "reindex-event", "--home", str(home), *options],
                         capture_output=True, text=True)
    expect(f"exit code of reindex-event {options}: {ran.stderr}", ran.returncode, code)
    if said not in ran.stdout + ran.stderr:
        raise Failed(f"reindex-event {options} does not say {said}: {ran.stdout}{ran.stderr}")
    return ran.stdout


def inspected(node, route, **arguments):
    """What `tandem inspect` says, which indexes nothing by itself, while the folder is in use."""
    command = [tandem_program(), "inspect", "--home", str(node.home), "--rpc.laddr",
               f"tcp://127.0.0.1:{node.rpc_port}"]
    with open(node.home / "output.log", "ab") as log:
        inspect = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        answer = wait("inspect to answer", lambda: node.rpc(route, **arguments))
        reindex(node.home, 75, "stop it first")
        return answer
    finally:
        inspect.kill()
        inspect.wait()


def indexes_again(node, found):
    """The node ran without an index; `found`: the height of a transaction."""
    home = node.home
    node.kill()
    reindex(home, 78, "found null event sink")
    configure(home, indexer='"kv"')
    reindex(home, 1, "requested start height: 1000000", "--start-height", "1000000")
    reindex(home, 1, "less than the start height: 2", "--start-height", "2", "--end-height", "1")
    reindex(home, 0, f"heights {found - 1} to {found - 1}", "--start-height", str(found - 1),
            "--end-height", str(found - 1))  # leaves the transaction out
    search = {"query": f'"tx.height={found}"'}
    expect("found before", inspected(node, "tx_search", **search)["total_count"], "0")
    reindex(home, 0, "set the start block height to the base height of the blockstore 1")
    reindex(home, 0, "heights 1 to", "--end-height", "1000000")  # once more: no harm
    expect("found after", inspected(node, "tx_search", **search)["total_count"], "1")
    expect("blocks found", inspected(node, "block_search", query=f'"block.height<={found}"')[
        "total_count"], str(found))
    node.start()
    wait("the node", lambda: node.height() >= found)


def keeps_the_newest_results(port):
    """A node that stores no results but the newest, and had no index: what is made again holds them
    still when there is a newer block."""
    with Network() as network:
        node = network.add_lone_node(port)
        configure(node.home, proxy_app='"noop"', indexer='"null"', discard_abci_responses="true",
                  create_empty_blocks="false")
        node.start()
        wait("the node", lambda: node.rpc("status"))
        height = node.write("first", "x")
        node.kill()
        configure(node.home, indexer='"kv"')
        reindex(node.home, 0, f"heights {height} to {height}", "--start-height", str(height))
        node.start()
        wait("the node", lambda: node.rpc("status"))
        wait("a newer block", lambda: (node.write("second", "x") or 0) > height)
        found = node.rpc("tx_search", query=f'"tx.height={height}"')
        expect("results found", found and [tx["height"] for tx in found["txs"]], [str(height)])


def main():
    keeps_the_newest_results(free_ports(4))
    with Network() as network:
        port = free_ports(4)
        node = network.add_lone_node(port)
        home = node.home
        configure(home, proxy_app='"persistent_kvstore"', indexer='"null"')
        node.start()
        wait("a block", lambda: node.height() >= 1)
        height = node.write("name", "satoshi")
        network.wait_for_height(height + 1)
        indexes_again(node, height)
        node_wants = {"block": {"height": height}, "block_results": {"height": height},
                      "validators": {"height": height}, "consensus_params": {"height": height},
                      "commit": {"height": height}, "header": {"height": height},
                      "tx_search": {"query": f'"tx.height={height}"'},
                      "blockchain": {"minHeight": 1, "maxHeight": height}}
        network.wait_for_height(height + 2)
        said = {route: node.rpc(route, **arguments) for route, arguments in node_wants.items()}

        command = [tandem_program(), "inspect", "--home", str(home), "--rpc.laddr",
                   f"tcp://127.0.0.1:{port + 2}"]
        refused = subprocess.run(command, capture_output=True, text=True)
        expect("exit code beside a running node", refused.returncode, 75)
        node.kill()
        before = contents(home / "data")
        with open(home / "output.log", "ab") as log:
            inspect = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            shown = Node("inspect", home, port + 2, command)
            wait("inspect to serve", lambda: shown.rpc("header", height=height))
            for route, arguments in node_wants.items():
                seen = shown.rpc(route, **arguments)
                if route == "blockchain":  # the newest height has grown meanwhile
                    del seen["last_height"], said[route]["last_height"]
                expect(route, seen, said[route])
            with urllib.request.urlopen(f"http://127.0.0.1:{port + 2}/") as page:
                links = re.findall(r'href="//[^/]*/([a-z_]*)\?', page.read().decode())
            expect("routes", links, ROUTES)
            for route in ("status", "broadcast_tx_sync", "abci_query", "genesis"):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port + 2}/{route}")
                    raise Failed(f"{route} is served")
                except urllib.error.HTTPError as problem:
                    expect(route, problem.code, 404)
            inspect.terminate()
            expect("exit code", inspect.wait(timeout=20), 0)
        finally:
            inspect.kill()
            inspect.wait()
        expect("data folder", contents(home / "data"), before)
        node.start()
        network.wait_for_height(height + 4)
        print(f"{len(node_wants)} routes answer as the node did; {len(ROUTES)} are served")


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
