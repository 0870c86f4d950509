"""Whom those concern who are told of calls besides the clients that ask for them: found out once
for each directory, for it is asked in every commit."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.directory.snapshot import Directory
from cordboard.journal.also_owed import Together
from cordboard.journal.outbox import AlsoOwed


class Concerned(Together):
    """Several who go by the directory of the moment, as one."""

    def __init__(self, directory: Callable[[], Directory], *several: AlsoOwed) -> None:
        super().__init__(*several)
        self._directory = directory
        self._known_in: Directory | None = None
        self._known: dict[str, bool] = {}

    def concerns(self, tenant: str) -> bool:
        """Whether any of them wants to be told anything of a tenant."""
        directory = self._directory()
        if directory is not self._known_in:
            self._known_in, self._known = directory, {}
        known = self._known.get(tenant)
        if known is None:
            known = self._known[tenant] = super().concerns(tenant)
        return known
