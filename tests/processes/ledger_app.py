#!/usr/bin/env python3
"""An ABCI 2.0 application that shares no code with Tandem, for tests of engines: keys and values,
changes of validators and of parameters by transaction, vote extensions that end up in the state,
snapshots. Usage: ledger_app.py ADDRESS FOLDER, where ADDRESS is tcp://HOST:PORT.

Transactions: `KEY=VALUE`; `val:BASE64!POWER` (an Ed25519 key); `param:max_bytes=N`. The proposer of a
height whose last commit has extensions begins its block with `exts:HEIGHT=COUNT`."""
import base64
import hashlib
import json
import os
import socketserver
import sys
import threading
from pathlib import Path

SNAPSHOT_INTERVAL = 10
SNAPSHOTS_KEPT = 5
CHUNK_BYTES = 400
COMMITTED = 2  # block_id_flag


# ---- Protocol buffers, as far as this application needs them

def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def message(*fields):
    """Of (number, value): an integer, bytes, text or a bool; zeroes are left out, None too."""
    out = b""
    for number, value in fields:
        if isinstance(value, str):
            value = value.encode()
        if isinstance(value, bytes):
            out += varint(number << 3 | 2) + varint(len(value)) + value
        elif value:
            out += varint(number << 3) + varint(int(value))
    return out


def read_varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return number, at


def fields(data):
    """Number to list of values: integers, or bytes."""
    found, at = {}, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 2:
            size, at = read_varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            raise ValueError(f"wire type {tag & 7}")
        found.setdefault(tag >> 3, []).append(value)
    return found


def first(found, number, default=0):
    return found.get(number, [default])[-1]


# ---- The application

class Ledger:
    """State is what `save` writes; a block's changes wait in `next` until it is committed."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / "state.json"
        self.state = {"height": 0, "values": {}}
        if self.file.is_file():
            self.state = json.loads(self.file.read_text())
        self.next = None
        self.snapshots = {}  # by height; not kept over a restart
        self.restoring = []

    def bytes_of(self, state):
        return json.dumps(state, sort_keys=True).encode()

    def app_hash(self, state):
        return hashlib.sha256(self.bytes_of(state["values"])).digest()

    def info(self, _):
        height = self.state["height"]
        return message((1, "ledger"), (2, "1"), (4, height),
                       (5, self.app_hash(self.state) if height else b""))

    def init_chain(self, request):
        self.state = {"height": 0, "values": {"chain": first(request, 2, b"").decode()}}
        return message((3, self.app_hash(self.state)))

    def query(self, request):
        key = first(request, 1, b"").decode()
        value = self.state["values"].get(key)
        return message((3, "exists" if value is not None else "does not exist"), (6, key),
                       (7, value or ""), (9, self.state["height"]))

    def check_tx(self, request):
        tx = first(request, 1, b"")
        is_good = b"=" in tx or (tx.startswith(b"val:") and b"!" in tx)
        return message((1, 0 if is_good else 1), (3, "" if is_good else "neither = nor val:"))

    def prepare_proposal(self, request):
        room = first(request, 1)
        txs = []
        commit = fields(first(request, 3, b""))
        votes = [fields(vote) for vote in commit.get(2, [])]
        count = sum(1 for vote in votes if first(vote, 5) == COMMITTED and first(vote, 3, b""))
        if count:
            txs.append(f"exts:{first(request, 5) - 1}={count}".encode())
        for tx in txs + request.get(2, []):
            room -= len(tx) + 16
            if room < 0:
                break
            if tx not in txs:
                txs.append(tx)
        return message(*((1, tx) for tx in txs))

    def process_proposal(self, request):
        height = first(request, 5)
        for place, tx in enumerate(request.get(1, [])):
            if tx.startswith(b"exts:") and (place or not tx.startswith(b"exts:%d=" % (height - 1))):
                return message((1, 2))
        return message((1, 1))

    def extend_vote(self, request):
        return message((1, b"extension of %d by this node" % first(request, 2)))

    def verify_vote_extension(self, request):
        is_good = first(request, 4, b"") == b"extension of %d by this node" % first(request, 3)
        return message((1, 1 if is_good else 2))

    def finalize_block(self, request):
        values = dict(self.state["values"])
        results, updates, params = [], [], None
        for tx in request.get(1, []):
            text = tx.decode()
            if text.startswith("val:"):
                key, power = text[4:].split("!")
                updates.append(message((1, message((1, base64.b64decode(key)))), (2, int(power))))
            elif text.startswith("param:max_bytes="):
                block = message((1, int(text.split("=")[1])), (2, -1))
                params = message((1, block))
            else:
                key, value = text.split("=", 1)
                values[key] = value
            event = message((1, "ledger"), (2, message((1, "size"), (2, str(len(tx))), (3, True))))
            results.append(message((2, tx[:8]), (5, 1), (6, 1), (7, event)))
        values["misbehavior"] = str(int(values.get("misbehavior", "0")) + len(request.get(3, [])))
        self.next = {"height": first(request, 5), "values": values}
        return message(*((2, result) for result in results), *((3, update) for update in updates),
                       (4, params), (5, self.app_hash(self.next)))

    def commit(self, _):
        self.state = self.next
        self.save()
        height = self.state["height"]
        if height % SNAPSHOT_INTERVAL == 0:
            self.snapshots[height] = self.bytes_of(self.state)
            for old in sorted(self.snapshots)[:-SNAPSHOTS_KEPT]:
                del self.snapshots[old]
        return b""

    def save(self):
        part = self.file.with_suffix(".part")
        part.write_bytes(self.bytes_of(self.state))
        os.replace(part, self.file)

    # ---- Snapshots

    def list_snapshots(self, _):
        return message(*((1, message((1, height), (2, 1), (3, -(-len(data) // CHUNK_BYTES)),
                                     (4, hashlib.sha256(data).digest())))
                         for height, data in self.snapshots.items()))

    def load_snapshot_chunk(self, request):
        data = self.snapshots.get(first(request, 1), b"")
        at = first(request, 3) * CHUNK_BYTES
        return message((1, data[at:at + CHUNK_BYTES]))

    def offer_snapshot(self, request):
        self.offered, self.restoring = fields(first(request, 1, b"")), []
        self.trusted_hash = first(request, 2, b"")
        return message((1, 1))

    def apply_snapshot_chunk(self, request):
        self.restoring.append(first(request, 2, b""))
        if len(self.restoring) < first(self.offered, 3):
            return message((1, 1))
        data = b"".join(self.restoring)
        state = json.loads(data)
        if hashlib.sha256(data).digest() != first(self.offered, 4) \
                or self.app_hash(state) != self.trusted_hash:
            return message((1, 5))
        self.state = state
        self.save()
        return message((1, 1))


# Number of the request, number of its answer, and who gives it.
CALLS = {
    3: (4, "info"), 5: (6, "init_chain"), 6: (7, "query"), 8: (9, "check_tx"), 11: (12, "commit"),
    12: (13, "list_snapshots"), 13: (14, "offer_snapshot"), 14: (15, "load_snapshot_chunk"),
    15: (16, "apply_snapshot_chunk"), 16: (17, "prepare_proposal"), 17: (18, "process_proposal"),
    18: (19, "extend_vote"), 19: (20, "verify_vote_extension"), 20: (21, "finalize_block")}


class Connection(socketserver.StreamRequestHandler):
    def frame(self):
        size = shift = 0
        while True:
            byte = self.rfile.read(1)
            if not byte:
                return None
            size |= (byte[0] & 0x7F) << shift
            shift += 7
            if not byte[0] & 0x80:
                return self.rfile.read(size)

    def handle(self):
        while (request := self.frame()) is not None:
            for number, values in fields(request).items():
                self.wfile.write(self.answer(number, values[-1]))

    def answer(self, number, body):
        if number == 1:
            answered = message((2, message((1, first(fields(body), 1, b"")))))
        elif number == 2:
            answered = message((3, b""))
        else:
            answer_number, name = CALLS[number]
            with self.server.lock:
                answered = message((answer_number, getattr(self.server.ledger, name)(fields(body))))
        return varint(len(answered)) + answered


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def main():
    address, folder = sys.argv[1:]
    host, port = address.removeprefix("tcp://").split(":")
    with Server((host, int(port)), Connection) as server:
        server.lock, server.ledger = threading.Lock(), Ledger(folder)
        server.serve_forever()


if __name__ == "__main__":
    main()
