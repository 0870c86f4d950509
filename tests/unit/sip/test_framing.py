"""Streams: cut at the right places, however they arrive."""

from __future__ import annotations

import time

import pytest

from cordboard.sip.errors import SipParseError
from cordboard.sip.framing import MAX_HEAD_SIZE, PING, PONG, StreamFramer
from cordboard.sip.message import MAX_MESSAGE_SIZE

FIRST = b"INFO sip:a@b SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"
SECOND = b"SIP/2.0 200 OK\r\nl : 0\r\n\r\n"
FOLDED = b"INFO sip:a@b SIP/2.0\r\nContent-Length:\r\n 2\r\n\r\nab"


def in_pieces(stream: bytes, size: int) -> list[bytes]:
    framer = StreamFramer()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    return [message for piece in pieces for message in framer.feed(piece)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 1000])
def test_messages_are_cut_by_their_length(size: int) -> None:
    assert in_pieces(FIRST + SECOND + FOLDED + FIRST, size) == [FIRST, SECOND, FOLDED, FIRST]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize(
    ("stream", "messages"),
    [
        (PING, [PING]),
        (PING + PING, [PING, PING]),
        (FIRST + PING + SECOND, [FIRST, PING, SECOND]),
        (b"\r\n" + FIRST, [FIRST]),
        (b"\r\n" + PING + FIRST, [PING, FIRST]),
        (b"\r\n", []),
        (b"\r", []),
    ],
)
def test_keep_alives(stream: bytes, messages: list[bytes], size: int) -> None:
    assert in_pieces(stream, size) == messages


@pytest.mark.parametrize(
    ("pieces", "messages"),
    [
        ([PONG], [PONG]),
        ([PONG, PONG], [PONG]),  # one ping has one answer
        ([PONG + PING], [PING, PONG]),
        ([PING + PONG], [PING, PONG]),
        ([PONG, PING], [PONG, PING]),
        ([PING, PONG], [PING, PONG]),
        ([PONG + FIRST], [FIRST]),  # a message says as much
        ([FIRST[:5], FIRST[5:] + PONG], [FIRST, PONG]),
        ([PONG, FIRST], [PONG, FIRST]),
    ],
)
def test_the_answer_to_a_ping_of_ours(pieces: list[bytes], messages: list[bytes]) -> None:
    framer = StreamFramer()
    framer.expects_pong = True
    assert [message for piece in pieces for message in framer.feed(piece)] == messages


def test_line_breaks_are_not_the_beginning_of_a_message() -> None:
    framer = StreamFramer()
    for piece in (b"\r", b"\n", b"\r"):
        assert framer.feed(piece) == []
        assert not framer.waiting
    assert framer.feed(b"\nI") == [PING]
    assert framer.waiting


def test_body_may_hold_what_ends_a_head() -> None:
    message = b"INFO sip:a@b SIP/2.0\r\nContent-Length: 8\r\n\r\n\r\n\r\n\r\n\r\n"
    assert in_pieces(message + FIRST, 5) == [message, FIRST]


@pytest.mark.parametrize(
    "stream",
    [
        b"INFO sip:a@b SIP/2.0\r\nTo: x\r\n\r\n",
        b"INFO sip:a@b SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"INFO sip:a@b SIP/2.0\r\nContent-Length: x\r\n\r\n",
        b"INFO sip:a@b SIP/2.0\r\nContent-Length:\r\n\r\n",
        b"INFO sip:a@b SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"x" * (MAX_HEAD_SIZE + 1),
        b"INFO sip:a@b SIP/2.0\r\nContent-Length: %d\r\n\r\n" % MAX_MESSAGE_SIZE,
        b"INFO sip:a@b SIP/2.0\r\nContent-Length: 999999999999\r\n\r\n",
    ],
)
def test_stream_that_cannot_be_followed(stream: bytes) -> None:
    framer = StreamFramer()
    with pytest.raises(SipParseError):
        framer.feed(stream)
    assert framer.broken
    with pytest.raises(SipParseError):
        framer.feed(FIRST)


def test_what_was_whole_comes_before_the_error() -> None:
    framer = StreamFramer()
    assert framer.feed(FIRST + b"garbage\r\n\r\n") == [FIRST]
    assert framer.broken
    with pytest.raises(SipParseError):
        framer.feed(b"")


def test_octet_by_octet_costs_no_more() -> None:
    head = b"INFO sip:a@b SIP/2.0\r\nX: " + b"x" * 30_000 + b"\r\nContent-Length: 30000\r\n\r\n"
    framer = StreamFramer()
    begun = time.process_time()
    messages = [
        message for octet in head + b"y" * 30_000 for message in framer.feed(bytes([octet]))
    ]
    assert len(messages) == 1
    # About 0.05 s; looking at everything again each time takes many seconds.
    assert time.process_time() - begun < 2.0
