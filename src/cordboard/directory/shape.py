"""What a table of the configuration may hold: the kinds of values, and how a table is read by them.

A :class:`Kind` says in words what it expects and turns a TOML value into ours; a :class:`Shape` is
the keys of one table. Reading never raises: whatever does not fit becomes a problem with its path,
and the key counts as not given. Values of secret keys are never repeated in a message.
"""

from __future__ import annotations

import difflib
import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cordboard.directory.locate import Path
from cordboard.directory.problems import Problems

SHOWN_CHARACTERS = 40
"""How much of a wrong value a message repeats."""


class Unfit(ValueError):
    """A value is not of the kind; the text says what is wrong with it, without the value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value: what is expected, in words, and how a TOML value becomes ours.

    ``read`` raises :class:`Unfit` with "" where the words say it all, or with what else is wrong.
    ``each`` is the kind of a list's entries, ``inside`` the shape of a table.
    """

    expected: str
    read: Callable[[Any], Any]
    each: Kind | None = None
    inside: Shape | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table. A key without ``default`` that is not ``required`` is None if absent."""

    kind: Kind
    default: Any = None
    required: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """The keys of one table: plain ones, and tables of named tables (``user.NAME``)."""

    name: str
    fields: Mapping[str, Field]
    children: Mapping[str, Shape] = field(default_factory=dict)

    def keys(self) -> tuple[str, ...]:
        """Every key that may stand in the table."""
        return (*self.fields, *self.children)


def is_writable(character: str) -> bool:
    """Whether a character may stand in a name: no control, surrogate or separator of lines."""
    return unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"}


def text(expected: str = "a text", *, longest: int = 255) -> Kind:
    """A text of 1 to ``longest`` characters without control characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise Unfit
        if not all(map(is_writable, value)):
            raise Unfit("it holds a control character")
        if len(value) > longest:
            raise Unfit(f"it is longer than {longest} characters")
        if not value.strip():
            raise Unfit("it is empty")
        return value

    return Kind(expected, read)


def text_where(expected: str, parse: Callable[[str], Any]) -> Kind:
    """A text that ``parse`` takes; its ValueError tells what is wrong."""
    plain = text(expected)

    def read(value: Any) -> Any:
        checked = plain.read(value)
        try:
            return parse(checked)
        except ValueError as error:
            raise Unfit(str(error)) from None

    return Kind(expected, read)


def integer(least: int, most: int, unit: str = "") -> Kind:
    """A whole number from ``least`` to ``most``."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Unfit
        return value

    return Kind(f"a whole number from {least} to {most}{_of(unit)}", read)


def number(least: float, most: float, unit: str = "") -> Kind:
    """A number from ``least`` to ``most``, with or without decimals."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit
        if not math.isfinite(value) or not least <= value <= most:
            raise Unfit
        return float(value)

    return Kind(f"a number from {least:g} to {most:g}{_of(unit)}", read)


def _of(unit: str) -> str:
    return f" ({unit})" if unit else ""


def truth() -> Kind:
    """True or false."""

    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Unfit
        return value

    return Kind("true or false", read)


def one_of(choices: type[Enum]) -> Kind:
    """The value of one member of an enumeration."""
    by_value = {member.value: member for member in choices}
    names = ", ".join(f'"{value}"' for value in by_value)

    def read(value: Any) -> Enum:
        if not isinstance(value, str) or value not in by_value:
            raise Unfit(_did_you_mean(value, by_value) if isinstance(value, str) else "")
        return by_value[value]

    return Kind(f"one of {names}", read)


def list_of(each: Kind, expected: str) -> Kind:
    """A list whose entries are all of one kind."""

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Unfit
        return value

    return Kind(expected, read, each=each)


def text_or_table(plain: Kind, key: str, inside: Shape) -> Kind:
    """A table, or a text that stands for a table with just ``key`` in it."""

    def read(value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        plain.read(value)
        return {key: value}

    return Kind(f"{plain.expected} or a table {{{key} = ...}}", read, inside=inside)


def table(expected: str, inside: Shape) -> Kind:
    """A table of a shape of its own."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Unfit
        return value

    return Kind(expected, read, inside=inside)


def read_table(
    shape: Shape, given: dict[str, Any], path: Path, problems: Problems
) -> dict[str, Any]:
    """The values of a table by key, absent and unfit ones with their defaults.

    Tables of named tables are left to the caller. A required key that is absent or unfit has no
    entry in the result.
    """
    report_unknown_keys(shape.keys(), given, path, problems)
    values: dict[str, Any] = {}
    for key, one in shape.fields.items():
        if key in given:
            fit, value = _read_value(one.kind, given[key], (*path, key), problems, one.secret)
            if fit:
                values[key] = value
                continue
        elif one.required:
            problems.error(path, f'"{key}" is missing: expected {one.kind.expected}')
        if not one.required:
            values[key] = one.default
    return values


def report_unknown_keys(
    known: tuple[str, ...], given: Mapping[str, Any], path: Path, problems: Problems
) -> None:
    """Reports each key that a table may not have, with the one that was probably meant."""
    for key in given:
        if key not in known:
            meant = _did_you_mean(key, known) or f"known here: {', '.join(known)}"
            problems.error((*path, key), f"there is no such key; {meant}")


def child_tables(
    key: str, given: dict[str, Any], path: Path, problems: Problems
) -> dict[str, dict[str, Any]]:
    """The named tables under a key (``user.NAME``), without those that are not tables."""
    children = given.get(key, {})
    if not isinstance(children, dict):
        problems.error((*path, key), f"expected tables [... .{key}.NAME], found {found(children)}")
        return {}
    tables = {}
    for name, child in children.items():
        if isinstance(child, dict):
            tables[name] = child
        else:
            problems.error((*path, key, name), f"expected a table, found {found(child)}")
    return tables


def is_name(kind: Kind, path: Path, problems: Problems) -> bool:
    """Whether the last key of a path is fit to name an object."""
    try:
        kind.read(path[-1])
    except Unfit:
        problems.error(path, f"expected {kind.expected}, found {found(path[-1])}")
        return False
    return True


def _read_value(
    kind: Kind, value: Any, path: Path, problems: Problems, secret: bool
) -> tuple[bool, Any]:
    """Whether the value is of its kind, and what it becomes."""
    try:
        taken = kind.read(value)
    except Unfit as error:
        shown = found(value, secret=secret)
        why = f"; {error}" if str(error) else ""
        problems.error(path, f"expected {kind.expected}, found {shown}{why}")
        return False, None
    if kind.each is not None:
        entries = [
            _read_value(kind.each, entry, (*path, position), problems, secret)
            for position, entry in enumerate(taken)
        ]
        # An entry that does not fit keeps its place, so that positions stay those of the file.
        return True, [entry if fit else None for fit, entry in entries]
    if kind.inside is not None:
        return True, read_table(kind.inside, taken, path, problems)
    return True, taken


def found(value: Any, *, secret: bool = False) -> str:
    """A wrong value in words; a secret one by its type only."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    kind = "text" if isinstance(value, str) else "number" if _is_number(value) else "date or time"
    if secret:
        return f"a {kind}"
    written = "".join(c if c.isprintable() else "?" for c in str(value)[: SHOWN_CHARACTERS + 1])
    if len(written) > SHOWN_CHARACTERS:
        written = written[:SHOWN_CHARACTERS] + "..."
    return f'"{written}"' if isinstance(value, str) else f"the {kind} {written}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _did_you_mean(key: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""
