"""The balances that running calls reserve from: as the ledger has them, and as they are paid in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from cordboard.calls.charged import credit_event
from cordboard.calls.credit import Credit, Payer
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.journal.port import Journal, JournalUnavailable

AGAIN: Final = 1.0
"""Seconds until it is tried again to open a balance that the journal could not take."""

OPENING: Final = "opening"
"""The kind of entries that balances begin with, and what their names begin with."""


class Balances:
    """Those of all tenants and cards, kept in ``credit``, which is for looking at alone."""

    def __init__(
        self, directory: Callable[[], Directory], journal: Journal, credit: Credit
    ) -> None:
        self._directory = directory
        self._journal = journal
        self.credit = credit
        self._opened: set[Payer] = set()
        self._changing = asyncio.Lock()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def recover(self) -> None:
        """Have what the ledger says, to be called once, when the calls of the last process are
        settled; then :meth:`open`. Raises :class:`~cordboard.journal.port.JournalUnavailable`."""
        for payer, balance in (await self._journal.balances()).items():
            self.credit.add(payer, balance)
        await self.open()

    def follow(self) -> None:
        """The directory has changed: :meth:`open` what is new of it, in the background."""
        self._changed.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._open_in_time())

    async def close(self) -> None:
        """Open nothing any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def open(self) -> None:
        """Put on new cards and tenants what they begin with, each once and never again. Raises
        likewise."""
        for tenant in self._directory().tenants:
            for payer, amount in openings(tenant):
                if payer not in self._opened:
                    self._opened.add(payer)
                    await self._open(payer, amount)

    async def change(
        self, payer: Payer, charge: str, amount: int, kind: str, account: str | None
    ) -> bool:
        """Pay an amount in (below 0: take it away) under a name of its own; False where there is
        an entry of this name, and nothing changes. Raises likewise."""
        async with self._changing:  # of two with one name the second has to find the first one
            if await self._journal.ledger_entry(payer.tenant, charge) is not None:
                return False
            event = credit_event(payer, charge, amount, kind, account)
            await self._journal.commit(payer.tenant, [event])
            self.credit.add(payer, amount)
            return True

    async def _open_in_time(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.open()
            except JournalUnavailable:
                self._changed.set()
                await asyncio.sleep(AGAIN)

    async def _open(self, payer: Payer, amount: int) -> None:
        try:
            await self.change(payer, opening_of(payer), amount, OPENING, None)
        except BaseException:
            self._opened.discard(payer)
            raise


def opening_of(payer: Payer) -> str:
    """What the entry is named that a balance begins with."""
    return OPENING if payer.card is None else f"{OPENING}:{payer.card}"


def openings(tenant: TenantDirectory) -> Iterator[tuple[Payer, int]]:
    """Whose balances begin with what, of those that do not begin with nothing."""
    charging = tenant.charging
    if charging.opening_balance:
        yield Payer(tenant.domain), charging.opening_balance
    for card in charging.cards:
        if card.opening_balance:
            yield Payer(tenant.domain, card.name), card.opening_balance
