"""What changes in the rows of the CTI WebSocket."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.api.basix.cti.elements import Change, Element, Row


@dataclass(frozen=True, slots=True)
class Delta:
    """What has become of an element. ``users`` are those whose own it is; None: everybody's."""

    element: Element
    change: Change
    row: Row
    users: frozenset[int] | None = None
