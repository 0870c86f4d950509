"""G.711: conversion between µ-law, A-law and 16 bit linear audio (ITU-T G.711).

Everything is a table. Decoding has 256 entries, encoding one for each of the 65,536 linear
values, and µ-law to A-law (or back) one 256 byte ``bytes.translate`` table, so that a packet is
converted by a single call in C. Encoding tables are made at first use: only legs that play
something need them.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

PCMU: Final = "PCMU"
PCMA: Final = "PCMA"
CODECS: Final = (PCMU, PCMA)

# The static payload types of RFC 3551, table 4.
STATIC_PAYLOAD_TYPES: Final = MappingProxyType({PCMU: 0, PCMA: 8})

SAMPLE_RATE: Final = 8000  # Hz; samples, octets and RTP clock units are the same number in G.711
FRAME_MS: Final = 20  # the ptime that every phone takes (RFC 3551, 4.2)
FRAME_OCTETS: Final = SAMPLE_RATE * FRAME_MS // 1000
MOST_SUMMED: Final = 6  # voices in one sum: two parties and four who listen to them
SILENCE_OCTET: Final = MappingProxyType({PCMU: 0xFF, PCMA: 0xD5})  # the code of linear zero

_SEGMENTS: Final = 8
_STEPS: Final = 16  # quantising intervals in a segment
_ULAW_BIAS: Final = 0x84  # makes every µ-law segment a whole power of two long
_POSITIVE: Final = 0x80  # the sign bit, in both laws
_ALAW_TOGGLE: Final = 0x55  # A-law goes over the wire with its even bits inverted


def decode(payload: bytes, codec: str) -> array[int]:
    """Turn G.711 octets into 16 bit linear samples.

    :raises KeyError: the codec is neither ``PCMU`` nor ``PCMA``.
    """
    return array("h", map(decoding_table(codec).__getitem__, payload))


def encode(samples: array[int], codec: str) -> bytes:
    """Turn 16 bit linear samples (an ``array("h")``) into G.711 octets.

    :raises KeyError: the codec is neither ``PCMU`` nor ``PCMA``.
    """
    unsigned = array("H", samples.tobytes())
    return bytes(map(_encoding_table(codec).__getitem__, unsigned))


def encode_sums(sums: Iterable[int], codec: str) -> bytes:
    """Turn sums of up to :data:`MOST_SUMMED` linear samples into G.711 octets; what is louder than
    16 bit has room for is as loud as they have.

    :raises KeyError: the codec is neither ``PCMU`` nor ``PCMA``.
    :raises IndexError: a sum is of more.
    """
    return bytes(map(_sums_table(codec).__getitem__, sums))


def silence(codec: str, octets: int = FRAME_OCTETS) -> bytes:
    """Give the payload of so many samples of silence."""
    return bytes((SILENCE_OCTET[codec],)) * octets


@cache
def transcoding_table(received: str, sent: str) -> bytes | None:
    """Give the ``bytes.translate`` table from one codec to the other, None when they are one.

    Each code becomes the one of the same sign whose value is nearest. Where two are nearly as
    near, tables 3 and 4 of G.711 may take the other one.

    :raises KeyError: one of the two is neither ``PCMU`` nor ``PCMA``.
    """
    if received == sent:
        return None
    return bytes(
        _nearest_code(value, code & _POSITIVE, decoding_table(sent))
        for code, value in enumerate(decoding_table(received))
    )


@cache
def transcoding_tables(sent: str) -> Mapping[str, bytes | None]:
    """Give those to one codec, by the codec received.

    :raises KeyError: it is neither ``PCMU`` nor ``PCMA``.
    """
    return MappingProxyType({received: transcoding_table(received, sent) for received in CODECS})


def to_little_endian(samples: array[int]) -> bytes:
    """Give 16 bit samples as a WAV file wants them."""
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    return samples.tobytes()


def from_little_endian(pcm: bytes) -> array[int]:
    """Read 16 bit samples from a WAV file's octets (an odd last one is left out)."""
    samples = array("h", pcm[: len(pcm) & ~1])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def decoding_table(codec: str) -> tuple[int, ...]:
    """Give the linear value of each of the 256 codes."""
    return _DECODING[codec]


def _nearest_code(value: int, sign: int, values: tuple[int, ...]) -> int:
    distances = [abs(one - value) for one in values[sign : sign + 0x80]]
    return sign + distances.index(min(distances))


def _ulaw_value(code: int) -> int:
    bits = ~code & 0xFF
    segment, step = bits >> 4 & 0x7, bits & 0xF
    magnitude = (((step << 3) + _ULAW_BIAS) << segment) - _ULAW_BIAS
    return -magnitude if bits & 0x80 else magnitude


def _alaw_value(code: int) -> int:
    bits = code ^ _ALAW_TOGGLE
    segment, step = bits >> 4 & 0x7, bits & 0xF
    magnitude = (step << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if bits & 0x80 else -magnitude


_DECODING: Final = {
    PCMU: tuple(_ulaw_value(code) for code in range(256)),
    PCMA: tuple(_alaw_value(code) for code in range(256)),
}


@cache
def _encoding_table(codec: str) -> bytes:
    """Lay the codes out over all linear values, indexed by the value as an unsigned 16 bit."""
    return _ulaw_encoding() if codec == PCMU else _alaw_encoding()


@cache
def _sums_table(codec: str) -> bytes:
    """Lay the codes out over all sums, negative ones from the end on, where Python looks for
    them."""
    codes, beyond = _encoding_table(codec), (MOST_SUMMED - 1) * 0x8000
    positive = codes[:0x8000] + codes[0x7FFF:0x8000] * beyond
    negative = codes[0x8000:0x8001] * beyond + codes[0x8000:]
    return positive + negative


def _ulaw_encoding() -> bytes:
    magnitudes = bytearray()
    for segment in range(_SEGMENTS):
        for step in range(_STEPS):
            magnitudes += bytes((segment << 4 | step,)) * (8 << segment)
    del magnitudes[: _ULAW_BIAS - (_STEPS << 3)]  # the bias shortens the first interval
    magnitudes += magnitudes[-1:] * (32769 - len(magnitudes))  # the loudest values are clipped
    positive = bytes(~code & 0xFF for code in magnitudes[:32768])
    negative = bytes(~(code | 0x80) & 0xFF for code in reversed(magnitudes[1:32769]))
    return positive + negative


def _alaw_encoding() -> bytes:
    magnitudes = bytearray()
    for segment in range(_SEGMENTS):
        for step in range(_STEPS):
            magnitudes += bytes((segment << 4 | step,)) * (16 << max(segment - 1, 0))
    positive = bytes((code | 0x80) ^ _ALAW_TOGGLE for code in magnitudes)
    negative = bytes(code ^ _ALAW_TOGGLE for code in reversed(magnitudes))
    return positive + negative
