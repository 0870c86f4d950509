"""Measuring and making audio in tests: levels of single frequencies, phones' packets."""

from __future__ import annotations

import io
import math
import wave
from array import array
from collections.abc import Iterable, Sequence

from cordboard.media import g711
from cordboard.media.audio import AudioParameters, Direction
from cordboard.media.rtp import RtpPacket

PHONE = "192.0.2.10"
GATEWAY = "198.51.100.7"
PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}
EVENT_TYPE = 101


def goertzel(samples: Sequence[int], hertz: float, rate: int = g711.SAMPLE_RATE) -> float:
    """The amplitude of one frequency (a sine of amplitude A gives about A)."""
    coefficient = 2 * math.cos(2 * math.pi * hertz / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = last * last + before * before - coefficient * last * before
    return 2 * math.sqrt(max(power, 0.0)) / len(samples)


def rms(samples: Sequence[int]) -> float:
    """The root of the mean square."""
    return math.sqrt(sum(sample * sample for sample in samples) / len(samples))


def sine(hertz: float, seconds: float, rate: int, peak: float = 8000.0) -> array[int]:
    """A pure tone."""
    step = 2 * math.pi * hertz / rate
    return array("h", [round(peak * math.sin(step * n)) for n in range(int(seconds * rate))])


def wav(samples: array[int], rate: int, channels: int = 1, width: int = 2) -> bytes:
    """A WAV file of these (interleaved) samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        if width == 1:
            writer.writeframes(bytes((sample >> 8) + 128 for sample in samples))
        else:
            writer.writeframes(g711.to_little_endian(samples))
    return file.getvalue()


def decoded(frames: Iterable[bytes], codec: str) -> array[int]:
    """The audio of several frames as one."""
    return g711.decode(b"".join(frames), codec)


def negotiated(
    port: int = 4000,
    codec: str = "PCMU",
    *,
    host: str = PHONE,
    signalling: str = PHONE,
    direction: Direction = "sendrecv",
    strict: bool = False,
    events: bool = True,
    rtcp_mux: bool = False,
    held: bool = False,
    ptime: int = g711.FRAME_MS,
) -> AudioParameters:
    """What was agreed on with a phone that takes one codec and sends either."""
    return AudioParameters(
        (host, port),
        codec,
        PAYLOAD_TYPES[codec],
        {0: "PCMU", 8: "PCMA"},
        EVENT_TYPE if events else None,
        EVENT_TYPE if events else None,
        direction,
        ptime_ms=ptime,
        rtcp_mux=rtcp_mux,
        held=held,
        signalling_host=signalling,
        strict=strict,
    )


def voice(
    index: int,
    *,
    codec: str = "PCMU",
    ssrc: int = 7,
    first: int = 0,
    start: int = 0,
    payload: bytes | None = None,
    marker: bool = False,
) -> bytes:
    """The packet of one 20 ms frame of a phone."""
    return bytes(
        RtpPacket(
            PAYLOAD_TYPES[codec],
            (first + index) & 0xFFFF,
            (start + index * g711.FRAME_OCTETS) & 0xFFFFFFFF,
            ssrc,
            g711.silence(codec) if payload is None else payload,
            marker,
        )
    )


def parsed(packet: bytes | None) -> RtpPacket:
    """The packet that must have been made."""
    assert packet is not None
    result = RtpPacket.parse(packet)
    assert result is not None
    return result
