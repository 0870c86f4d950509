"""RTP packets (RFC 3550, section 5.1).

``RtpPacket`` is for whoever looks at a packet as a whole: tests, the phone, a trace. The relay
does not make one per packet: it unpacks ``HEADER`` in place and slices the payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

HEADER: Final = Struct("!BBHII")  # V P X CC, M PT, sequence, timestamp, SSRC
HEADER_OCTETS: Final = 12
PLAIN: Final = 0x80  # version 2, no padding, no extension, no CSRC: what telephones send
VERSION_MASK: Final = 0xC0
MARKER: Final = 0x80
PAYLOAD_TYPE: Final = 0x7F

# Second octets 192 to 223 are RTCP where both share a port (RFC 5761, section 4).
FIRST_RTCP_TYPE: Final = 192
LAST_RTCP_TYPE: Final = 223

_PADDING = 0x20
_EXTENSION = 0x10
_CSRC_COUNT = 0x0F


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet; CSRCs, header extension and padding are left out when it is read."""

    payload_type: int  # 0 to 127
    sequence: int  # 16 bit
    timestamp: int  # 32 bit, units of the codec's clock
    ssrc: int  # 32 bit
    payload: bytes
    marker: bool = False

    @classmethod
    def parse(cls, data: bytes) -> RtpPacket | None:
        """Read a datagram; None where it is no RTP packet. Never raises."""
        payload = payload_of(data)
        if payload is None:
            return None
        _, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
        return cls(second & 0x7F, sequence, timestamp, ssrc, payload, bool(second & MARKER))

    def __bytes__(self) -> bytes:
        second = self.payload_type | (MARKER if self.marker else 0)
        return HEADER.pack(PLAIN, second, self.sequence, self.timestamp, self.ssrc) + self.payload


def payload_of(data: bytes) -> bytes | None:
    """Cut the payload out of a packet with CSRCs, an extension or padding; None if malformed."""
    if len(data) < HEADER_OCTETS or data[0] & VERSION_MASK != PLAIN:
        return None
    first, start, end = data[0], HEADER_OCTETS, len(data)
    start += 4 * (first & _CSRC_COUNT)
    if first & _EXTENSION:
        if start + 4 > end:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & _PADDING:
        # The last octet counts the padding, itself included.
        if start >= end or not 0 < data[-1] <= end - start:
            return None
        end -= data[-1]
    return data[start:end] if start <= end else None
