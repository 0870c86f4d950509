"""Calls that programs have made later: each is placed like any request, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from cordboard.calls.programs.program_words import WantedJob
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest
from cordboard.exchange.repetition import Accepted

MAX_WAITING: Final = 200
"""Calls of one tenant that programs have added and whose time has not come: a hundredth of all that
may wait, so that callers who have themselves called back take nobody's place."""

Place = Callable[[CallRequest, str | None], Awaitable[Accepted]]
"""Places a request, with a key by which a repetition is known; raises :class:`Refused`."""

Then = Callable[[str | None, str | None], None]
"""Is told the id of the call that will be made, or None and why not."""


async def place_nothing(_request: CallRequest, _key: str | None) -> Accepted:
    """Raises :class:`Refused`."""
    raise Refused(RefusalId.OVERLOADED, "no calls are added here")


class Jobs:
    """Adds calls for all programs of an exchange; ``waiting`` says how many calls of a tenant and
    method wait for their time."""

    def __init__(
        self, place: Place, new_id: Callable[[], str], waiting: Callable[[str, str], int]
    ) -> None:
        self._place = place
        self._new_id = new_id
        self._waiting = waiting
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, call: str, wanted: WantedJob, then: Then) -> None:
        """Have a call made as a program of ``call`` wants it, and call ``then``, later."""
        task = asyncio.get_running_loop().create_task(self._add(call, wanted, then))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _add(self, call: str, wanted: WantedJob, then: Then) -> None:
        request = replace(wanted.request, id=self._new_id())
        try:
            if self._waiting(request.tenant, request.method) >= MAX_WAITING:
                raise Refused(RefusalId.OVERLOADED, f"{MAX_WAITING} jobs wait for their time")
            accepted = await self._place(request, f"job:{call}:{wanted.turn}")
        except Refused as refusal:
            then(None, refusal.message)
        else:
            then(accepted.call, None)

    async def close(self) -> None:
        """Wait for those that are being added."""
        if self._tasks:
            await asyncio.wait(self._tasks)
