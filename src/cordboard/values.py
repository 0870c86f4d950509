"""Values that a call makes by the dozen, and words that it looks up as often.

Values are written as frozen dataclasses and are that for the type checker, which every change has
to pass. At run time they are plain ones: a frozen one sets each field by a call of
``object.__setattr__``, which makes it four times as dear (0.6 µs for five fields, Python 3.11).

A call's events, which stay for long, and what plans, limits, commands and events of channels are
made of, are ``msgspec.Struct`` s: made, compared and hashed in C (0.1 µs), and with ``gc=False``
never looked at by the garbage collector. None of them leads back to itself.
``msgspec.structs.replace`` makes another one of one.
"""

from __future__ import annotations

from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING

__all__ = ["Word", "often_made"]


class Word(Enum):
    """An enumeration whose members are keys of tables, and are written down: each is one object,
    found as such, and has its value at hand. Enum's own hash is that of its name, by a function of
    Python, 100 times a call, and its own ``value`` takes two (until Python 3.12), 15 times a call.
    """

    __hash__ = object.__hash__

    if not TYPE_CHECKING:
        value = property(attrgetter("_value_"))


if TYPE_CHECKING:
    from dataclasses import dataclass as often_made
else:
    from dataclasses import dataclass

    def often_made(*, frozen: bool, **how: bool):
        """``dataclass``, with the equality and hash of a frozen one."""
        return dataclass(unsafe_hash=frozen, **how)
