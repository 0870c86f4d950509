from __future__ import annotations

import pytest

from cordboard.engines.embedded import ladder as bounds
from cordboard.engines.embedded.ladder import Ladder
from cordboard.sip.flow import Flow
from cordboard.sip.trace import Traced

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.9", 5062))


def record(
    channel: str | None, raw: bytes = b"BYE sip:a SIP/2.0\r\n\r\n", at: float = 1.0
) -> Traced:
    return at, True, FLOW, channel, False, raw


def test_a_channel_has_its_messages_in_order_and_no_others() -> None:
    ladder = Ladder()
    ladder.begin("a")
    ladder.begin("b")
    ladder.record(record("a", b"INVITE sip:a SIP/2.0\r\n\r\n", 1.0))
    ladder.record(record("b"))
    ladder.record(record(None))
    ladder.record(record("stranger"))
    ladder.record(record("a", b"SIP/2.0 200 OK\r\n\r\n", 2.0))
    lines = ladder.lines("a")
    assert [(line.at, line.summary) for line in lines] == [
        (1.0, "INVITE sip:a SIP/2.0"),
        (2.0, "SIP/2.0 200 OK"),
    ]
    assert lines[0].peer == "udp:192.0.2.9:5062"
    assert lines[0].sent
    assert ladder.lines("stranger") == ()


def test_credentials_are_removed() -> None:
    ladder = Ladder()
    ladder.begin("a")
    secret = b'INVITE sip:a SIP/2.0\r\nAuthorization: Digest response="deadbeef"\r\n\r\n'
    ladder.record(record("a", secret))
    assert "deadbeef" not in ladder.lines("a")[0].text
    assert "deadbeef" not in repr(ladder.lines("a"))


def test_a_trace_outlives_its_channel_and_takes_what_comes_late() -> None:
    ladder = Ladder()
    ladder.begin("a")
    ladder.record(record("a"))
    ladder.end("a")
    ladder.record(record("a"))
    assert len(ladder.lines("a")) == 2


def test_a_channel_dialled_again_goes_on_in_its_trace() -> None:
    ladder = Ladder()
    for _ in range(2):
        ladder.begin("a")
        ladder.record(record("a"))
        ladder.end("a")
    assert len(ladder.lines("a")) == 2


def test_one_channel_is_bounded_in_messages_and_octets() -> None:
    ladder = Ladder()
    ladder.begin("a")
    for at in range(bounds.MAX_MESSAGES + 10):
        ladder.record(record("a", at=float(at)))
    assert len(ladder.lines("a")) == bounds.MAX_MESSAGES
    assert ladder.lines("a")[0].at == 10.0
    big = b"BYE sip:a SIP/2.0\r\n\r\n" + bytes(bounds.MAX_OCTETS // 2)
    for _ in range(5):
        ladder.record(record("a", big))
    assert len(ladder.lines("a")) == 1


def test_ended_channels_are_bounded_in_number() -> None:
    ladder = Ladder(kept=2)
    for name in "abc":
        ladder.begin(name)
        ladder.record(record(name))
        ladder.end(name)
    assert ladder.lines("a") == ()
    assert ladder.lines("b")
    assert ladder.lines("c")


def test_ended_channels_are_bounded_in_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_ENDED_OCTETS", 1000)
    ladder = Ladder()
    for name in "ab":
        ladder.begin(name)
        ladder.record(record(name, b"BYE sip:a SIP/2.0\r\n\r\n" + bytes(600)))
        ladder.end(name)
    assert ladder.lines("a") == ()
    assert ladder.lines("b")
    ladder.record(record("b", bytes(600)))
    assert ladder.lines("b") == ()
