"""Legs of audio without sockets: alone and bridged, and what their phones send."""

from __future__ import annotations

from cordboard.media.audio import AudioParameters
from cordboard.media.bridging import bridge
from cordboard.media.dtmf import event_payloads
from cordboard.media.events import MediaEvent
from cordboard.media.rtp import RtpPacket
from cordboard.media.stream import MediaStream
from support.audio import PHONE, negotiated, parsed, voice

A = (PHONE, 4000)
B = (PHONE, 5000)


def leg(port: int = 4000, codec: str = "PCMU", ssrc: int = 1) -> MediaStream:
    """A stream whose SDP is agreed on."""
    stream = MediaStream(ssrc, sequence=65533, timestamp=2**32 - 300)
    stream.configure(negotiated(port, codec), 0.0)
    return stream


def bridged(codec_a: str = "PCMU", codec_b: str = "PCMU") -> tuple[MediaStream, MediaStream]:
    """Two legs that hear each other."""
    a, b = leg(4000, codec_a, 1), leg(5000, codec_b, 2)
    bridge(a, b)
    return a, b


def relay(stream: MediaStream, data: bytes, now: float = 0.0) -> RtpPacket | None:
    """What becomes of a packet from A's phone."""
    packet = stream.receive_rtp(data, A, now)
    return None if packet is None else parsed(packet)


def digit_packets(digit: str, *, first: int, timestamp: int, ssrc: int = 7) -> list[bytes]:
    """A digit as a phone sends it."""
    return [
        bytes(RtpPacket(101, first + place, timestamp, ssrc, payload, marker=place == 0))
        for place, (payload, _) in enumerate(event_payloads(digit))
    ]


def early_events(stream: MediaStream, packets: int, begin: float = 0.0) -> list[MediaEvent]:
    """What a run of packets tells."""
    for index in range(packets):
        stream.receive_rtp(voice(index, first=round(begin * 50)), A, begin + index * 0.02)
    return stream.take_events()


def sends(stream: MediaStream) -> bool:
    """Whether it has anything to send of its own."""
    return stream.playing


def opus(port: int, *, payload_type: int = 111, events: int | None = 110) -> AudioParameters:
    """Opus, as one phone numbers it."""
    return AudioParameters(
        (PHONE, port),
        "OPUS/48000/2",
        payload_type,
        {payload_type: "OPUS/48000/2"},
        events,
        events,
        signalling_host=PHONE,
        rate=48000,
        event_rate=48000,
    )
