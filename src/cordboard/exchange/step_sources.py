"""Web servers whose Basix document a call goes by: they are told what went wrong with it
(CallStatus ``error``, docs.brastel.com/xml/response.html), and that the call is over
(``completed``).

Nobody's answer is read, and what does not reach a server is not told again: a document is of one
call of this process, which nobody takes up after it. What one call has to tell is told one after
the other, so that its end comes last.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from cordboard.calls.events import CallEvent, EventKind
from cordboard.exchange.web_documents import Documents, NoDocument

MAX_TELLING: Final = 500
"""Calls of which something is told at a time, as many as documents are asked for; what is one too
many is not told."""

MAX_UNTOLD: Final = 20
"""What one call may have to tell while its server is slow; the oldest is let go."""

FAREWELL: Final = 2.0
"""Seconds that a server which stops gives to what is still to be told."""

_FAULTS: Final = (EventKind.PROGRAM_ERROR, EventKind.PROGRAM_STOPPED)


@dataclass(frozen=True, slots=True)
class Source:
    """A server of a tenant that has sent a document, and what it was told ``about`` the call."""

    tenant: str
    url: str = field(repr=False)
    about: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class Asking:
    """A call that has asked a server: how far ``ahead`` the time of day was of its clock then,
    whether it ``wants_data``, and whose document it goes by."""

    ahead: float
    wants_data: bool = False
    source: Source | None = None


class StepSources:
    """The server of each call that has asked one; ``asking`` are those calls, by id."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.asking: dict[str, Asking] = {}
        self._untold: dict[str, deque[tuple[Source, dict[str, str]]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def asks(self, call: str, ahead: float, *, data: bool) -> float:
        """A call that is alive asks for its next steps, or for data, without which its program goes
        on; to be followed until it is :meth:`over`. Its ``ahead`` stays what it was at first, which
        is given back: so the times that servers are told stay the same."""
        asking = self.asking.setdefault(call, Asking(ahead))
        asking.wants_data = data
        return asking.ahead

    def goes_by(self, call: str, source: Source | None) -> None:
        """A call that has asked, and is alive, goes by the document of this server from now on;
        None: by steps of which nobody is told."""
        asking = self.asking.get(call)
        if asking is not None:
            asking.source = source

    def faulty(self, call: str, source: Source, why: str) -> None:
        """Tell a server that what it has sent for a call is no program."""
        self._tell(call, source, {"CallStatus": "error", "Error": why})

    def follow(self, call: str, events: Iterable[CallEvent]) -> None:
        """Tell the server of a call what has gone wrong there, once where one thing led to the
        other: no document came, and the program stopped for that."""
        asking = self.asking.get(call)
        if asking is None or asking.source is None:
            return
        why: object = None
        for event in events:
            fetched = event.kind is EventKind.PROGRAM_FETCHED and not asking.wants_data
            if event.kind in _FAULTS or fetched:
                why = event.data.get("error") or why
        if why is not None:
            self.faulty(call, asking.source, str(why))

    def over(self, call: str) -> None:
        """A call has ended: tell its server, if it has one."""
        asking = self.asking.pop(call, None)
        if asking is not None and asking.source is not None:
            self._tell(call, asking.source, {"CallStatus": "completed"})

    async def close(self) -> None:
        """Tell what is still to be told, for a short time."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=FAREWELL)
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _tell(self, call: str, source: Source, status: dict[str, str]) -> None:
        untold = self._untold.get(call)
        if untold is not None:
            untold.append((source, status))
            return
        if len(self._tasks) >= MAX_TELLING:
            return
        self._untold[call] = deque([(source, status)], MAX_UNTOLD)
        task = asyncio.get_running_loop().create_task(self._work(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, call: str) -> None:
        untold = self._untold[call]
        try:
            while untold:
                source, status = untold.popleft()
                with suppress(NoDocument):
                    form = {**source.about, **status}
                    await self._documents.ask(source.tenant, source.url, form)
        finally:
            del self._untold[call]
