"""Form fields and query strings, read as PHP reads them into ``$_POST`` and ``$_GET``.

The hash of a request is taken over what PHP sees, so that what is grouped, dropped, renamed or
overwritten has to come out alike (vendor facts, 3.2; PHP manual, "Variables From External Sources"
and the directives ``max_input_vars`` and ``max_input_nesting_level``). Only beyond the two bounds
we differ: PHP drops what is too much and goes on, we refuse the request and say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

from cordboard.api.while1.php_values import (
    GREATEST_INTEGER,
    PhpArray,
    PhpValue,
    UnreadableParameters,
    integer_key,
    text,
)

MAX_VARIABLES = 1000
"""Most fields of one request: PHP's default ``max_input_vars``."""

MAX_NESTING = 64
"""Most brackets of one name: PHP's default ``max_input_nesting_level``."""

_SPACES = b" \t\n\v\f\r"
"""What C's isspace takes for a blank; one of them is skipped after an opening bracket."""

_MANGLED = bytes.maketrans(b" .[", b"___")

Name = list[str | None]
"""A field's name as the keys that lead to its value; None stands for the next free index."""


def parse_form(encoded: bytes) -> PhpArray:
    """Read ``a=1&b[c]=2``; raises :class:`UnreadableParameters` beyond a bound."""
    return gathered(_fields(encoded))


def gathered(fields: Iterable[tuple[bytes, bytes]]) -> PhpArray:
    """The structure of decoded names and values in their order.

    Raises :class:`UnreadableParameters` when there are more than ``MAX_VARIABLES``, or one is
    nested deeper than ``MAX_NESTING``.
    """
    gathering = _Gathering()
    for count, (name, value) in enumerate(fields, start=1):
        if count > MAX_VARIABLES:
            raise UnreadableParameters(f"there are more than {MAX_VARIABLES} parameters")
        gathering.put(keys_of(name), text(value))
    return gathering.found


def keys_of(name: bytes) -> Name:
    """The keys that a field's name leads through; none if PHP drops a field of that name."""
    name = name.split(b"\0", 1)[0].lstrip(b" ")
    top, bracket, rest = name.partition(b"[")
    top = top.translate(_MANGLED)
    if not top:
        return []
    keys: Name = [text(top)]
    while bracket == b"[":
        if len(keys) > MAX_NESTING:
            raise UnreadableParameters(f"a parameter is nested deeper than {MAX_NESTING} levels")
        skipped = rest[1:] if rest[:1] and rest[0] in _SPACES else rest
        if skipped.startswith(b"]"):
            keys.append(None)
            rest = skipped[1:]
        else:
            inner, closing, after = _up_to_bracket(rest, len(rest) - len(skipped))
            if not closing:
                return _unclosed(keys, rest)
            keys.append(text(inner))
            rest = after
        bracket, rest = rest[:1], rest[1:]
    return keys


def _up_to_bracket(rest: bytes, start: int) -> tuple[bytes, bool, bytes]:
    end = rest.find(b"]", start)
    return (rest, False, b"") if end < 0 else (rest[:end], True, rest[end + 1 :])


def _unclosed(keys: Name, rest: bytes) -> Name:
    """An opening bracket that none closes is part of the name before it."""
    *before, last = keys
    if len(keys) == 1 and last is not None:
        return [last + "_" + text(rest.translate(_MANGLED))]
    return [*before, last]


class _Gathering:
    """The structure so far, and the next free index of each array in it."""

    def __init__(self) -> None:
        self.found: PhpArray = {}
        self._next: dict[int, int] = {}
        self._made: list[PhpArray] = []  # also what was overwritten: an id must not come twice

    def put(self, keys: Name, value: str) -> None:
        """Set the value that these keys lead to; what stood in the way is overwritten."""
        array = self.found
        for place, key in enumerate(keys, start=1):
            step = key if key is not None else self._free_index(array)
            if step is None:
                return
            if place == len(keys):
                self._set(array, step, value)
            else:
                array = self._inner(array, step)

    def _inner(self, array: PhpArray, key: str) -> PhpArray:
        inner = array.get(key)
        if isinstance(inner, dict):
            return inner
        made: PhpArray = {}
        self._made.append(made)
        self._set(array, key, made)
        return made

    def _set(self, array: PhpArray, key: str, value: PhpValue) -> None:
        array[key] = value
        index = integer_key(key)
        if index is not None:
            following = self._next.get(id(array))
            if following is None or index >= following:
                self._next[id(array)] = index + 1

    def _free_index(self, array: PhpArray) -> str | None:
        """One more than the greatest integer key, 0 at first; None when integers have run out."""
        index = self._next.get(id(array), 0)
        return str(index) if index <= GREATEST_INTEGER else None


def _fields(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    for field in encoded.split(b"&"):
        if field:
            name, _, value = field.partition(b"=")
            yield _decoded(name), _decoded(value)


def _decoded(encoded: bytes) -> bytes:
    return unquote_to_bytes(encoded.replace(b"+", b" "))
