from __future__ import annotations

import pytest

from cordboard.media.outgoing import Outgoing
from cordboard.media.reception import Reception
from cordboard.media.reports import Reports
from cordboard.media.rtcp import ReportBlock, RtcpCompound, SenderInfo, middle_of, ntp_time

SENDER = RtcpCompound(
    0x11223344,
    SenderInfo(ntp_time(1000.5), 8000, 50, 8000),
    (ReportBlock(7, 12, -3, 0x10005, 40, 0x12345678, 65536),),
    "leg@cordboard",
    goodbye=True,
)


def test_a_sender_report_on_the_wire() -> None:
    data = bytes(SENDER)
    assert data[:4] == bytes.fromhex("81c8000c")
    assert data[8:16] == bytes.fromhex("000003e880000000")  # 1000.5 s
    assert data[52:60] == bytes.fromhex("81ca0005 11223344")
    assert data[-8:] == bytes.fromhex("81cb0001 11223344")
    assert len(data) % 4 == 0
    assert RtcpCompound.parse(data) == SENDER


def test_a_receiver_report_without_blocks() -> None:
    report = RtcpCompound(5, cname="x")
    assert RtcpCompound.parse(bytes(report)) == report


def test_a_goodbye_of_another_source_is_not_the_peers() -> None:
    compound = bytes(RtcpCompound(5)) + bytes.fromhex("81cb0001 00000006")
    parsed = RtcpCompound.parse(compound)
    assert parsed is not None
    assert not parsed.goodbye


def test_unknown_packets_after_the_report_are_passed_over() -> None:
    compound = bytes(RtcpCompound(5)) + bytes.fromhex("80cc0001 00000006")
    assert RtcpCompound.parse(compound) == RtcpCompound(5)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(SENDER)[:-1], id="cut off"),
        pytest.param(bytes.fromhex("81cb0001 00000006"), id="no report first"),
        pytest.param(bytes.fromhex("9fc90001 00000006"), id="blocks missing"),
        pytest.param(bytes.fromhex("80c80001 00000006"), id="sender info missing"),
        pytest.param(bytes.fromhex("41c90001 00000006"), id="version 1"),
        pytest.param(bytes.fromhex("a0c90001 000000ff"), id="padding too long"),
        pytest.param(bytes(RtcpCompound(5)) * 300, id="larger than a frame"),
    ],
)
def test_malformed_compounds_are_none(data: bytes) -> None:
    assert RtcpCompound.parse(data) is None


def test_the_round_trip_is_measured_by_the_echo_of_our_report() -> None:
    ours, theirs = Reports("us"), Reports("them")
    outgoing, reception = Outgoing(1, 0, 0), Reception()
    outgoing.frame(0, b"x" * 160, 9.99)
    sent = RtcpCompound.parse(ours.make(outgoing, reception, 10.0))
    assert sent is not None
    assert sent.sender is not None
    assert sent.sender.packets == 1
    theirs.read(sent, ("192.0.2.1", 5), 2, 10.03)

    heard = Reception()
    heard.note(1, 1, 160, 160, 10.0)
    answer = RtcpCompound.parse(theirs.make(Outgoing(2, 0, 0), heard, 12.03))
    assert answer is not None
    assert answer.sender is None  # nothing was sent, so it is a receiver report
    assert answer.blocks[0].last_report == middle_of(ntp_time(10.0))
    ours.read(answer, ("192.0.2.1", 5), 1, 12.06)
    assert ours.rtt == pytest.approx(0.06, abs=0.001)


def test_losses_that_the_peer_reports() -> None:
    reports = Reports("us")
    compound = RtcpCompound(9, blocks=(ReportBlock(1, lost=4), ReportBlock(2, lost=8)))
    reports.read(compound, ("192.0.2.1", 5), 1, 0.0)
    assert reports.remote_lost == 4
    assert reports.rtt is None
