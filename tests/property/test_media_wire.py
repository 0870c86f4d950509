"""RTP and RTCP: what is written is read back, and nothing on the wire raises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.media.bridging import bridge
from cordboard.media.rtcp import ReportBlock, RtcpCompound, SenderInfo
from cordboard.media.rtp import RtpPacket
from cordboard.media.stream import MediaStream
from support.audio import PHONE, negotiated, voice

WORD = st.integers(0, 2**32 - 1)
RTP = st.builds(
    RtpPacket, st.integers(0, 127), st.integers(0, 65535), WORD, WORD, st.binary(), st.booleans()
)
BLOCK = st.builds(
    ReportBlock,
    WORD,
    st.integers(0, 255),
    st.integers(-(2**23), 2**23 - 1),
    WORD,
    WORD,
    WORD,
    WORD,
)
COMPOUND = st.builds(
    RtcpCompound,
    WORD,
    st.none() | st.builds(SenderInfo, st.integers(0, 2**64 - 1), WORD, WORD, WORD),
    st.lists(BLOCK, max_size=31).map(tuple),
    st.none() | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80),
    st.booleans(),
)
ALMOST_RTP = st.builds(
    lambda start, rest: start + rest,
    st.sampled_from([b"\x80\x00", b"\x90\x08", b"\xa0\x65", b"\x80\xc8", b"\x81\xc9", b"\x8f\x00"]),
    st.binary(max_size=200),
)


@given(RTP)
def test_rtp_is_read_back(packet: RtpPacket) -> None:
    assert RtpPacket.parse(bytes(packet)) == packet


@given(COMPOUND)
def test_rtcp_is_read_back(compound: RtcpCompound) -> None:
    assert RtcpCompound.parse(bytes(compound)) == compound


@given(st.binary() | ALMOST_RTP)
def test_garbage_never_raises(data: bytes) -> None:
    RtpPacket.parse(data)
    RtcpCompound.parse(data)


@given(st.lists(st.binary() | ALMOST_RTP | RTP.map(bytes), max_size=30), st.booleans())
def test_no_datagram_breaks_a_bridged_stream(datagrams: list[bytes], mux: bool) -> None:
    a, b = MediaStream(1), MediaStream(2)
    a.configure(negotiated(4000, rtcp_mux=mux), 0.0)
    b.configure(negotiated(5000, "PCMA"), 0.0)
    bridge(a, b)
    for number, data in enumerate(datagrams):
        packet = a.receive_rtp(data, (PHONE, 4000), number * 0.02)
        a.receive_rtcp(data, (PHONE, 4001), number * 0.02)
        a.handle_timer(number * 0.02)
        assert packet is None or RtpPacket.parse(packet) is not None
    a.report(1.0)
    a.figures()


@given(st.lists(st.sampled_from(["ok", "lose", "late", "restart"]), min_size=1, max_size=60))
def test_a_leg_never_sees_a_sequence_number_twice(steps: list[str]) -> None:
    a, b = MediaStream(1), MediaStream(2, sequence=65530)
    a.configure(negotiated(4000), 0.0)
    b.configure(negotiated(5000), 0.0)
    bridge(a, b)
    seen: list[int] = []
    held: list[bytes] = []
    ssrc, index = 7, 0
    for number, step in enumerate(steps):
        index += 1
        if step == "restart":
            ssrc, index, held = ssrc + 1, 0, []
        data = voice(index, ssrc=ssrc, first=ssrc * 1000)
        if step == "lose":
            continue
        if step == "late":
            held.append(data)
            continue
        for datagram in (data, *held):
            packet = a.receive_rtp(datagram, (PHONE, 4000), number * 0.02)
            if packet is not None:
                parsed = RtpPacket.parse(packet)
                assert parsed is not None
                seen.append(parsed.sequence)
        held = []
    assert len(seen) == len(set(seen))
