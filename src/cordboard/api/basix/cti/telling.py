"""Messages of rows and of what changes in them, framed: what a new client is told, and what all
are."""

from __future__ import annotations

from collections.abc import Iterator

from cordboard.api.basix.cti.deltas import Delta
from cordboard.api.basix.cti.elements import (
    Element,
    field_spec,
    info_event,
    initial_info,
)
from cordboard.api.basix.cti.projection import Projection
from cordboard.api.framed import binary


def framed_greeting(projection: Projection, user: int | None = None) -> Iterator[bytes]:
    """What :func:`greeting` says, as frames."""
    return map(binary, greeting(projection, user))


def framed_change(delta: Delta) -> bytes:
    """The frame of a change."""
    return binary(info_event(delta.element, delta.row, delta.change))


def greeting(projection: Projection, user: int | None = None) -> Iterator[bytes]:
    """The columns of all elements, then all rows there are, for who watches everybody or one user:
    each element once."""
    for element in Element:
        yield field_spec(element)
    for element in Element:
        yield initial_info(element, projection.rows(element, user))


def told(delta: Delta) -> bytes:
    """The message of a change."""
    return info_event(delta.element, delta.row, delta.change)
