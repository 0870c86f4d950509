"""BERT terms, which the frames of the CTI WebSocket are made of, and how they are written.

A term is in Erlang's external term format, and of it only what the decoder of the vendor's own
client knows (``lib/bert.js`` of basix_ws_cti); whatever else it meets throws, which ends a client
that does not expect it. So there are no UTF-8 atoms, no new floats, no maps, no large tuples.

    here                   there
    None, True, False      ATOM undefined, true, false
    int                    SMALL_INTEGER, INTEGER, SMALL_BIG
    float                  FLOAT, by its text
    Atom                   ATOM
    str                    STRING, which the client has as a text
    bytes                  BINARY
    tuple                  SMALL_TUPLE
    list                   LIST, or NIL where it is empty
    Encoded                whatever it was when it was written
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Final

VERSION: Final = 131
"""The first octet of every frame."""

SMALL_INTEGER: Final = 97
INTEGER: Final = 98
FLOAT: Final = 99
ATOM: Final = 100
SMALL_TUPLE: Final = 104
NIL: Final = 106
STRING: Final = 107
LIST: Final = 108
BINARY: Final = 109
SMALL_BIG: Final = 110
LARGE_BIG: Final = 111
SMALL_ATOM: Final = 115

LONGEST_SHORT: Final = 0x80FF
"""Octets of an atom or a string: the client reads a length of two octets above it as negative."""

LARGEST_OCTET: Final = 0x7F
"""What a number of one octet may be, be it a value or a size: clients of 2016 read one above 0x80
as negative. What is larger is written as INTEGER."""

LARGEST_TUPLE: Final = LARGEST_OCTET
"""Elements of a tuple; the client has no function for those with a size of four octets."""

LARGEST_LONG: Final = 0x7FFF_FFFF
"""Octets of a binary, elements of a list."""

LARGEST_BIG: Final = LARGEST_OCTET
"""Octets of an integer, as SMALL_BIG counts them in one."""

FLOAT_OCTETS: Final = 31

SMALLEST_INTEGER: Final = -0x7F00_0000
"""The client reads four octets of which the first is 0x80 as positive, so that what is smaller is
written as SMALL_BIG."""

LARGEST_INTEGER: Final = 0x7FFF_FFFF

DEEPEST: Final = 32
"""Terms within each other: an event has a row, that a state, and that its target."""


class UnwritableTerm(ValueError):
    """The client could not read this value, whatever we wrote."""


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom, by its name in Latin-1. Names with a term of their own here are no atoms:
    ``undefined``, ``true`` and ``false`` are None, True and False."""

    name: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """A term that was written before, and stands in others as it is."""

    octets: bytes


Term = bool | int | float | str | bytes | Atom | Encoded | tuple["Term", ...] | list["Term"] | None


def frame(term: Term) -> bytes:
    """A term as one message of the WebSocket; raises :class:`UnwritableTerm`."""
    return b"\x83" + written(term)


def written(term: Term) -> bytes:
    """A term without the octet that begins a message; raises :class:`UnwritableTerm`."""
    parts: list[bytes] = []
    _write(term, parts, DEEPEST)
    return b"".join(parts)


def joined(*terms: Term) -> bytes:
    """Terms one behind the other, as they stand behind a :func:`tuple_head`; raises
    :class:`UnwritableTerm`."""
    parts: list[bytes] = []
    _write_elements(terms, parts, DEEPEST - 1)
    return b"".join(parts)


def integer(number: int) -> bytes:
    """A whole number, written; raises :class:`UnwritableTerm`."""
    if 0 <= number <= LARGEST_OCTET:
        return bytes((SMALL_INTEGER, number))
    if SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
        return b"b%b" % number.to_bytes(4, "big", signed=True)
    size = (abs(number).bit_length() + 7) // 8
    if size > LARGEST_BIG:
        raise _too_many(LARGEST_BIG, "octets of an integer")
    head = bytes((SMALL_BIG, size, number < 0))
    return head + abs(number).to_bytes(size, "little")


def tuple_head(size: int) -> bytes:
    """What a tuple of so many elements begins with; raises :class:`UnwritableTerm`."""
    if size > LARGEST_TUPLE:
        raise _too_many(LARGEST_TUPLE, "elements of a tuple")
    return _TUPLES[size]


def _write(term: Term, parts: list[bytes], deeper: int) -> None:
    """Put a term behind those that are written."""
    if isinstance(term, bytes):
        if len(term) > LARGEST_LONG:
            raise _too_many(LARGEST_LONG, "octets of a binary")
        parts.append(b"m%b%b" % (len(term).to_bytes(4, "big"), term))
    elif term is None:
        parts.append(UNDEFINED)
    elif isinstance(term, bool):
        parts.append(_TRUE if term else _FALSE)
    elif isinstance(term, int):
        parts.append(integer(term))
    elif isinstance(term, tuple | list):
        _write_several(term, parts, deeper)
    elif isinstance(term, str):
        parts.append(_short(STRING, term))
    elif isinstance(term, Atom):
        parts.append(_short(ATOM, term.name))
    elif isinstance(term, Encoded):
        parts.append(term.octets)
    else:
        parts.append(_float(term))


def _write_several(terms: tuple[Term, ...] | list[Term], parts: list[bytes], deeper: int) -> None:
    if deeper == 0:
        raise UnwritableTerm(f"terms are more than {DEEPEST} deep")
    if isinstance(terms, tuple):
        parts.append(tuple_head(len(terms)))
        _write_elements(terms, parts, deeper - 1)
        return
    if terms:
        if len(terms) > LARGEST_LONG:
            raise _too_many(LARGEST_LONG, "elements of a list")
        parts.append(b"l%b" % len(terms).to_bytes(4, "big"))
        _write_elements(terms, parts, deeper - 1)
    parts.append(b"j")


def _write_elements(terms: Iterable[Term], parts: list[bytes], deeper: int) -> None:
    for term in terms:  # what rows are made of mostly comes first
        if term is None:
            parts.append(UNDEFINED)
        elif type(term) is bytes and len(term) < _SHORT_BINARY:
            parts.append(_BINARIES[len(term)] + term)
        elif type(term) is int:
            parts.append(integer(term))
        else:
            _write(term, parts, deeper)


def _short(tag: int, text: str) -> bytes:
    try:
        octets = text.encode("latin-1")
    except UnicodeEncodeError:
        raise UnwritableTerm("a text has characters beyond Latin-1") from None
    if len(octets) > LONGEST_SHORT:
        raise _too_many(LONGEST_SHORT, "octets of a text")
    return struct.pack(">BH", tag, len(octets)) + octets


def _float(number: float) -> bytes:
    if not isfinite(number):
        raise UnwritableTerm("a number is not finite")
    return b"c%b" % (b"%.20e" % number).ljust(FLOAT_OCTETS, b"\0")


def _too_many(most: int, what: str) -> UnwritableTerm:
    return UnwritableTerm(f"more than {most} {what}")


UNDEFINED: Final = _short(ATOM, "undefined")
"""None, written."""

_TRUE: Final = _short(ATOM, "true")
_FALSE: Final = _short(ATOM, "false")

_TUPLES: Final = tuple(bytes((SMALL_TUPLE, size)) for size in range(LARGEST_TUPLE + 1))

_SHORT_BINARY: Final = 256
_BINARIES: Final = tuple(b"m%b" % size.to_bytes(4, "big") for size in range(_SHORT_BINARY))
"""What stands before a short binary."""
