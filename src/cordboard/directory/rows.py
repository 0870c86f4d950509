"""The named tables of one kind in the configuration file: users, trunks, a user's terminals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cordboard.directory.locate import Path
from cordboard.directory.problems import Problems
from cordboard.directory.shape import Kind, Shape, child_tables, is_name, read_table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """A named table: as it was given, and the values read from it."""

    name: str
    given: dict[str, Any] = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    path: Path


def rows_of(
    key: str, parent: dict[str, Any], path: Path, name_kind: Kind, shape: Shape, problems: Problems
) -> Iterator[Row]:
    """The tables under ``key`` of the one at ``path`` whose names are good, read one by one."""
    for name, given in child_tables(key, parent, path, problems).items():
        where = (*path, key, name)
        if is_name(name_kind, where, problems):
            yield Row(name, given, read_table(shape, given, where, problems), where)


def fit(values: Iterable[T | None]) -> tuple[T, ...]:
    """The values without those that were found unfit, which are None."""
    return tuple(value for value in values if value is not None)
