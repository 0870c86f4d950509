"""Watches the SIP messages on the loopback interface, with the kernel's own times.

Reading them off the wire costs the server nothing and trusts nobody's word: a retransmission is a
message seen twice, a latency the distance of two messages.
"""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass, field

ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
BUFFER_BYTES = 32 * 1024 * 1024
OUTGOING = 4  # PACKET_OUTGOING: loopback shows each packet twice, this way once


@dataclass
class Seen:
    """What was seen: times in seconds since the epoch by Call-ID or called number."""

    invites: dict[str, float] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    answers: dict[str, float] = field(default_factory=dict)
    byes_answered: int = 0
    retransmissions: int = 0


class Sniffer(threading.Thread):
    """Collects SIP over UDP from and to ``port`` until :meth:`stop`."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.seen = Seen()
        self._port = port
        self._keys: set[bytes] = set()
        self._stopped = threading.Event()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, 33, BUFFER_BYTES)  # SO_RCVBUFFORCE
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind(("lo", 0))
        self._socket.settimeout(0.2)

    def run(self) -> None:
        """Read until stopped."""
        while not self._stopped.is_set():
            try:
                data, ancillary, _, address = self._socket.recvmsg(65_535, 256)
            except TimeoutError:
                continue
            if address[2] != OUTGOING or data[23:24] != b"\x11":
                continue
            udp = 14 + (data[14] & 0x0F) * 4
            source, target = struct.unpack_from("!HH", data, udp)
            if self._port not in (source, target):
                continue
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
            self._note(data[udp + 8 :], seconds + nanoseconds / 1e9, bool(source == self._port))

    def stop(self) -> Seen:
        """End, and say what was seen."""
        self._stopped.set()
        self.join()
        self._socket.close()
        return self.seen

    def _note(self, message: bytes, at: float, ours: bool) -> None:
        head = message.partition(b"\r\n\r\n")[0]
        first, _, rest = head.partition(b"\r\n")
        call_id = _value(rest, b"\r\ncall-id:")
        cseq = _value(rest, b"\r\ncseq:")
        key = b"|".join((first, call_id, cseq, _value(b"\r\n" + rest, b"\r\nvia:"), bytes([ours])))
        if key in self._keys:
            self.seen.retransmissions += 1
            return
        self._keys.add(key)
        name = call_id.decode()
        if ours and first.startswith(b"INVITE "):
            self.seen.invites[name] = at
            self.seen.numbers[first[7:].partition(b":")[2].partition(b"@")[0].decode()] = at
        elif not ours and first.startswith(b"SIP/2.0 200") and cseq.endswith(b"INVITE"):
            self.seen.answers[name] = at
        elif first.startswith(b"SIP/2.0 200") and cseq.endswith(b"BYE"):
            self.seen.byes_answered += 1


def _value(head: bytes, name: bytes) -> bytes:
    lowered = head.lower()
    start = lowered.find(name)
    if start < 0:
        return b""
    return head[start + len(name) :].partition(b"\r\n")[0].strip()
