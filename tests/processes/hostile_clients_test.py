#!/usr/bin/env python3
"""Clients of RPC that mean harm, against one node of four that commit: slow and half-open requests,
bodies and batches beyond the limits, floods of connections, WebSockets that nobody reads, expensive
searches. After each the node is the same process, answers others, holds no more memory than it may,
and the network goes on committing."""
import base64
import json
import os
import select
import socket
import time

from harness import Failed, configure, seats_network, wait

MEMORY_MAX = 400 * 2**20  # bytes that the node may hold at any time
CONNECTIONS_MAX = 60  # rpc.max_open_connections
CLIENTS_MAX = 10  # rpc.max_subscription_clients
BODY_MAX = 1_000_000  # rpc.max_body_bytes, as it is by default
HEADER_MAX = 1 << 20  # rpc.max_header_bytes, as it is by default
CLOSING_SECONDS = 30  # the longest timeout is 11 s, of io::HttpServerConfig


class Client:
    """A bare connection to a node's RPC."""

    def __init__(self, node):
        self.socket = socket.create_connection((node.host, node.rpc_port), CLOSING_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """False: the node hung up."""
        try:
            self.socket.sendall(data)
            return True
        except OSError:
            return False

    def answer(self):
        """All that the node sends until it hangs up; None: it does not hang up in time."""
        data = b""
        try:
            while True:
                more = self.socket.recv(65536)
                if not more:
                    return data
                data += more
        except socket.timeout:
            return None
        except OSError:
            return data

    def is_reset(self):
        """The node ended the connection, whatever of it is unread."""
        look = select.poll()
        look.register(self.socket, 0)  # errors alone
        return bool(look.poll(0))

    def post(self, body, *headers):
        return self.send("\r\n".join(["POST / HTTP/1.1", "Host: x", "Connection: close",
                                      "Content-Type: application/json", *headers,
                                      f"Content-Length: {len(body)}", "", ""]).encode() + body)

    def upgrade(self):
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(("GET /websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade"
                   f"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
        head = b""
        while b"\r\n\r\n" not in head:
            more = self.socket.recv(1)
            if not more:
                raise Failed("no WebSocket is opened")
            head += more
        return b"101" in head.split(b"\r\n", 1)[0]


def masked(payload):
    """A WebSocket frame of text, as a client sends it."""
    mask = os.urandom(4)
    length = (bytes([0x80 | len(payload)]) if len(payload) < 126
              else b"\xfe" + len(payload).to_bytes(2, "big") if len(payload) < 65536
              else b"\xff" + len(payload).to_bytes(8, "big"))
    return (b"\x81" + length + mask
            + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


def call(method, number=1, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def expect_closed(client, what):
    if client.answer() is None:
        raise Failed(f"{what}: the node does not hang up")


def expect_status(client, what, *statuses):
    answer = client.answer()
    if answer is None or not answer.startswith(tuple(f"HTTP/1.1 {s}".encode() for s in statuses)):
        raise Failed(f"{what}: the node answers {(answer or b'nothing')[:120]}")
    return answer


# ---- Attacks, by name. Each returns when the node has reacted as it has to.

def no_request(node):
    """A connection, and then nothing: read_timeout."""
    with Client(node) as client:
        expect_closed(client, "silence")


def slow_headers(node):
    """A head that goes on for ever, a line at a time: read_timeout, whatever comes."""
    with Client(node) as client:
        client.socket.settimeout(0.5)
        client.send(b"GET /health HTTP/1.1\r\n")
        end = time.monotonic() + CLOSING_SECONDS
        while client.send(b"X-Slow: 1\r\n"):
            try:
                if client.socket.recv(1) == b"":
                    return
            except socket.timeout:
                pass
            except OSError:
                return
            if time.monotonic() > end:
                raise Failed("slow headers: the node does not hang up")


def half_a_body(node):
    """A body that says it has more than comes: read_timeout."""
    with Client(node) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        expect_closed(client, "half a body")


def giant_body(node):
    """A body beyond rpc.max_body_bytes."""
    with Client(node) as client:
        client.post(b"[" + b" " * BODY_MAX + b"]")
        expect_closed(client, "a giant body")


def body_length_lies(node):
    """A body that says it has an exbibyte."""
    with Client(node) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1152921504606846976\r\n\r\n{")
        expect_closed(client, "a length that lies")


def giant_headers(node):
    """A head beyond rpc.max_header_bytes."""
    with Client(node) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        for _ in range(HEADER_MAX // 4096 + 2):
            if not client.send(b"X-Long: " + b"a" * 4096 + b"\r\n"):
                break
        expect_closed(client, "giant headers")


def no_http(node):
    """Noise instead of a request."""
    with Client(node) as client:
        client.send(os.urandom(4096) + b"\r\n\r\n")
        expect_closed(client, "noise")


def deep_json(node):
    """Brackets in brackets, ever deeper: wire::json_depth_max."""
    with Client(node) as client:
        client.post(b'{"jsonrpc":"2.0","id":1,"method":"health","params":' + b"[" * 400_000)
        expect_status(client, "deep JSON", 200, 400, 500)


def batch_bomb(node):
    """A batch beyond rpc.max_request_batch_size."""
    with Client(node) as client:
        client.post(json.dumps([call("genesis", i) for i in range(5_000)]).encode())
        answer = expect_status(client, "a batch bomb", 200, 400, 500)
        if answer.count(b"genesis") > 1 or b"batch" not in answer:
            raise Failed(f"a batch bomb is carried out: {answer[:200]}")


def connection_flood(node):
    """More connections than rpc.max_open_connections, all silent: others wait for their end."""
    clients = [Client(node) for _ in range(2 * CONNECTIONS_MAX)]
    for client in clients:
        expect_closed(client, "a flood of connections")
        client.socket.close()


def subscription_flood(node):
    """More subscriptions than rpc.max_subscriptions_per_client."""
    with Client(node) as client:
        client.upgrade()
        for number in range(200):
            client.send(masked(json.dumps(call(
                "subscribe", number, query=f"tm.event='Tx' AND tx.height={number}")).encode()))
        client.socket.settimeout(5)
        heard = b""
        while b"max_subscriptions_per_client" not in heard:
            more = client.socket.recv(65536)
            if not more:
                raise Failed("a flood of subscriptions: the node hangs up without a reason")
            heard += more


def unread_websockets(node):
    """Subscriptions of everything, and questions with long answers, of which nothing is read:
    frame_timeout, once more waits than the kernel takes."""
    unsent = {}  # of each client the rest of a question that the kernel did not take yet
    for _ in range(CLIENTS_MAX):
        client = Client(node)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.upgrade()
        client.socket.setblocking(False)
        unsent[client] = masked(json.dumps(call("subscribe", query="tm.event EXISTS")).encode())
    end = time.monotonic() + CLOSING_SECONDS
    while unsent:
        if time.monotonic() > end:
            raise Failed(f"unread WebSockets: the node does not hang up on {len(unsent)}")
        for client in list(unsent):
            if client.is_reset():
                client.socket.close()
                del unsent[client]
                continue
            try:
                unsent[client] = unsent[client][client.socket.send(unsent[client]):] or masked(
                    json.dumps(call("genesis")).encode())
            except OSError:  # the node takes no more, or hung up
                pass
        select.select([], [client.socket for client in unsent], [], 0.05)


def expensive_searches(node):
    """Searches that every transaction and block fits, in many connections at once."""
    queries = (call("tx_search", query="tx.height>0", per_page="100", order_by="desc"),
               call("block_search", query="block.height>0", per_page="100", order_by="desc"),
               call("tx_search", query=" AND ".join(["tx.height>0"] * 30)),
               call("tx_search", query="app.key CONTAINS 'e'"),
               call("tx_search", query="x" * 100_000))
    clients = []
    for query in queries * 6:
        client = Client(node)
        client.post(json.dumps(query).encode())
        clients.append(client)
    for client in clients:
        expect_status(client, "an expensive search", 200, 400, 500)
        client.socket.close()


ATTACKS = (no_request, slow_headers, half_a_body, giant_body, body_length_lies, giant_headers,
           no_http, deep_json, batch_bomb, connection_flood, subscription_flood,
           unread_websockets, expensive_searches)


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def check(node, pid, after):
    if node.process.poll() is not None:
        raise Failed(f"{after}: the node ended with {node.process.returncode}")
    if (most := memory(pid)) > MEMORY_MAX:
        raise Failed(f"{after}: the node held {most >> 20} MiB of at most {MEMORY_MAX >> 20}")
    height = wait(f"{after}: the node answers", node.height, 30)
    wait(f"{after}: the network goes on", lambda: node.height() >= height + 2, 30)
    return most


def main():
    with seats_network(standbys=0, timeout_commit="200ms") as network:
        node = network["org1-1"]
        configure(node.home, max_open_connections=str(CONNECTIONS_MAX),
                  max_subscription_clients=str(CLIENTS_MAX))
        network.start_all()
        network.wait_for_height(3)
        pid = node.process.pid
        for number in range(30):
            node.write(f"key{number}", "value")
        for attack in ATTACKS:
            started = time.monotonic()
            attack(node)
            most = check(node, pid, attack.__name__)
            print(f"{attack.__name__}: {time.monotonic() - started:.1f} s, at most "
                  f"{most >> 20} MiB", flush=True)
        network.expect_one_chain()


if __name__ == "__main__":
    main()
