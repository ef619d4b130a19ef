#!/usr/bin/env python3
"""A node that is given a certificate serves RPC over TLS and not otherwise; with files that cannot be
used it says so and ends before it has made anything."""
import json
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

from harness import Events, Failed, Network, Node, configure, free_ports, tandem_program, wait


def expect(what, seen, wanted):
    if seen != wanted:
        raise Failed(f"{what}: {seen} instead of {wanted}")


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / f"{name}.key",
                    "-out", folder / f"{name}.pem"], check=True, capture_output=True)


def says(port, trusted, body=None):
    """The node's answer over HTTPS, with its certificate checked; None where there is none."""
    url = f"https://127.0.0.1:{port}/" + ("" if body else "status")
    try:
        with urllib.request.urlopen(url, data=body, context=trusted, timeout=15) as answer:
            return json.load(answer)["result"]
    except (OSError, urllib.error.URLError):
        return None


def wss_says(port, trusted):
    """Over a WebSocket inside TLS: the height of the next block."""
    class Encrypted(Events):
        def connect(self, node):
            plain = super().connect(node)
            return trusted.wrap_socket(plain, server_hostname="127.0.0.1")
    node = Node("wss", ".", port, [])
    with Encrypted(node, "tm.event='NewBlockHeader'") as events:
        return int(next(iter(events))["header"]["height"])


def refuses(home, code, said):
    """`start` ends with this code and one message, and leaves the data folder as it was."""
    before = sorted(str(path) for path in (home / "data").rglob("*"))
    ran = subprocess.run([tandem_program(), "start", "--home", str(home)], capture_output=True,
                         text=True, timeout=60)
    expect(f"exit code ({ran.stderr})", ran.returncode, code)
    errors = ran.stderr.splitlines()
    if len(errors) != 1 or said not in errors[0]:
        raise Failed(f"start does not say {said} in one line: {ran.stderr}")
    expect("data folder", sorted(str(path) for path in (home / "data").rglob("*")), before)


def main():
    with Network() as network:
        port = free_ports(2)
        node = network.add_lone_node(port)
        home = node.home
        config = home / "config"
        make_certificate(config, "one")
        make_certificate(config, "other")
        (config / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nnone\n")
        configure(home, proxy_app='"kvstore"', tls_cert_file='"one.pem"', tls_key_file='"gone.key"')
        refuses(home, 66, "gone.key")
        configure(home, tls_key_file='"other.key"')
        refuses(home, 78, "other.key cannot be used")
        configure(home, tls_cert_file='"broken.pem"')
        refuses(home, 78, "broken.pem cannot be used")
        configure(home, tls_cert_file='"one.pem"', tls_key_file='"one.key"')
        node.start()
        trusted = ssl.create_default_context(cafile=config / "one.pem")
        wait("a block over HTTPS", lambda: int((says(port, trusted) or {
            "sync_info": {"latest_block_height": 0}})["sync_info"]["latest_block_height"]) > 0)
        posted = says(port, trusted, json.dumps(
            {"jsonrpc": "2.0", "id": 1, "method": "broadcast_tx_commit",
             "params": {"tx": "YT1i"}}).encode())
        expect("code of a transaction", posted and posted["tx_result"]["code"], 0)
        if wss_says(port, trusted) <= int(posted["height"]):
            raise Failed("the WebSocket told of an old block")
        expect("what plain HTTP gets", node.rpc("status"), None)
        stranger = ssl.create_default_context(cafile=config / "other.pem")
        expect("whom another certificate lets in", says(port, stranger), None)
        expect("exit code", node.stop(), 0)
        print("RPC over TLS, by GET, POST and WebSocket; files that cannot be used are refused")


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("skipped: there is no openssl command")
        sys.exit(77)
    try:
        main()
    except Failed as problem:
        sys.exit(f"failed: {problem}")
