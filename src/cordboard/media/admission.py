"""Who may send packets to a leg, and what is a packet: everything else is dropped and counted.

Nothing is ever answered here, whatever comes: no STUN request (first octet 0 to 3, RFC 7983), no
stranger, no junk.
"""

from __future__ import annotations

from typing import Final

from cordboard.media.audio import AudioParameters
from cordboard.media.latch import Address, Latch
from cordboard.media.rtp import (
    FIRST_RTCP_TYPE,
    HEADER,
    LAST_RTCP_TYPE,
    payload_of,
)

# An Ethernet frame's, which no packet of telephony comes near: 120 ms of G.711 are 972 octets.
MAX_PACKET_OCTETS: Final = 1500

_UNPACK: Final = HEADER.unpack_from


class Admission:
    """Judges what comes to one leg's ports. The counts are of datagrams dropped."""

    __slots__ = ("_latch", "_muxed", "malformed", "not_negotiated", "wrong_source")

    def __init__(self) -> None:
        self.wrong_source = 0
        self.not_negotiated = 0
        self.malformed = 0
        self._latch = Latch()
        self._muxed = False

    def configure(self, audio: AudioParameters) -> Address:
        """Take what new SDP agreed on: where our packets go, port 0 is nowhere. Where the peer's
        come from is open again."""
        self._muxed = audio.rtcp_mux
        return self._latch.reopen(audio.remote, audio.signalling_host, strict=audio.strict)

    @property
    def destination(self) -> Address:
        """Where our packets go; port 0 is nowhere."""
        return self._latch.destination

    @property
    def settled(self) -> bool:
        """Whether one source is certain, so that comparing its address is enough."""
        return self._latch.settled

    def payload(self, data: bytes, source: Address, kind: str | None) -> bytes | None:
        """The payload of a packet that is not plainly the next one of a settled source, or None."""
        if not self._latch.accepts(source):
            self.wrong_source += 1
            return None
        payload = payload_of(data) if len(data) <= MAX_PACKET_OCTETS else None
        if payload is None:
            self.malformed += 1
            return None
        if kind is None:
            self.not_negotiated += 1
            return None
        _, _, sequence, _, ssrc = _UNPACK(data)
        self._latch.observe(source, ssrc, sequence)
        return payload

    def is_report(self, data: bytes, source: Address) -> bool:
        """Whether a datagram of the audio's port is RTCP, agreed to come there (RFC 5761)."""
        if not self._muxed or len(data) < 2 or not self._latch.accepts(source):
            return False
        return FIRST_RTCP_TYPE <= data[1] <= LAST_RTCP_TYPE

    def refuse_size(self, source: Address) -> None:
        """Count what is too short or too long for a packet."""
        if self._latch.accepts(source):
            self.malformed += 1
        else:
            self.wrong_source += 1

    def accepts_report(self, source: Address) -> bool:
        """Whether reports from here are taken; counts those that are not."""
        if self._latch.accepts_rtcp(source):
            return True
        self.wrong_source += 1
        return False
