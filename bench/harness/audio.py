"""RTP of many phones at once: as many system calls as batches, nothing done for a packet.

All streams say the same at the same time, so that one buffer is sent to all addresses by
``sendmmsg``; what comes back is counted by ``recvmmsg``. When it came the kernel says, so that it
does not matter how seldom it is looked for.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time
from dataclasses import dataclass, field

PACKET_SECONDS = 0.020
SAMPLES = 160
SLICES = 10
"""In how many parts a packet time is divided, so that not all streams speak at once."""

SILENCE_SECONDS = 0.25
"""After which nothing that was sent is under way any more."""

MOST_AT_ONCE = 256
PACKET_BYTES = 12 + SAMPLES
SOCKET_BUFFER = 16 * 1024 * 1024
SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_TIMESTAMPNS = 32, 33, 35
STAMP = struct.Struct("!d")
"""When a packet was sent, in the system's time."""

CAME = struct.Struct("@Niiqq")
"""A control message with a timespec: its length, level and type, seconds and nanoseconds."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("length", ctypes.c_uint32),  # ends struct mmsghdr: msg_len behind msghdr
        ("_padding", ctypes.c_uint32),
    )


@dataclass(slots=True)
class Heard:
    """What came of what was sent, and how long it took (ms)."""

    sent: int = 0
    received: int = 0
    delays: list[float] = field(default_factory=list)


class Voices:
    """The phones of one leg: one socket, which speaks to many ports of the server."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SOCKET_BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, SOCKET_BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.bind(("127.0.0.1", port))
        self._socket.setblocking(False)
        self._packet = ctypes.create_string_buffer(PACKET_BYTES)
        self._out = _Vector(ctypes.addressof(self._packet), PACKET_BYTES)
        self._number = 0
        self._heads: list[ctypes.Array[_Header]] = []
        self._kept: list[object] = []
        self._inside = ctypes.create_string_buffer(MOST_AT_ONCE * 2048)
        base = ctypes.addressof(self._inside)
        vectors = (_Vector * MOST_AT_ONCE)(
            *(_Vector(base + 2048 * at, 2048) for at in range(MOST_AT_ONCE))
        )
        start = ctypes.addressof(vectors)
        size = ctypes.sizeof(_Vector)
        self._incoming = (_Header * MOST_AT_ONCE)(
            *(_Header(vectors=start + size * at, vector_count=1) for at in range(MOST_AT_ONCE))
        )
        self._vectors = vectors
        self._came = ctypes.create_string_buffer(CAME.size)

    def speak_to(self, ports: list[int]) -> None:
        """From now on, to these ports."""
        self._heads, self._kept = [], []
        for slice_number in range(SLICES):
            chosen = ports[slice_number::SLICES]
            heads = (_Header * len(chosen))()
            for head, port in zip(heads, chosen, strict=True):
                address = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(port), b"\x7f\0\0\1")
                kept = ctypes.create_string_buffer(address, len(address))
                self._kept.append(kept)
                head.name, head.name_length = ctypes.addressof(kept), len(address)
                head.vectors, head.vector_count = ctypes.addressof(self._out), 1
            self._heads.append(heads)

    def speak(self, slice_number: int, heard: Heard) -> None:
        """Send the next packet to one slice of the ports; the first slice begins a packet."""
        heads = self._heads[slice_number]
        self._number += slice_number == 0
        number = self._number  # goes on through all talks: a stream that jumps loses a packet
        struct.pack_into(
            "!BBHII", self._packet, 0, 0x80, 0, number & 0xFFFF, number * SAMPLES & 0xFFFFFFFF, 77
        )
        STAMP.pack_into(self._packet, 12, time.time())
        done = 0
        while done < len(heads):
            count = min(MOST_AT_ONCE, len(heads) - done)
            where = ctypes.byref(heads, done * ctypes.sizeof(_Header))
            sent = _libc.sendmmsg(self._socket.fileno(), where, count, 0)
            if sent <= 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            done += sent
        heard.sent += len(heads)

    def listen(self, heard: Heard) -> bool:
        """Count what has come, and note how late the first of it was; whether there may be more."""
        first = self._incoming[0]
        first.control, first.control_length = ctypes.addressof(self._came), CAME.size
        count = _libc.recvmmsg(
            self._socket.fileno(), self._incoming, MOST_AT_ONCE, socket.MSG_DONTWAIT, None
        )
        if count <= 0:
            return False
        heard.received += count
        said = STAMP.unpack_from(self._inside, 12)[0]
        *_, seconds, nanoseconds = CAME.unpack(self._came)
        heard.delays.append((seconds - said) * 1000 + nanoseconds / 1e6)
        return bool(count == MOST_AT_ONCE)

    def close(self) -> None:
        """Be silent."""
        self._socket.close()


def talk(first: Voices, second: Voices, seconds: float) -> Heard:
    """Let both legs speak for so long, and wait a moment for what is under way."""
    heard = Heard()
    began = time.monotonic()
    step = PACKET_SECONDS / SLICES
    for at in range(round(seconds / step)):
        ahead = began + at * step - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        for voices in (first, second):
            voices.speak(at % SLICES, heard)
        for voices in (first, second):
            while voices.listen(heard):
                pass
    listen_until_silent(first, second, heard)
    return heard


def listen_until_silent(first: Voices, second: Voices, heard: Heard) -> None:
    """Count what is still under way."""
    while True:
        before = heard.received
        time.sleep(SILENCE_SECONDS)
        for voices in (first, second):
            while voices.listen(heard):
                pass
        if heard.received == before:
            return
