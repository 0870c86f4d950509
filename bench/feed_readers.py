"""``python -m bench.feed_readers PORT FULL USERS``: programs on the Basix CTI WebSocket in numbers.

Connects FULL readers of everybody and one reader of each of USERS users, says ``ready``, reads
whatever comes until SIGTERM, and then prints as JSON how much that was.
"""

from __future__ import annotations

import base64
import json
import selectors
import signal
import socket
import sys
from types import FrameType

FIRST_USER = 1001
READ_BYTES = 262_144
LOOK_SECONDS = 0.2
HANDSHAKE_SECONDS = 30.0

_stopped = False


def main() -> None:
    """Read until told to end."""
    port, full, users = map(int, sys.argv[1:])
    signal.signal(signal.SIGTERM, _stop)
    queries = [f"app_name=full{number}&full_events=true" for number in range(full)]
    queries += [f"app_name=own&user_id={FIRST_USER + number}" for number in range(users)]
    with selectors.DefaultSelector() as selector:
        for query in queries:
            selector.register(connect(port, query), selectors.EVENT_READ)
        print("ready", flush=True)
        octets = reads = lost = 0
        while not _stopped:
            for key, _ in selector.select(LOOK_SECONDS):
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(READ_BYTES)
                octets += len(data)
                reads += 1
                if not data:
                    lost += 1
                    selector.unregister(key.fileobj)
        print(json.dumps({"octets": octets, "reads": reads, "lost": lost}), flush=True)


def connect(port: int, query: str) -> socket.socket:
    """A connection after its handshake (RFC 6455 4.1)."""
    client = socket.create_connection(("127.0.0.1", port), HANDSHAKE_SECONDS)
    credentials = base64.b64encode(b"bench:bench-token").decode()
    head = (
        f"GET /basix/api/ws_cti?{query} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Basic {credentials}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    )
    client.sendall("\r\n".join((*head, "", "")).encode())
    answer = client.recv(READ_BYTES)
    if b" 101 " not in answer.partition(b"\r\n")[0]:
        raise SystemExit(f"no WebSocket: {answer.decode('latin-1')}")
    client.setblocking(False)
    return client


def _stop(_number: int, _frame: FrameType | None) -> None:
    global _stopped
    _stopped = True


if __name__ == "__main__":
    main()
