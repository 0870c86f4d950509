"""State machines as tables: ``{state: {input: (next state, what to do)}}``.

A table is data, for people and for the diagrams in the docs. Compiled, each entry holds the next
row and the function to call, so that a step is one look into a dict. An input without an entry in
the present state is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

S = TypeVar("S")
In = TypeVar("In")
T = TypeVar("T")
A = TypeVar("A")


class Row(dict[In, "tuple[S, Row[In, S, A], A]"], Generic[In, S, A]):
    """One state of a compiled table: where each input leads and what to call."""


def compile_table(
    table: Mapping[S, Mapping[In, tuple[S, T]]], action: Callable[[T], A]
) -> dict[S, Row[In, S, A]]:
    """Put functions in the place of their names, and the next row beside the next state."""
    rows: dict[S, Row[In, S, A]] = {state: Row() for state in table}
    for state, entries in table.items():
        for what, (following, todo) in entries.items():
            rows[state][what] = (following, rows[following], action(todo))
    return rows
