"""Random octets, fetched from the system many at a time.

A call takes some twenty random values, and each of them would be a system call of its own. What is
handed out is the system's all the same, and never twice.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Final

PIECE_OCTETS: Final = 16
"""What one value is cut from at most: as long as a UUID."""

PIECES: Final = 256
"""Fetched at once: 4 KB, for some twelve calls."""

_stock: deque[bytes] = deque()
os.register_at_fork(after_in_child=_stock.clear)


def bits(count: int) -> int:
    """A random number of ``count`` bits, at most 128."""
    piece = _stock.pop() if _stock else _refill()
    return int.from_bytes(piece, "big") >> 8 * PIECE_OCTETS - count


def token(count: int) -> str:
    """``count`` random octets in hexadecimal digits, at most :data:`PIECE_OCTETS`."""
    if count > PIECE_OCTETS:
        raise ValueError(f"a token has at most {PIECE_OCTETS} random octets")
    piece = _stock.pop() if _stock else _refill()
    return piece[:count].hex()


def timely_uuid(wall: float) -> str:
    """A UUID that sorts by ``wall``, seconds since 1970 (version 7, RFC 9562 5.7): what is made
    in the same moment lies side by side in an index, and is written with few pages."""
    time = f"{int(wall * 1000):012x}"
    digits = (_stock.pop() if _stock else _refill()).hex()
    variant = "89ab"[int(digits[3], 16) & 3]
    return f"{time[:8]}-{time[8:]}-7{digits[:3]}-{variant}{digits[4:7]}-{digits[7:19]}"


def _refill() -> bytes:
    fetched = os.urandom(PIECE_OCTETS * PIECES)
    pieces = [fetched[i : i + PIECE_OCTETS] for i in range(0, len(fetched), PIECE_OCTETS)]
    piece = pieces.pop()
    _stock.extend(pieces)
    return piece
