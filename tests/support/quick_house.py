"""A house with an exchange, phones and trunks in memory, whose calls take no time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from cordboard.calls.events import EventKind, Recorded
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.far_end import Behaviour, FarEnd
from cordboard.engines.memory import MemoryEngine
from cordboard.exchange.exchange import Exchange
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord, Journal
from support.tenants import DOMAIN, request, tenant

AT_ONCE: Behaviour = ((0.0, FarEnd.ring), (0.0, FarEnd.answer))
PHONES = ("jessica-desk", "jessica-soft", "thomas", "helen")


class QuickHouse:
    """An exchange over a journal; phones do what :meth:`when` says, jessica's desk phone and
    thomas's answer at once. A clock that counts up is what the journal in memory writes down."""

    def __init__(
        self, journal: Journal | None = None, where: TenantDirectory | None = None, name: str = "c"
    ) -> None:
        self.engine = MemoryEngine()
        self._ticks = count(1)
        self.journal: Journal = journal or MemoryJournal(lambda: float(next(self._ticks)))
        self.directory = Directory((where or tenant(),))
        self.exchange = Exchange(lambda: self.directory, self.engine, self.journal, lambda: 0.5)
        self._names: Iterator[str] = (f"{name}{number}" for number in count(1))
        for phone in PHONES:
            self.engine.register(f"{phone}@{DOMAIN}")
        for phone in ("jessica-desk", "thomas"):
            self.when(phone, AT_ONCE)

    def when(self, phone: str, does: Behaviour) -> None:
        """What a phone does when it is dialled."""
        self.engine.when_dialled(f"{phone}@{DOMAIN}", does)

    async def place(self, **more: Any) -> str:
        """Place a call of jessica with thomas, unless said otherwise; its id."""
        accepted = await self.exchange.place(replace(request(**more), id=next(self._names)))
        return accepted.call

    async def talk(self) -> str:
        """A whole call, which the second party ends."""
        call = await self.place()
        await self.hang_up_second(call)
        return call

    async def hang_up_second(self, call: str) -> None:
        """Let the second party of a bridged call hang up."""
        bridged = (await self.events(call, EventKind.CALL_BRIDGED))[0]
        self.engine.far(str(bridged.event.data["second"])).hang_up()

    async def events(self, call: str, *kinds: EventKind) -> list[Recorded]:
        """The committed events of a call, of some kinds or all."""
        await self.journal.flush()
        found = await self.journal.events_of(DOMAIN, call)
        return [one for one in found if not kinds or one.event.kind in kinds]

    async def record(self, call: str) -> CallRecord:
        """What is known of a call."""
        found = await self.journal.call(DOMAIN, call)
        assert found is not None, f"there is no {call}"
        return found
