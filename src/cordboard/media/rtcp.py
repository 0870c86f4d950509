"""RTCP: compound packets of sender and receiver reports, SDES and BYE (RFC 3550, section 6).

A compound packet begins with a report, always carries our CNAME, and ends with a BYE when we
leave. Reading is lenient about what follows the first packet: what is not known is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
SOURCE_DESCRIPTION: Final = 202
GOODBYE: Final = 203

REPORT_INTERVAL: Final = 5.0  # s, the minimum of RFC 3550, section 6.2
# Reports of many legs must not fall into step, so each interval is drawn from this range.
INTERVAL_SPREAD: Final = (0.5, 1.5)  # section 6.3.1

MAX_SOURCES: Final = 31  # the count fields of the headers have five bits
MAX_COMPOUND_OCTETS: Final = 1500  # one Ethernet frame; longer datagrams are not looked at

_CNAME = 1
_HEADER = Struct("!BBH")
_REPORT = Struct("!BBHI")  # the header with our SSRC, as a BYE has it, too
_DESCRIPTION = Struct("!BBHIBB")  # the header, our SSRC, and the beginning of its first item
_SENDER_INFO = Struct("!IIIII")
_BLOCK = Struct("!IIIIII")
_WORD = Struct("!I")
_SENDER_WORDS: Final = _SENDER_INFO.size // 4
_BLOCK_WORDS: Final = _BLOCK.size // 4


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What one side says about the stream it receives (section 6.4.1)."""

    ssrc: int
    fraction_lost: int = 0  # 256ths since the last report
    lost: int = 0  # packets since the beginning, signed 24 bit
    highest_sequence: int = 0  # with the count of wraps in the upper half
    jitter: int = 0  # units of the codec's clock
    last_report: int = 0  # middle 32 bits of the last sender report's NTP time
    delay: int = 0  # since that report, 1/65536 s


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """The sender's half of a sender report."""

    ntp_time: int  # 64 bit, 32.32 seconds
    rtp_timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class RtcpCompound:
    """What one compound packet says."""

    ssrc: int
    sender: SenderInfo | None = None  # present in a sender report
    blocks: tuple[ReportBlock, ...] = ()
    cname: str | None = None
    goodbye: bool = False

    @classmethod
    def parse(cls, data: bytes) -> RtcpCompound | None:
        """Read a datagram; None where it is no compound RTCP packet. Never raises."""
        packets = _split(data)
        if not packets or packets[0][0] not in (SENDER_REPORT, RECEIVER_REPORT):
            return None
        kind, count, body = packets[0]
        report = _read_report(kind, count, body)
        if report is None:
            return None
        ssrc, sender, blocks = report
        cname = None
        goodbye = False
        for kind, count, body in packets[1:]:
            if kind == SOURCE_DESCRIPTION and cname is None:
                cname = _read_cname(count, body)
            elif kind == GOODBYE:
                goodbye = goodbye or _WORD.pack(ssrc) in _words(body[: 4 * count])
        return cls(ssrc, sender, blocks, cname, goodbye)

    def __bytes__(self) -> bytes:
        blocks, sender = self.blocks[:MAX_SOURCES], self.sender
        kind, words = RECEIVER_REPORT, 1 + _BLOCK_WORDS * len(blocks)
        if sender is not None:
            kind, words = SENDER_REPORT, words + _SENDER_WORDS
        compound = _REPORT.pack(0x80 | len(blocks), kind, words, self.ssrc)
        if sender is not None:
            compound += _sender_octets(sender)
        if blocks:
            compound += b"".join(map(_block_octets, blocks))
        if self.cname is not None:
            compound += _description(self.ssrc, self.cname)
        if self.goodbye:
            compound += _REPORT.pack(0x81, GOODBYE, 1, self.ssrc)
        return compound


def ntp_time(now: float) -> int:
    """Put seconds of any steady clock into 32.32 form; section 4 allows a clock since boot."""
    return int(now * 4294967296) & 0xFFFFFFFFFFFFFFFF


def middle_of(ntp: int) -> int:
    """The 32 bits of an NTP time that reports echo, in 1/65536 s."""
    return ntp >> 16 & 0xFFFFFFFF


def _split(data: bytes) -> list[tuple[int, int, bytes]]:
    """Cut a compound packet into (type, count, body); empty where the lengths do not add up."""
    packets: list[tuple[int, int, bytes]] = []
    if len(data) > MAX_COMPOUND_OCTETS:
        return packets
    start, size = 0, len(data)
    while start < size:
        if size - start < 4 or data[start] >> 6 != 2:
            return []
        first, kind, words = _HEADER.unpack_from(data, start)
        end = start + 4 + 4 * words
        if end > size:
            return []
        body = data[start + 4 : end]
        if first & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                return []
            body = body[: -body[-1]]
        packets.append((kind, first & 0x1F, body))
        start = end
    return packets


def _read_report(
    kind: int, count: int, body: bytes
) -> tuple[int, SenderInfo | None, tuple[ReportBlock, ...]] | None:
    start = 24 if kind == SENDER_REPORT else 4
    if len(body) < start + _BLOCK.size * count:
        return None
    sender = None
    if kind == SENDER_REPORT:
        high, low, timestamp, packets, octets = _SENDER_INFO.unpack_from(body, 4)
        sender = SenderInfo(high << 32 | low, timestamp, packets, octets)
    blocks = tuple(_read_block(body, start + _BLOCK.size * index) for index in range(count))
    return _WORD.unpack_from(body)[0], sender, blocks


def _read_block(body: bytes, start: int) -> ReportBlock:
    ssrc, loss, highest, jitter, last_report, delay = _BLOCK.unpack_from(body, start)
    lost = loss & 0xFFFFFF
    if lost & 0x800000:
        lost -= 0x1000000
    return ReportBlock(ssrc, loss >> 24, lost, highest, jitter, last_report, delay)


def _read_cname(count: int, body: bytes) -> str | None:
    """Find the CNAME among the items of the first chunk, where we put our own."""
    if not count:
        return None
    start = 4
    while start + 2 <= len(body) and body[start]:
        item, octets = body[start], body[start + 1]
        text = body[start + 2 : start + 2 + octets]
        if item == _CNAME and len(text) == octets:
            return text.decode("utf-8", "replace")
        start += 2 + octets
    return None


def _words(body: bytes) -> list[bytes]:
    return [body[start : start + 4] for start in range(0, len(body), 4)]


def _sender_octets(sender: SenderInfo) -> bytes:
    return _SENDER_INFO.pack(
        sender.ntp_time >> 32 & 0xFFFFFFFF,
        sender.ntp_time & 0xFFFFFFFF,
        sender.rtp_timestamp & 0xFFFFFFFF,
        sender.packets & 0xFFFFFFFF,
        sender.octets & 0xFFFFFFFF,
    )


def _block_octets(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(block.lost, 0x7FFFFF)) & 0xFFFFFF
    return _BLOCK.pack(
        block.ssrc,
        (block.fraction_lost & 0xFF) << 24 | lost,
        block.highest_sequence & 0xFFFFFFFF,
        block.jitter & 0xFFFFFFFF,
        block.last_report & 0xFFFFFFFF,
        block.delay & 0xFFFFFFFF,
    )


def _description(ssrc: int, cname: str) -> bytes:
    text = cname.encode()[:255]
    ended = text + bytes(4 - (2 + len(text)) % 4)  # at least one zero octet ends the items
    words = 1 + (2 + len(ended)) // 4
    return _DESCRIPTION.pack(0x81, SOURCE_DESCRIPTION, words, ssrc, _CNAME, len(text)) + ended


def report_interval(draw: int) -> float:
    """Seconds until the next report, by 32 random bits (RFC 3550, section 6.3.1)."""
    least, most = INTERVAL_SPREAD
    return REPORT_INTERVAL * (least + (most - least) * draw / 2**32)
