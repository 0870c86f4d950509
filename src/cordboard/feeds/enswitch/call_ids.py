"""How calls and their legs are called in Enswitch's API: ``1234567890.123456``.

An id there is the second of the beginning, a dot and a sequence. Ours are UUIDs of version 7, which
are milliseconds and 74 random bits (RFC 9562 5.7); so the seconds stand before the dot, and what is
left of the UUID behind it, as one number. Nothing has to be kept for that: the id of a call can be
read back, and is the same after a restart.

The ``callid`` of a call is also the ``uniqueid`` of its first leg, as a switch names a call by its
first channel. The sequence is even; that of the second leg is one more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cordboard.calls.request import Leg

_RANDOM_BITS: Final = 74
_RAND_B_BITS: Final = 62
_RAND_B: Final = (1 << _RAND_B_BITS) - 1
_RAND_A: Final = 0xFFF
_VERSION, _VARIANT = 0x7 << 76, 0x2 << 62
_LATEST: Final = 1 << 48
"""Milliseconds since 1970 that a UUID holds, exclusive."""

_ID: Final = re.compile(r"([0-9]{1,12})\.([0-9]{1,27})")


@dataclass(frozen=True, slots=True)
class Named:
    """A call by its own id, and the leg that is meant."""

    call: str
    leg: Leg


def callid(call: str) -> str:
    """The ``callid`` of a call; raises :class:`ValueError` for what is no UUID."""
    return uniqueid(call, Leg.FIRST)


def uniqueid(call: str, leg: Leg) -> str:
    """The ``uniqueid`` of a leg; raises :class:`ValueError` for what is no UUID."""
    value = UUID(call).int
    random = (value >> 64 & _RAND_A) << _RAND_B_BITS | value & _RAND_B
    seconds, thousandths = divmod(value >> 80, 1000)
    sequence = (thousandths << _RANDOM_BITS | random) << 1 | (leg is Leg.SECOND)
    return f"{seconds}.{sequence}"


def named(text: str) -> Named | None:
    """The call and leg of such an id; None for what is none."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    seconds, sequence = int(match[1]), int(match[2])
    thousandths, random = divmod(sequence >> 1, 1 << _RANDOM_BITS)
    since = seconds * 1000 + thousandths
    if thousandths >= 1000 or since >= _LATEST:
        return None
    high, low = random >> _RAND_B_BITS, random & _RAND_B
    value = since << 80 | _VERSION | high << 64 | _VARIANT | low
    return Named(str(UUID(int=value)), Leg.SECOND if sequence & 1 else Leg.FIRST)
