"""Who logs in at Enswitch's API, and what he may do there: persons with privileges.

On an Enswitch a role gives a person privileges, which are named strings (vendor facts, 5). Here a
person has them himself. A tenant is what is called a customer there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Privilege(Enum):
    """What a person may do, in Enswitch's words."""

    ACTIONS = "actions"
    """Having calls made and changed."""
    PANEL = "panel"
    """What the operator's panel does: the same, and seeing live calls in short."""
    ADMINISTRATOR = "administrator"
    USER = "user"
    """Seeing live calls, phones, numbers, recordings."""
    RESIDENTIAL = "residential"
    """Seeing phones."""
    WHOLESALE = "wholesale"
    """Seeing numbers."""
    CALLSHOP = "callshop"
    """Seeing live calls, and what became of calls."""
    CDRS = "cdrs"
    """Seeing what became of calls."""
    LINE_REPORTS = "telephone line reports"
    """Seeing live calls."""


ALL_PRIVILEGES: Final = frozenset(Privilege)
"""What a person may do of whom nothing is said."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person; ``username`` is unique on the server. The password is held as
    :mod:`~cordboard.directory.passwords` says."""

    username: str
    password: str = field(repr=False)
    privileges: frozenset[Privilege] = ALL_PRIVILEGES

    def may(self, *any_of: Privilege) -> bool:
        """Whether he has one of these privileges."""
        return not self.privileges.isdisjoint(any_of)
