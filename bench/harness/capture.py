"""The SIP messages on the loopback interface, with the kernel's own times.

Nobody's own word counts: a retransmission is a message seen twice, a latency the distance of two
messages. While the load runs they are only put aside, by a filter in the kernel that lets nothing
else through; they are read when it is over.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from dataclasses import dataclass, field

from bench.harness.loop import Loop

ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
SOL_PACKET, PACKET_STATISTICS = 263, 6
BUFFER_BYTES = 64 * 1024 * 1024
OUTGOING = 4  # PACKET_OUTGOING: loopback shows each packet twice, this way once
AT_ONCE = 64


@dataclass
class Seen:
    """What was seen: times in seconds since the epoch, by Call-ID or by the number called."""

    invites: dict[str, float] = field(default_factory=dict)
    call_ids: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    offers: dict[str, int] = field(default_factory=dict)
    """The audio port that the server offers, by Call-ID."""
    answers: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    messages: int = 0
    repeated: list[tuple[float, str]] = field(default_factory=list)
    """When, and the first line."""
    dropped: int = 0

    def call_id(self, key: str) -> str:
        """The Call-ID of the leg that is known by its Call-ID or by its number."""
        return self.call_ids.get(key, key)

    def number_of(self, call_id: str) -> str:
        """The number that the INVITE of a Call-ID named."""
        return self.numbers[call_id]


def only_sip(port: int) -> bytes:
    """The kernel's filter (classic BPF) for outgoing UDP over IPv4 from or to a port."""
    packet_type = 0xFFFFF000 + 4  # SKF_AD_OFF + SKF_AD_PKTTYPE
    program = [
        (0x20, 0, 0, packet_type),
        (0x15, 0, 10, OUTGOING),
        (0x28, 0, 0, 12),
        (0x15, 0, 8, 0x0800),
        (0x30, 0, 0, 23),
        (0x15, 0, 6, 17),
        (0xB1, 0, 0, 14),
        (0x48, 0, 0, 14),
        (0x15, 2, 0, port),
        (0x48, 0, 0, 16),
        (0x15, 0, 1, port),
        (0x06, 0, 0, 0xFFFF),
        (0x06, 0, 0, 0),
    ]
    return b"".join(struct.pack("HBBI", *one) for one in program)


class Capture:
    """Puts aside SIP over UDP from and to a port, until :meth:`stop`."""

    def __init__(self, loop: Loop, port: int) -> None:
        self._loop = loop
        self._port = port
        self._kept: list[tuple[bytes, bytes]] = []
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        program = only_sip(port)
        where = ctypes.create_string_buffer(program, len(program))
        prog = struct.pack("HP", len(program) // 8, ctypes.addressof(where))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, prog)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind(("lo", 0))
        self._socket.setblocking(False)
        self.byes_answered = 0
        self.acks = 0
        loop.watch(self._socket, self._read)

    def stop(self) -> Seen:
        """End, and read what was put aside."""
        while self._read():
            pass
        dropped = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]
        self._loop.forget(self._socket)
        self._socket.close()
        reading = Reading(self._port)
        for data, stamp in self._kept:
            seconds, nanoseconds = struct.unpack("qq", stamp[:16])
            reading.take(data, seconds + nanoseconds / 1e9)
        reading.seen.dropped = dropped
        return reading.seen

    def _read(self) -> bool:
        try:
            for _ in range(AT_ONCE):
                data, ancillary, _, _ = self._socket.recvmsg(65_535, 64)
                self._kept.append((data, ancillary[0][2]))
                if data.startswith(b"ACK ", 42):
                    self.acks += 1
                elif data.startswith(b"SIP/2.0 200", 42) and b" BYE\r\n" in data:
                    self.byes_answered += 1
        except BlockingIOError:
            return False
        return True


class Reading:
    """Makes sense of Ethernet frames that hold SIP."""

    def __init__(self, port: int) -> None:
        self.seen = Seen()
        self._port = port
        self._keys: set[bytes] = set()

    def take(self, data: bytes, at: float) -> None:
        """Note one frame."""
        udp = 14 + (data[14] & 0x0F) * 4
        source = int.from_bytes(data[udp : udp + 2])
        message = data[udp + 8 :]
        if b"SIP/2.0" not in message.partition(b"\r\n")[0]:
            return  # a keep-alive, or a fragment of somebody else's that looks like ours
        self._note(message, at, source == self._port)

    def _note(self, message: bytes, at: float, ours: bool) -> None:
        head, _, body = message.partition(b"\r\n\r\n")
        first = head.partition(b"\r\n")[0]
        call_id, cseq = _value(head, b"call-id", b"i"), _value(head, b"cseq", b"cseq")
        key = b"|".join((first, call_id, cseq, _value(head, b"via", b"v"), bytes([ours])))
        seen = self.seen
        seen.messages += 1
        if key in self._keys:
            seen.repeated.append((at, first.decode(errors="replace")))
            return
        self._keys.add(key)
        name = call_id.decode()
        if ours and first.startswith(b"INVITE "):
            number = first[7:].partition(b":")[2].partition(b"@")[0].decode()
            if name not in seen.invites:
                seen.invites[name] = at
                seen.numbers[name] = number
                seen.call_ids.setdefault(number, name)
                port = body.partition(b"m=audio ")[2].partition(b" ")[0]
                if port:
                    seen.offers[name] = int(port)
        elif ours and first.startswith(b"ACK "):
            seen.acknowledged.setdefault(name, at)
        elif first.startswith(b"SIP/2.0 200"):
            if cseq.endswith(b"INVITE") and not ours:
                seen.answers.setdefault(name, at)
            elif cseq.endswith(b"BYE"):
                seen.ended.add(name)


def _value(head: bytes, name: bytes, short: bytes) -> bytes:
    lowered = head.lower()
    for one in (name, short):
        start = lowered.find(b"\r\n" + one + b":")
        if start >= 0:
            return head[start + len(one) + 3 :].partition(b"\r\n")[0].strip()
    return b""
