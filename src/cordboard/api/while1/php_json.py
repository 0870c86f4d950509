"""A JSON body as ``json_decode($body, true)`` gives it to a PHP program.

What differs from JSON in Python: integers beyond 64 bits become floats; a name that
stands twice keeps its first place and its last value; halves of surrogate pairs are no strings.
Arrays are maps with the keys 0, 1, ... (see :mod:`cordboard.api.while1.php_values`). The bounds are
those of forms, for the same parameters come either way.
"""

from __future__ import annotations

from typing import Any, Final

from cordboard.api.body import UnreadableBody, finite, json_decoder
from cordboard.api.body import parse_json as body_json
from cordboard.api.while1.php_forms import MAX_NESTING, MAX_VARIABLES
from cordboard.api.while1.php_values import (
    GREATEST_INTEGER,
    LEAST_INTEGER,
    PhpArray,
    PhpValue,
    UnreadableParameters,
)

_MAX_DIGITS = 20
"""Longest text of an integer, sign included, that can be one of 64 bits."""


def parse_json(body: bytes) -> PhpArray:
    """Read an object or an array; raises :class:`UnreadableParameters`."""
    try:
        value = body_json(body, _DECODER)
    except UnreadableBody as fault:
        raise UnreadableParameters(str(fault)) from None
    if not isinstance(value, dict | list):
        raise UnreadableParameters("the body is no JSON object")
    return _Reading().array(value, 0)


class _Reading:
    """Turns what the parser found into PHP's arrays, and counts on the way."""

    def __init__(self) -> None:
        self._leaves = 0

    def array(self, value: dict[str, Any] | list[Any], depth: int) -> PhpArray:
        if depth > MAX_NESTING:
            raise UnreadableParameters(f"a parameter is nested deeper than {MAX_NESTING} levels")
        members = value.items() if isinstance(value, dict) else enumerate(value)
        return {_whole(str(key)): self._value(member, depth) for key, member in members}

    def _value(self, value: Any, depth: int) -> PhpValue:
        if isinstance(value, dict | list):
            return self.array(value, depth + 1)
        self._leaves += 1
        if self._leaves > MAX_VARIABLES:
            raise UnreadableParameters(f"there are more than {MAX_VARIABLES} parameters")
        return _whole(value) if isinstance(value, str) else value


def _whole(string: str) -> str:
    try:
        string.encode("utf-8")
    except UnicodeEncodeError:
        raise UnreadableParameters("the body has half a surrogate pair") from None
    return string


def _integer(text: str) -> int | float:
    if len(text) > _MAX_DIGITS:
        return finite(text)
    number = int(text)
    return number if LEAST_INTEGER <= number <= GREATEST_INTEGER else float(number)


_DECODER: Final = json_decoder(integer=_integer)
