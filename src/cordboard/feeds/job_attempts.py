"""Calls that are made once more where nobody has answered (Basix AddJob, ``attempts``).

The next attempt is owed in the commit of the end of the one before it, so that no crash loses it,
and is placed under a key of its own, so that none doubles it. It is a call like any other, for
later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Final

from cordboard.calls.events import CallEvent, EventKind, Outcome
from cordboard.calls.owing import Owed
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Again, CallRequest
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.steps import FetchStep
from cordboard.journal.outbox import Attempt
from cordboard.journal.port import Journal
from cordboard.journal.request_form import read

DIALECT: Final = "attempt"

_IN_VAIN: Final = frozenset({Outcome.FIRST_LEG_FAILED.value, Outcome.REFUSED.value})
"""How calls end that are tried again: not those that somebody has cancelled, nor those that a crash
has cut short, of which nobody knows whom they have reached."""

_PLACED: Final = 202
"""What stands in the delivery log for one that was placed, as if it were a server's answer."""

Place = Callable[[CallRequest, str], Awaitable[object]]
"""Places a request once, by a key; raises :class:`~cordboard.calls.refusals.Refused`."""


class AttemptsOwed:
    """A :class:`~cordboard.journal.outbox.AlsoOwed` for calls that are made more than once."""

    def __init__(self, directory: Callable[[], Directory]) -> None:
        self._directory = directory

    def concerns(self, domain: str) -> bool:
        """Whether a tenant has a program that fetches documents, for they alone ask for such
        calls."""
        tenant = self._directory().tenant(domain)
        return tenant is not None and _fetches(tenant)

    def owed(
        self, tenant: str, accepted: CallEvent, event: CallEvent, at: float, seq: int
    ) -> Iterator[Owed]:
        """The next attempt, where this is the end of one in vain."""
        if event.kind is not EventKind.CALL_ENDED or "again" not in accepted.data:
            return
        if event.data.get("outcome") in _IN_VAIN:
            account = str(accepted.data.get("account"))
            yield Owed(
                f"msg_{event.call}.{seq}.{DIALECT}",
                *(tenant, account, event.call, DIALECT, "", at, event),
                seq=seq,
            )

    def owed_of_no_call(
        self, _tenant: str, _event: CallEvent, _at: float, _seq: int
    ) -> Iterator[Owed]:
        """Nothing."""
        return iter(())


def _fetches(tenant: TenantDirectory) -> bool:
    steps = (step for context in tenant.contexts for step in context.steps)
    return any(isinstance(step.action, FetchStep) for step in steps)


class JobAttempts:
    """Places the attempts that are owed."""

    def __init__(
        self, journal: Journal, place: Place, new_id: Callable[[], str], wall: Callable[[], float]
    ) -> None:
        self._journal = journal
        self._place = place
        self._new_id = new_id
        self._wall = wall

    async def deliver(self, one: Owed, _attempts: int) -> Attempt:
        """Try once to place the next attempt."""
        began = self._wall()
        record = await self._journal.call(one.tenant, one.call)
        request = None if record is None or record.request is None else read(record.request)
        if request is None or request.again is None:
            return Attempt(began, None, "the call is not kept any more", -1.0)
        try:
            await self._place(_next(request, request.again, self._new_id()), f"again:{one.call}")
        except Refused as refusal:
            waits = refusal.id is RefusalId.OVERLOADED
            return Attempt(began, None, refusal.message, self._wall() - began if waits else -1.0)
        return Attempt(began, _PLACED, None, self._wall() - began)


def _next(request: CallRequest, again: Again, call: str) -> CallRequest:
    left = Again(again.left - 1, again.seconds) if again.left > 1 else None
    return replace(request, id=call, delay=again.seconds, at=None, again=left)
