"""What changes in the rows of the CTI WebSocket."""

from __future__ import annotations

from cordboard.api.basix.cti.elements import Change, Element
from cordboard.values import often_made

Key = object
"""A row's first column, by which a client knows it."""


@often_made(frozen=True, slots=True)
class Delta:
    """What has become of an element. ``row`` are its columns, written once for whatever message
    they stand in, ``users`` those whose own it is; None: everybody's."""

    element: Element
    change: Change
    key: Key
    row: bytes
    users: frozenset[int] | None = None
