"""BERT terms read as the vendor's own client reads them, and as strictly: what throws there is
refused here, and so is what that client misreads. It is what our frames are checked with, and what
a client of this socket in Python may use."""

from __future__ import annotations

from math import isfinite
from typing import Final

from cordboard.api.basix.cti.terms import (
    ATOM,
    BINARY,
    DEEPEST,
    FLOAT,
    FLOAT_OCTETS,
    INTEGER,
    LARGE_BIG,
    LARGEST_OCTET,
    LIST,
    LONGEST_SHORT,
    NIL,
    SMALL_ATOM,
    SMALL_BIG,
    SMALL_INTEGER,
    SMALL_TUPLE,
    STRING,
    VERSION,
    Atom,
    Term,
)

LARGEST_FRAME: Final = 64 * 1024 * 1024
"""Octets of one message: the rows of 100,000 channels, each some 600 octets."""

LARGEST_READ_BIG: Final = 1024
"""Octets of an integer: reading one takes time that grows with the square of them."""

_WORDS: Final[dict[str, bool | None]] = {"undefined": None, "true": True, "false": False}


class MalformedTerm(ValueError):
    """These octets are no term, or none that the vendor's client could read."""


def read_frame(octets: bytes) -> Term:
    """The one term of a message; raises :class:`MalformedTerm` and nothing else."""
    if not octets or octets[0] != VERSION:
        raise MalformedTerm("not a valid BERT")
    if len(octets) > LARGEST_FRAME:
        raise MalformedTerm(f"a message of more than {LARGEST_FRAME} octets")
    reading = _Reading(octets)
    term = reading.term(DEEPEST)
    reading.expect_end()
    return term


class _Reading:
    """Octets, and how far they are read."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 1

    def expect_end(self) -> None:
        if self._at != len(self._octets):
            raise MalformedTerm("octets behind the term")

    def term(self, deeper: int) -> Term:
        """The next term, in which others are at most so deep."""
        tag = self._number(1)
        if tag == SMALL_INTEGER:
            return self._octet()
        if tag == BINARY:
            return self._take(self._length())
        if tag in (ATOM, SMALL_ATOM):
            name = self._take(self._short() if tag == ATOM else self._octet()).decode("latin-1")
            return _WORDS[name] if name in _WORDS else Atom(name)
        if tag == STRING:
            return self._take(self._short()).decode("latin-1")
        if tag == NIL:
            return []
        if tag in (SMALL_TUPLE, LIST):
            return self._several(tag, deeper)
        return self._rare_number(tag)

    def _several(self, tag: int, deeper: int) -> Term:
        if deeper == 0:
            raise MalformedTerm(f"terms are more than {DEEPEST} deep")
        if tag == SMALL_TUPLE:
            count = self._octet()
            return tuple([self.term(deeper - 1) for _ in range(count)])
        terms = [self.term(deeper - 1) for _ in range(self._length())]
        if self._number(1) != NIL:
            raise MalformedTerm("a list does not end in nil")
        return terms

    def _rare_number(self, tag: int) -> Term:
        if tag == INTEGER:
            octets = self._take(4)
            if octets[0] == 0x80:
                raise MalformedTerm("an integer that is read as positive")
            return int.from_bytes(octets, "big", signed=True)
        if tag in (SMALL_BIG, LARGE_BIG):
            size = self._octet() if tag == SMALL_BIG else self._number(4)
            if size > LARGEST_READ_BIG:
                raise MalformedTerm(f"an integer of more than {LARGEST_READ_BIG} octets")
            is_negative = self._number(1)
            number = int.from_bytes(self._take(size), "little")
            return -number if is_negative else number
        if tag == FLOAT:
            return self._float()
        raise MalformedTerm(f"unexpected BERT type {tag}")

    def _float(self) -> float:
        text = self._take(FLOAT_OCTETS).rstrip(b"\0")
        if not text or not set(text) <= _OF_FLOATS:
            raise MalformedTerm("a number is not one")
        try:
            number = float(text)
        except ValueError:
            raise MalformedTerm("a number is not one") from None
        if not isfinite(number):
            raise MalformedTerm("a number is not finite")
        return number

    def _octet(self) -> int:
        number = self._number(1)
        if number > LARGEST_OCTET:
            raise MalformedTerm("an octet that some clients read as negative")
        return number

    def _short(self) -> int:
        length = self._number(2)
        if length > LONGEST_SHORT:
            raise MalformedTerm("a length that is read as negative")
        return length

    def _length(self) -> int:
        """A length of four octets. Each element of a list takes one octet at least, so that no more
        are believed in than there can be."""
        length = self._number(4)
        if length > len(self._octets) - self._at:
            raise MalformedTerm("less than announced")
        return length

    def _number(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._octets):
            raise MalformedTerm("less than announced")
        taken = self._octets[self._at : end]
        self._at = end
        return taken


_OF_FLOATS: Final = frozenset(b"+-.0123456789e")
