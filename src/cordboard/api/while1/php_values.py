"""What PHP makes of a request's parameters, in Python's words.

A PHP array is an ordered map whose keys are integers or strings, and an integer key is the same key
as the string that is written alike. So a ``dict`` of strings holds one; a list is such a map with
the keys ``"0"``, ``"1"`` and so on. PHP's strings are bytes: ours carry what is no UTF-8 as
surrogate escapes (PEP 383), and give it back unchanged by :func:`octets`.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Leaf: TypeAlias = str | int | float | bool | None

PhpArray: TypeAlias = "dict[str, PhpValue]"

PhpValue: TypeAlias = "Leaf | PhpArray"

LEAST_INTEGER = -(2**63)
GREATEST_INTEGER = 2**63 - 1
"""The bounds of PHP's integers on every machine of 64 bits."""

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")


class UnreadableParameters(Exception):
    """The parameters can't be read as PHP reads them; the message says why, without any value."""


def text(raw: bytes) -> str:
    """The string that carries these octets."""
    return raw.decode("utf-8", "surrogateescape")


def octets(string: str) -> bytes:
    """The octets that :func:`text` was given, or the UTF-8 of any other string."""
    return string.encode("utf-8", "surrogateescape")


def integer_key(key: str) -> int | None:
    """The integer that PHP keeps this key as; None if it stays a string (``"01"``, ``"-0"``)."""
    if _INTEGER.fullmatch(key) is None:
        return None
    number = int(key)
    return number if LEAST_INTEGER <= number <= GREATEST_INTEGER else None
