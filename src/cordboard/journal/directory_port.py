"""The port of the stored directory: each tenant's table as it was applied, and their generation.

A table is kept whole, validated, and without a secret that anybody could read
(:mod:`cordboard.directory.kept_form`). What people do while the server runs (agents that log in or
pause, balances, bindings) is not in it, so that applying a file never touches that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol


class Overtaken(Exception):
    """The directory was changed meanwhile; nothing was written."""


@dataclass(frozen=True, slots=True)
class KeptTenant:
    """A tenant's table in its kept form: the file that it is from, how often it has changed, and
    when it last did (seconds since 1970)."""

    domain: str
    source: str
    version: int
    at: float
    table: dict[str, Any] = field(repr=False)


class KeptDirectory(Protocol):
    """All tenants' tables. Raises :class:`~cordboard.journal.port.StoreFailed`."""

    async def generation(self) -> int:
        """A number that each change makes larger; 0 where there was none."""

    async def tenants(self) -> tuple[int, tuple[KeptTenant, ...]]:
        """All tenants by their domains, with the generation that they are of."""

    async def change(
        self, put: Iterable[KeptTenant], remove: Iterable[str], generation: int
    ) -> int:
        """Put tenants in the place of those of their domains, and remove others, all or nothing;
        gives the new generation. Raises :class:`Overtaken` where ``generation`` is not the one
        that is there."""
