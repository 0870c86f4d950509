"""How the harness reads HTTP and WebSocket, and sums up."""

from __future__ import annotations

import math

import pytest
from bench.dialects import DIALECTS, reason
from bench.harness.http_lines import Framed, value_of
from bench.harness.web_socket import BINARY, PING, TEXT, Frames, frame
from bench.spread import spread, table

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
MASK = b"\x01\x02\x03\x04"


def test_messages_are_cut_wherever_the_network_cut_them() -> None:
    framed = Framed()
    stream = ANSWER + b"HTTP/1.1 204 No Content\r\n\r\n" + ANSWER
    found = [one for at in range(len(stream)) for one in framed.take(stream[at : at + 1])]
    assert [body for _, body in found] == [b"abc", b"", b"abc"]
    assert found[1][0].startswith(b"HTTP/1.1 204")


def test_header_values() -> None:
    head = b"POST / HTTP/1.1\r\nWebhook-Id:  x1 \r\nA: b"
    assert value_of(head, b"webhook-id") == b"x1"
    assert value_of(head, b"a") == b"b"
    assert value_of(head, b"content-length") == b""


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_every_length(size: int) -> None:
    payload = bytes(at % 251 for at in range(size))
    masked = frame(TEXT, payload, MASK)
    plain = bytearray(masked)
    plain[1] &= 0x7F
    start = len(masked) - size
    del plain[start - 4 : start]
    plain[start - 4 :] = payload
    frames = Frames()
    stream = bytes(plain) + bytes([0x80 | PING, 0])
    middle = len(stream) // 2
    assert [*frames.take(stream[:middle]), *frames.take(stream[middle:])] == [
        (TEXT, payload),
        (PING, b""),
    ]


def test_a_client_masks() -> None:
    assert frame(BINARY, b"\x01\x02\x03\x04\x05", MASK) == b"\x82\x85" + MASK + b"\0\0\0\0\x04"


def test_a_spread_leaves_out_what_is_no_number() -> None:
    one = spread([3.0, math.nan, 1.0, 2.0])
    assert (one.least, one.middle, one.most, one.count) == (1.0, 2.0, 3.0, 3)
    assert str(one) == "1.00 / 2.00 / 3.00"
    assert spread([]).count == 0


def test_a_table_has_columns() -> None:
    assert table(["", "n"], [["long", "1"], ["x", "10"]]) == "       n\nlong   1\nx     10"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'{"result_code":500,"error":{"id":"overloaded","message":"x"}}', "overloaded"),
        (b'{"type":"https://x/problems/overloaded","status":503}', "overloaded"),
        (b'{"has_error":true,"messages":["No"],"results":[]}', "No"),
        (b'{"responses":[{"code":"500","key":"","message":"busy"}]}', "busy"),
        (b"no JSON", "no JSON"),
        (b"[]", "[]"),
    ],
)
def test_why_a_request_was_refused(answer: bytes, said: str) -> None:
    assert reason(answer) == said


@pytest.mark.parametrize(
    ("name", "status", "yes", "no"),
    [
        ("Basix", 200, {"result_code": 0, "uuids": ["u"]}, {"result_code": 500}),
        ("While1", 200, {"has_error": False}, {"has_error": True}),
        ("Enswitch", 200, {"responses": [{"code": "204"}]}, {"responses": [{"code": "403"}]}),
    ],
)
def test_what_says_yes(name: str, status: int, yes: object, no: object) -> None:
    dialect = next(one for one in DIALECTS if one.name == name)
    assert dialect.first(status, yes) is not None
    assert dialect.first(status, no) is None


def test_v1_says_yes_by_its_status() -> None:
    dialect = next(one for one in DIALECTS if one.name == "v1")
    assert dialect.first(202, {}) == dialect.first(201, {}) == ""
    assert dialect.first(503, {}) is None
