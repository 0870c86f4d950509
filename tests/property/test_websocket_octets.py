"""WebSocket: whatever comes, and however it is cut, a message is whole or is none."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cordboard.engines.connections import ConnectionUser
from cordboard.engines.websocket import WebSocketConnection, WebSocketConnections
from cordboard.sip.flow import Flow
from cordboard.sip.message import MAX_MESSAGE_SIZE

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: sip\r\n\r\n"
)
LOCAL, REMOTE = ("127.0.0.1", 1), ("127.0.0.1", 2)
TEXT, BINARY, CONTINUED = 1, 2, 0
FINAL, MASKED = 0x80, 0x80

MESSAGES = st.binary(max_size=200).map(lambda body: b"MESSAGE sip:a SIP/2.0\r\n\r\n" + body)
SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=40)


class Socket:
    """What is asked of the socket beneath."""

    def setsockopt(self, *_option: object) -> None:
        """It takes any."""


class Stream(asyncio.Transport):
    """The wire's end that is ours."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        known = {"sockname": LOCAL, "peername": REMOTE, "socket": Socket()}
        return known.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert data
        assert not self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


def messages_of(pieces: list[bytes]) -> list[bytes]:
    """What comes out of a connection that these octets come over."""
    heard: list[bytes] = []

    def receive(data: bytes, _flow: Flow) -> None:
        heard.append(data)

    loop = asyncio.new_event_loop()  # which never runs: no time passes
    connections = WebSocketConnections(
        ConnectionUser(loop, receive, lambda: None, lambda _: None, lambda _: False)
    )
    flow = Flow("ws", LOCAL, REMOTE)
    connection, stream = WebSocketConnection(connections), Stream()
    connections.by_flow[flow] = connection
    connection.connection_made(stream)
    for piece in pieces:
        if piece and not stream.closed:
            connection.data_received(piece)
    connection.connection_lost(None)
    loop.close()
    return heard


def frame(kind: int, data: bytes, *, final: bool = True, mask: bytes = b"mask") -> bytes:
    """A frame as a client sends it (RFC 6455 5.2)."""
    masked = bytes(octet ^ mask[at % 4] for at, octet in enumerate(data))
    size = (
        bytes([MASKED | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    )
    return bytes([(FINAL if final else 0) | kind]) + size + mask + masked


def cut(octets: bytes, sizes: list[int]) -> list[bytes]:
    pieces: list[bytes] = []
    at = 0
    while at < len(octets):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(octets[at : at + size])
        at += size
    return pieces


@given(st.lists(st.tuples(MESSAGES, st.booleans(), st.integers(0, 226)), max_size=5), SIZES)
def test_messages_come_whole_however_they_are_cut(
    said: list[tuple[bytes, bool, int]], sizes: list[int]
) -> None:
    octets = HANDSHAKE
    for message, is_text, place in said:
        kind = TEXT if is_text else BINARY
        if 0 < place < len(message):
            octets += frame(kind, message[:place], final=False)
            octets += frame(9, b"ping") + frame(CONTINUED, message[place:])
        else:
            octets += frame(kind, message)
    assert messages_of(cut(octets, sizes)) == [message for message, _, _ in said]


@given(st.lists(st.binary(max_size=300), max_size=6), st.booleans())
def test_nothing_that_comes_is_an_error_of_ours(pieces: list[bytes], opened: bool) -> None:
    heard = messages_of([HANDSHAKE, *pieces] if opened else pieces)
    assert all(b"SIP/" in message and len(message) <= MAX_MESSAGE_SIZE for message in heard)


@given(
    st.lists(
        st.tuples(st.integers(0, 15), st.booleans(), st.binary(max_size=130)).map(
            lambda one: frame(one[0], one[2], final=one[1])
        ),
        max_size=8,
    )
)
def test_nor_are_frames_in_any_order(frames: list[bytes]) -> None:
    heard = messages_of([HANDSHAKE, *frames])
    assert all(b"SIP/" in message for message in heard)
