from __future__ import annotations

import pytest

from cordboard.media.rtp import RtpPacket, payload_of

PLAIN = bytes.fromhex("80 88 0001 00000002 00000003") + b"audio"


def test_a_plain_packet() -> None:
    packet = RtpPacket.parse(PLAIN)
    assert packet == RtpPacket(8, 1, 2, 3, b"audio", marker=True)
    assert bytes(packet) == PLAIN


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            bytes.fromhex("82 08 0001 00000002 00000003 0000000a 0000000b") + b"audio", id="csrcs"
        ),
        pytest.param(
            bytes.fromhex("90 08 0001 00000002 00000003 bede0001 10ff0000") + b"audio",
            id="extension",
        ),
        pytest.param(
            bytes.fromhex("a0 08 0001 00000002 00000003") + b"audio\x00\x00\x03", id="padding"
        ),
    ],
)
def test_what_surrounds_the_payload_is_left_out(data: bytes) -> None:
    assert payload_of(data) == b"audio"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(PLAIN[:11], id="short"),
        pytest.param(b"\x40" + PLAIN[1:], id="version 1"),
        pytest.param(b"\x8f" + PLAIN[1:], id="more CSRCs than there is room"),
        pytest.param(b"\x90" + PLAIN[1:12], id="extension missing"),
        pytest.param(b"\x90" + PLAIN[1:12] + b"\xbe\xde\x00\x09", id="extension too long"),
        pytest.param(b"\xa0" + PLAIN[1:12] + b"ab\x00", id="padding of none"),
        pytest.param(b"\xa0" + PLAIN[1:12] + b"ab\x04", id="padding beyond the payload"),
        pytest.param(b"\xa0" + PLAIN[1:12], id="padding missing"),
    ],
)
def test_malformed_packets_are_none(data: bytes) -> None:
    assert RtpPacket.parse(data) is None
