"""Which terminals of a tenant are registered, and what they say they are.

No event tells of it, so it is looked at, a bounded number of terminals at a time: a small tenant's
all in every look, a large one's by turns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cordboard.calls.ports import Contact
from cordboard.directory.model import Terminal
from cordboard.directory.snapshot import TenantDirectory

LOOKED_AT: Final = 200
"""Terminals in one look: some 0.5 ms."""

ContactsOf = Callable[[TenantDirectory, Terminal], tuple[Contact, ...]]
"""Where a terminal can be rung now."""


@dataclass(frozen=True, slots=True)
class Phone:
    """What is known of a terminal's phone; of several it is the one that is rung first."""

    registered: bool = False
    user_agent: str | None = None


class Phones:
    """Looks at the terminals of a tenant, which may be another one from look to look."""

    def __init__(self, contacts_of: ContactsOf) -> None:
        self._contacts_of = contacts_of
        self._next = 0

    def all(self, tenant: TenantDirectory) -> dict[str, Phone]:
        """Those that are registered, by the names of their terminals."""
        found = ((one.name, self._phone(tenant, one)) for one in tenant.terminals)
        return {name: phone for name, phone in found if phone.registered}

    def look(self, tenant: TenantDirectory) -> dict[str, Phone]:
        """Some of the terminals, by their names: those behind the ones of the last look."""
        begin = self._next if self._next < len(tenant.terminals) else 0
        self._next = begin + LOOKED_AT
        some = tenant.terminals[begin : self._next]
        return {one.name: self._phone(tenant, one) for one in some}

    def _phone(self, tenant: TenantDirectory, terminal: Terminal) -> Phone:
        contacts = self._contacts_of(tenant, terminal)
        return Phone(True, contacts[0].user_agent) if contacts else Phone()
