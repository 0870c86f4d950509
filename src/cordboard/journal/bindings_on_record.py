"""Where phones are registered, kept before they are told so.

A commit takes milliseconds, for which the answer to a REGISTER does not wait: phones would send
again, and thousands of them come at once after a power cut. So a change is put on record first, as
what is needed of channels is: in the file that a killed process leaves behind. It is forgotten
there when the journal has committed it. What a new process finds on record is newer than what is
stored.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol
from urllib.parse import quote, unquote

from cordboard.journal.port import JournalUnavailable
from cordboard.journal.recovery import Recovery
from cordboard.tasks import cancelled

PREFIX: Final = "binding:"
"""Of the names of these records; those of channels are UUIDs, or what a phone has chosen that was
let in by its password."""

SETTLE_SECONDS: Final = 0.1
"""How long changes wait for others before it is seen that they are committed."""


class Keeping(Protocol):
    """What is asked of the journal."""

    def put_bindings(self, account: str, contacts: str | None) -> None:
        """Keep where a terminal is registered, in the background."""

    async def flush(self) -> None:
        """Wait until that is committed."""


class BindingsOnRecord:
    """Puts bindings on record in ``recovery``, and has ``journal`` keep them."""

    def __init__(self, journal: Keeping, recovery: Recovery) -> None:
        self._journal = journal
        self._recovery = recovery
        self._uncommitted: dict[str, int] = {}
        self._puts = 0
        self._settling: asyncio.Task[None] | None = None

    def put(self, account: str, contacts: str | None) -> None:
        """Keep where a terminal is registered, None: nowhere; when this returns, a killed process
        leaves it behind."""
        self._recovery.keep(_name(account), contacts or "")
        self._journal.put_bindings(account, contacts)
        self._puts += 1
        self._uncommitted[account] = self._puts
        if self._settling is None:
            self._settling = asyncio.get_running_loop().create_task(self._settle())

    def found(self, left: dict[str, str], stored: dict[str, str]) -> dict[str, str]:
        """Take the bindings out of the records that an earlier process ``left``; gives what is
        ``stored`` with them."""
        bindings = dict(stored)
        for name in [name for name in left if name.startswith(PREFIX)]:
            account, contacts = unquote(name.removeprefix(PREFIX)), left.pop(name)
            if contacts:
                bindings[account] = contacts
            else:
                bindings.pop(account, None)
            self.put(account, contacts or None)
        return bindings

    async def close(self) -> None:
        """Have everything committed, as far as that can be."""
        await cancelled(self._settling)
        await self._forget_what_is_committed()

    async def _settle(self) -> None:
        while self._uncommitted:
            await asyncio.sleep(SETTLE_SECONDS)
            await self._forget_what_is_committed()
        self._settling = None

    async def _forget_what_is_committed(self) -> None:
        put = dict(self._uncommitted)
        try:
            await self._journal.flush()
        except JournalUnavailable:
            return
        for account, number in put.items():
            if self._uncommitted[account] == number:
                del self._uncommitted[account]
                self._recovery.forget(_name(account))


def _name(account: str) -> str:
    return PREFIX + quote(account, safe="@")
