"""Messages: what is read, what is refused, what can never be written."""

from __future__ import annotations

import contextlib
import time

import pytest

from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.headers import canonical_name, known_names, label_of
from cordboard.sip.message import (
    MAX_HEADER_LINES,
    MAX_LINE_LENGTH,
    MAX_MESSAGE_SIZE,
    Request,
    Response,
    parse,
)

INVITE = (
    b"INVITE sip:bob@biloxi.example SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds\r\n"
    b"Max-Forwards: 70\r\n"
    b"To: Bob <sip:bob@biloxi.example>\r\n"
    b"From: Alice <sip:alice@atlanta.example>;tag=1928301774\r\n"
    b"Call-ID: a84b4c76e66710\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"body"
)


def with_line(line: bytes) -> bytes:
    return INVITE.replace(b"Max-Forwards: 70", line)


def status_of(data: bytes) -> int:
    with pytest.raises(SipParseError) as caught:
        parse(data)
    return caught.value.status


def test_request_is_taken_apart() -> None:
    message = parse(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri) == ("INVITE", "sip:bob@biloxi.example")
    assert message.start_line == "INVITE sip:bob@biloxi.example SIP/2.0"
    assert message.call_id == "a84b4c76e66710"
    assert message.cseq == (314159, "INVITE")
    assert message.first("max-forwards") == "70"
    assert message.first("subject") is None
    assert message.body == b"body"
    assert repr(message) == "<Request 'INVITE sip:bob@biloxi.example SIP/2.0'>"


def test_request_survives_a_round_trip() -> None:
    assert bytes(parse(INVITE)) == INVITE
    assert parse(bytes(parse(INVITE))) == parse(INVITE)


def test_response_is_taken_apart() -> None:
    message = parse(b"SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n")
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (486, "Busy Here")
    assert bytes(message) == b"SIP/2.0 486 Busy Here\r\nContent-Length: 0\r\n\r\n"


def test_compact_names_and_any_case_are_one_header() -> None:
    message = parse(with_line(b"v: SIP/2.0/UDP b\r\nVIA: SIP/2.0/UDP c"))
    assert message.each("via")[1:] == ["SIP/2.0/UDP b", "SIP/2.0/UDP c"]


def test_folded_lines_are_joined_by_one_blank() -> None:
    assert parse(with_line(b"Subject: one  \r\n \t two\r\n\tthree")).first("subject") == (
        "one two three"
    )


def test_list_headers_are_taken_apart_and_others_are_not() -> None:
    message = parse(with_line(b'Contact: "a, b" <sip:a@b;x=1>, <sip:c>\r\nSubject: a, b'))
    assert message.each("contact") == ['"a, b" <sip:a@b;x=1>', "<sip:c>"]
    assert message.each("subject") == ["a, b"]
    assert message.each("route") == []


def test_leading_line_breaks_are_skipped() -> None:
    assert parse(b"\r\n\r\n" + INVITE) == parse(INVITE)


def test_octets_after_content_length_are_dropped() -> None:
    assert parse(INVITE + b"more").body == b"body"


def test_without_content_length_the_datagram_is_the_body() -> None:
    assert parse(INVITE.replace(b"Content-Length: 4\r\n", b"")).body == b"body"


def test_repeated_content_length_counts_if_it_agrees() -> None:
    assert parse(with_line(b"l: 4")).body == b"body"
    assert status_of(with_line(b"l: 3")) == 400


def test_octets_that_are_not_utf8_survive() -> None:
    data = with_line(b"Subject: caf\xe9")
    assert bytes(parse(data)) == data


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"\r\n\r\n", 400),
        (b"INVITE", 400),
        (b"INVITE sip:a@b\r\n\r\n", 400),
        (b"INVITE  sip:a@b SIP/2.0\r\n\r\n", 400),
        (b"IN(VITE sip:a@b SIP/2.0\r\n\r\n", 400),
        (b"INVITE sip:a@b SIP/3.0\r\n\r\n", 505),
        (b"INVITE sip:a@b HTTP/1.1\r\n\r\n", 505),
        (b"SIP/3.0 200 OK\r\n\r\n", 505),
        (b"SIP/2.0 099 OK\r\n\r\n", 400),
        (b"SIP/2.0 700 OK\r\n\r\n", 400),
        (b"SIP/2.0 20 OK\r\n\r\n", 400),
        ("SIP/2.0 ２００ OK\r\n\r\n".encode(), 400),
        (b"SIP/2.0 200 OK\r\nContact: <sip:a", 400),
        (INVITE.replace(b": 70", b""), 400),
        (INVITE.replace(b"Max-Forwards", b"Max Forwards"), 400),
        (INVITE.replace(b"Max-Forwards", b""), 400),
        (INVITE.replace(b"th: 4", b"th: 5"), 400),
        (INVITE.replace(b"th: 4", b"th: -4"), 400),
        (INVITE.replace(b"th: 4", b"th: 4x"), 400),
        (INVITE.replace(b"th: 4", b"th: "), 400),
        (INVITE.replace(b"th: 4", b"th: 9999999999"), 400),
        (with_line(b"Subject: a\nX: b"), 400),
        (with_line(b"Subject: a\rX: b"), 400),
        (with_line(b"Subject: a\0b"), 400),
        (with_line(b"Subject: " + b"x" * MAX_LINE_LENGTH), 400),
        (with_line(b"X: 1\r\n" * MAX_HEADER_LINES), 400),
        (INVITE + b"x" * MAX_MESSAGE_SIZE, 513),
    ],
)
def test_what_cannot_be_read_has_a_status(data: bytes, status: int) -> None:
    assert status_of(data) == status


@pytest.mark.parametrize("value", ["", "1", "x INVITE", "1 2 3", "-1 INVITE", "２ INVITE"])
def test_malformed_cseq(value: str) -> None:
    with pytest.raises(SipParseError):
        _ = Request("INVITE", "sip:a", {"cseq": [value]}).cseq


@pytest.mark.parametrize("number", [2**31, 2**40, 10**30])
def test_cseq_out_of_range(number: int) -> None:
    with pytest.raises(SipParseError, match="out of range"):
        _ = Request("INVITE", "sip:a", {"cseq": [f"{number} INVITE"]}).cseq


def test_missing_header_is_named() -> None:
    with pytest.raises(SipParseError, match="missing Call-ID"):
        _ = Request("INVITE", "sip:a").call_id


@pytest.mark.parametrize("injected", ["a\r\nEvil: 1", "a\nEvil: 1", "a\rb", "a\0b", "\r\n\r\n"])
@pytest.mark.parametrize("place", ["header", "uri", "method", "reason", "copied"])
def test_nothing_can_be_smuggled_in(injected: str, place: str) -> None:
    message = {
        "header": Request("INVITE", "sip:a@b", {"subject": [injected]}),
        "uri": Request("INVITE", injected),
        "method": Request(injected, "sip:a@b"),
        "reason": Response(200, injected),
        "copied": Response(200, "OK", {"via": ["SIP/2.0/UDP a", injected]}),
    }[place]
    with pytest.raises(SipBuildError):
        bytes(message)


def test_line_breaks_that_even_out_are_refused_too() -> None:
    with pytest.raises(SipBuildError):
        bytes(Request("INVITE", "sip:a@b", {"subject": ["a\r", "b\n"]}))


def test_header_name_must_be_a_token() -> None:
    with pytest.raises(SipBuildError):
        bytes(Request("INVITE", "sip:a@b", {"evil: x\r\ny": ["1"]}))


def test_text_that_has_no_octets_is_refused() -> None:
    with pytest.raises(SipBuildError):
        bytes(Request("INVITE", "sip:a@b", {"subject": ["\ud800"]}))


def test_content_length_is_always_our_own() -> None:
    request = Request("INFO", "sip:a@b", {"content-length": ["99"]}, b"four")
    assert bytes(request) == b"INFO sip:a@b SIP/2.0\r\nContent-Length: 4\r\n\r\nfour"


def test_add_and_put() -> None:
    request = Request("INFO", "sip:a@b")
    request.add("via", "one")
    request.add("via", "two")
    assert request.headers == {"via": ["one", "two"]}
    request.put("via", "three")
    assert request.headers == {"via": ["three"]}


def test_messages_compare_by_content() -> None:
    assert parse(INVITE) == parse(INVITE)
    assert parse(INVITE) != parse(with_line(b"Max-Forwards: 69"))
    assert parse(INVITE) != INVITE


def test_names_are_written_as_the_rfcs_spell_them() -> None:
    assert [label_of(name) for name in ("call-id", "cseq", "x-my-header", "www-authenticate")] == [
        "Call-ID",
        "CSeq",
        "X-My-Header",
        "WWW-Authenticate",
    ]


def test_table_of_names_is_bounded() -> None:
    for number in range(3000):
        assert canonical_name(f"X-Name-{number}") == f"x-name-{number}"
    assert len(known_names) <= 1024
    assert known_names["Via"] == "via"


@pytest.mark.parametrize(
    "data",
    [
        with_line(b"Subject: a" + b"\r\n b" * 16_000),
        with_line(b"X:\r\n" * 16_000),
        with_line(b'Contact: "' + b'\\"' * 4000),
        INVITE.replace(b"body", b"\r\n" * 30_000),
    ],
    ids=["folds", "lines", "escapes", "body"],
)
def test_hostile_messages_take_no_time(data: bytes) -> None:
    begun = time.process_time()
    with contextlib.suppress(SipParseError):
        parse(data).each("contact")
    # A thousandth is usual; quadratic work would take many seconds.
    assert time.process_time() - begun < 1.0
