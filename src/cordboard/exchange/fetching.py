"""The next steps of programs, fetched from the web servers that they name."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from cordboard.calls.programs.errands import LONGEST_FETCH
from cordboard.calls.programs.program_words import Answer, Data, WantedSteps
from cordboard.directory.step_document import Document, DocumentFault, read_steps_of

MAX_UNDER_WAY: Final = 500
"""Documents asked for at a time: a tenth of all calls that there can be."""

LONGEST_DATA: Final = 16_384
"""Octets of JSON that a variable may hold: a page of figures, not a database."""

Then = Callable[[Answer], None]
"""Is told the steps or data, or why there are none."""


class NoDocument(Exception):
    """A web server has not sent a document; the message says why, without its URL."""


class Documents(Protocol):
    """Who asks web servers."""

    async def ask(self, tenant: str, url: str, form: Mapping[str, str] | None) -> bytes:
        """What a server sends who is posted a form, or (None) only asked; raises
        :class:`NoDocument`."""


class NoServers:
    """Asks nobody."""

    async def ask(self, _tenant: str, _url: str, _form: Mapping[str, str] | None) -> bytes:
        """Raises :class:`NoDocument`."""
        raise NoDocument("web servers are not asked here")


class Fetching:
    """Fetches for all calls of an exchange."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, tenant: str, wanted: WantedSteps, then: Then) -> None:
        """Fetch the steps that a program of a tenant wants, and call ``then`` with them, later."""
        loop = asyncio.get_running_loop()
        if len(self._tasks) >= MAX_UNDER_WAY:
            loop.call_soon(then, "too many documents are asked for")
            return
        task = loop.create_task(self._fetch(tenant, wanted, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch(self, tenant: str, wanted: WantedSteps, then: Then) -> None:
        answer: Answer = "no answer in time"
        try:
            async with asyncio.timeout(LONGEST_FETCH):
                for url in wanted.urls:
                    answer = await self._fetch_one(tenant, url, wanted)
                    if not isinstance(answer, str):
                        break
        except TimeoutError:
            pass
        then(answer)

    async def _fetch_one(self, tenant: str, url: str, wanted: WantedSteps) -> Answer:
        try:
            body = await self._documents.ask(tenant, url, wanted.form)
            if wanted.data:
                return _data(body)
            return read_steps_of(Document(body, wanted.folder, wanted.language))
        except (NoDocument, DocumentFault) as fault:
            return str(fault)

    async def close(self) -> None:
        """Ask for nothing more; nobody is told."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


def _data(body: bytes) -> Data | str:
    if len(body) > LONGEST_DATA:
        return f"the data is longer than {LONGEST_DATA} octets"
    try:
        return Data(json.loads(body))
    except (ValueError, RecursionError):
        return "it is no JSON"
