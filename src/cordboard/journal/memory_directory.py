"""The stored directory in memory."""

from __future__ import annotations

from collections.abc import Iterable

from cordboard.journal.directory_port import KeptTenant, Overtaken


class MemoryDirectory:
    """A :class:`~cordboard.journal.directory_port.KeptDirectory` that is gone with the process."""

    def __init__(self) -> None:
        self._tenants: dict[str, KeptTenant] = {}
        self._generation = 0

    async def generation(self) -> int:
        """How often it was changed."""
        return self._generation

    async def tenants(self) -> tuple[int, tuple[KeptTenant, ...]]:
        """All tenants by their domains."""
        return self._generation, tuple(self._tenants[domain] for domain in sorted(self._tenants))

    async def change(
        self, put: Iterable[KeptTenant], remove: Iterable[str], generation: int
    ) -> int:
        """Put and remove tenants; see the port."""
        if generation != self._generation:
            raise Overtaken
        for domain in remove:
            self._tenants.pop(domain, None)
        self._tenants.update((tenant.domain, tenant) for tenant in put)
        self._generation += 1
        return self._generation
