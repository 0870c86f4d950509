"""The RTCP side of one leg: our reports, and what the peer's reports tell (RFC 3550, section 6)."""

from __future__ import annotations

from cordboard.media.audio import AudioParameters
from cordboard.media.latch import Address
from cordboard.media.outgoing import Outgoing
from cordboard.media.reception import Reception
from cordboard.media.rtcp import (
    ReportBlock,
    RtcpCompound,
    SenderInfo,
    middle_of,
    ntp_time,
)

_NTP_UNITS = 65536  # of the middle 32 bits, a second


class Reports:
    """Makes the reports of one leg and reads the peer's.

    :param cname: what we call ourselves; random per leg, so that it tells nothing (RFC 7022).
    """

    __slots__ = ("_cname", "_heard_at", "_reported_packets", "_source", "_their_ntp",
                 "made_any", "remote_lost", "rtt")  # fmt: skip

    def __init__(self, cname: str) -> None:
        self.made_any = False
        self.remote_lost = 0
        self.rtt: float | None = None  # seconds
        self._cname = cname
        self._source: Address | None = None
        self._their_ntp = 0  # middle 32 bits of the peer's last sender report
        self._heard_at = 0.0
        self._reported_packets = 0

    def make(
        self, outgoing: Outgoing, reception: Reception, now: float, *, goodbye: bool = False
    ) -> bytes:
        """Give the compound packet that is due: a sender report if anything was sent since."""
        self.made_any = True
        sender = None
        if outgoing.packets != self._reported_packets:
            self._reported_packets = outgoing.packets
            sender = SenderInfo(ntp_time(now), outgoing.clock(now), *outgoing.of_ssrc)
        blocks = self._blocks(reception, now)
        return bytes(RtcpCompound(outgoing.ssrc, sender, blocks, self._cname, goodbye))

    def reopen(self) -> None:
        """Take note of new SDP: where its reports come from is open again."""
        self._source = None

    def destination(self, audio: AudioParameters, rtp: Address) -> Address:
        """Where ours go: to where the peer's come from, else to the port next to its audio.

        ``rtp`` is where its audio goes; port 0 is nowhere.
        """
        if audio.rtcp_mux or rtp[1] == 0:
            return rtp
        if self._source is not None:
            return self._source
        host, port = rtp
        return host, audio.rtcp_port if audio.rtcp_port is not None else min(port + 1, 65535)

    def read(self, compound: RtcpCompound, source: Address, our_ssrc: int, now: float) -> None:
        """Take in what the peer says of itself and of what it receives from us."""
        self._source = source
        if compound.sender is not None:
            self._their_ntp = middle_of(compound.sender.ntp_time)
            self._heard_at = now
        for block in compound.blocks:
            if block.ssrc == our_ssrc:
                self.remote_lost = max(block.lost, 0)
                self._measure(block, now)

    def _measure(self, block: ReportBlock, now: float) -> None:
        """The round trip of section 6.4.1, where the peer echoes a report of ours."""
        if not block.last_report:
            return
        units = middle_of(ntp_time(now)) - block.last_report - block.delay
        units = (units + 0x80000000) % 0x100000000 - 0x80000000
        self.rtt = max(units, 0) / _NTP_UNITS

    def _blocks(self, reception: Reception, now: float) -> tuple[ReportBlock, ...]:
        if reception.ssrc is None:
            return ()
        delay = int((now - self._heard_at) * _NTP_UNITS) if self._their_ntp else 0
        block = ReportBlock(
            reception.ssrc,
            reception.fraction_lost(),
            reception.lost,
            reception.extended_highest,
            int(reception.jitter),
            self._their_ntp,
            delay,
        )
        return (block,)
