"""The next steps of programs, fetched from the web servers that they name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Final

from cordboard.calls.programs.errands import LONGEST_FETCH
from cordboard.calls.programs.program_words import Answer, Data, WantedSteps
from cordboard.directory.step_document import Document, DocumentFault, read_steps_of
from cordboard.exchange.step_sources import Source, StepSources
from cordboard.exchange.web_documents import Documents, NoDocument

MAX_UNDER_WAY: Final = 500
"""Documents asked for at a time: a tenth of all calls that there can be."""

LONGEST_DATA: Final = 16_384
"""Octets of JSON that a variable may hold: a page of figures, not a database."""

Then = Callable[[Answer, Source | None], None]
"""Is told the steps or data, or why there are none; and who has sent them, of a Basix document."""

_MICROSECONDS: Final = 1_000_000


class Fetching:
    """Fetches for all calls of an exchange; ``wall`` is seconds since 1970. ``sources`` are the
    servers that have sent Basix documents."""

    def __init__(self, documents: Documents, wall: Callable[[], float]) -> None:
        self._documents = documents
        self._wall = wall
        self._tasks: set[asyncio.Task[None]] = set()
        self.sources = StepSources(documents)

    def begin(self, call: str, tenant: str, wanted: WantedSteps, then: Then) -> None:
        """Fetch the steps that the program of a tenant's call wants, and call ``then`` with them,
        later."""
        loop = asyncio.get_running_loop()
        ahead = self.sources.asks(call, self._wall() - monotonic(), data=wanted.data)
        if len(self._tasks) >= MAX_UNDER_WAY:
            loop.call_soon(then, "too many documents are asked for", None)
            return
        task = loop.create_task(self._fetch(call, tenant, _timed(wanted, ahead), then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, call: str, tenant: str, wanted: WantedSteps, then: Then) -> None:
        answer: Answer = "no answer in time"
        sender: Source | None = None
        try:
            async with asyncio.timeout(LONGEST_FETCH):
                for url in wanted.urls:
                    server = Source(tenant, url, wanted.about)
                    answer, sender = await self._fetch_one(call, server, wanted)
                    if not isinstance(answer, str):
                        break
        except TimeoutError:
            pass
        then(answer, sender)

    async def _fetch_one(
        self, call: str, server: Source, wanted: WantedSteps
    ) -> tuple[Answer, Source | None]:
        """What a server sends; and the server, where that are steps of a Basix document. It is told
        if they are faulty."""
        try:
            body = await self._documents.ask(server.tenant, server.url, wanted.form)
        except NoDocument as fault:
            return str(fault), None
        if wanted.data:
            return _data(body), None
        document = Document(body, wanted.folder, wanted.language)
        try:
            return read_steps_of(document), server if document.is_xml else None
        except DocumentFault as fault:
            if document.is_xml:
                self.sources.faulty(call, server, str(fault))
            return str(fault), None

    async def close(self) -> None:
        """Ask for nothing more; no program is told."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.sources.close()


def _timed(wanted: WantedSteps, ahead: float) -> WantedSteps:
    """The same, with when the call began and was answered, in microseconds since 1970, as the
    vendor has them; the time of day is so many seconds ``ahead`` of the calls' clock."""
    if wanted.form is None:
        return wanted
    times = {"StartTime": wanted.began, "AnswerTime": wanted.answered}
    told = {
        name: str(round((at + ahead) * _MICROSECONDS))
        for name, at in times.items()
        if at is not None
    }
    return replace(wanted, form={**wanted.form, **told}, about={**wanted.about, **told})


def _data(body: bytes) -> Data | str:
    if len(body) > LONGEST_DATA:
        return f"the data is longer than {LONGEST_DATA} octets"
    try:
        return Data(json.loads(body))
    except (ValueError, RecursionError):
        return "it is no JSON"
