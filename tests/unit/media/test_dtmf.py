from __future__ import annotations

import pytest

from cordboard.media.dtmf import DIGITS, DtmfReceiver, event_payloads
from cordboard.media.events import Digit


def played(digit: str, duration_ms: int = 100) -> list[bytes]:
    """The payloads of a digit."""
    return [payload for payload, _ in event_payloads(digit, duration_ms)]


@pytest.mark.parametrize("digit", DIGITS)
def test_what_is_sent_is_received_once(digit: str) -> None:
    receiver = DtmfReceiver()
    digits = [found for payload in played(digit) for found in receiver.receive(payload, 160, 0.0)]
    assert digits == [Digit(digit, 100)]
    assert not receiver.pending


def test_a_digit_on_the_wire() -> None:
    payloads = played("5", 60)
    assert [payload.hex() for payload in payloads] == [
        "050a00a0",
        "050a0140",
        "058a01e0",
        "058a01e0",
        "058a01e0",
    ]


def test_a_digit_is_never_too_short_or_too_long() -> None:
    assert played("1", 1)[-1] == bytes.fromhex("018a0140")
    assert int.from_bytes(played("1", 10**6)[-1][2:], "big") == 64000


@pytest.mark.parametrize("digit", ["", "x", "12", "E"])
def test_what_is_no_digit_is_refused(digit: str) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        event_payloads(digit)


def test_a_lost_end_is_noticed_by_the_next_digit() -> None:
    receiver = DtmfReceiver()
    for payload in played("1")[:-3]:
        assert receiver.receive(payload, 1000, 0.0) == ()
    assert receiver.receive(played("2")[0], 3000, 0.2) == (Digit("1", 80),)
    assert receiver.receive(played("2")[-1], 3000, 0.3) == (Digit("2", 100),)


def test_a_lost_end_is_noticed_by_time() -> None:
    receiver = DtmfReceiver()
    receiver.receive(played("9")[0], 1000, 10.0)
    assert receiver.expire(10.1) == ()
    assert receiver.expire(10.2) == (Digit("9", 20),)
    assert receiver.expire(10.3) == ()
    assert receiver.receive(played("9")[-1], 1000, 10.4) == ()  # the end comes after all


def test_only_an_end_packet_arrives() -> None:
    assert DtmfReceiver().receive(played("#")[-1], 5, 0.0) == (Digit("#", 100),)


def test_the_same_digit_twice() -> None:
    receiver = DtmfReceiver()
    digits = [
        found
        for timestamp in (1000, 3000)
        for payload in played("7")
        for found in receiver.receive(payload, timestamp, 0.0)
    ]
    assert digits == [Digit("7", 100)] * 2


def test_packets_that_come_late_say_nothing_new() -> None:
    receiver = DtmfReceiver()
    receiver.receive(played("1")[-1], 1000, 0.0)
    receiver.receive(played("2")[-1], 3000, 0.1)
    assert receiver.receive(played("1")[0], 1000, 0.2) == ()
    assert not receiver.pending


def test_timestamps_wrap() -> None:
    receiver = DtmfReceiver()
    receiver.receive(played("1")[-1], 2**32 - 10, 0.0)
    assert receiver.receive(played("2")[-1], 500, 0.1) == (Digit("2", 100),)


def test_a_long_event_in_segments_is_one_digit() -> None:
    receiver = DtmfReceiver()
    assert receiver.receive(bytes.fromhex("010affff"), 100, 0.0) == ()
    assert receiver.receive(bytes.fromhex("010a00a0"), 100 + 0xFFFF, 0.0) == ()
    (digit,) = receiver.receive(bytes.fromhex("018a0640"), 100 + 0xFFFF, 0.0)
    assert digit == Digit("1", (0xFFFF + 1600) // 8)


@pytest.mark.parametrize("payload", [b"", b"\x01\x8a\x01", bytes.fromhex("108a0320"), b"\xff" * 4])
def test_what_is_no_dtmf_event_is_passed_over(payload: bytes) -> None:
    receiver = DtmfReceiver()
    assert receiver.receive(payload, 1, 0.0) == ()
    assert not receiver.pending
