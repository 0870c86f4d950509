"""What became of the party rung first: a wait for the end of its hunt."""

from __future__ import annotations

from cordboard.calls.events import EventKind, Recorded
from cordboard.calls.request import Leg
from cordboard.journal.port import Journal, ResyncNeeded

_ENDS = frozenset({EventKind.LEG_ANSWERED, EventKind.LEG_FAILED})


async def end_of_first_hunt(journal: Journal, tenant: str, call: str) -> Recorded:
    """The event by which the first party of a call has answered or failed, or the call's end where
    that came before; it comes for sure, for calls bound how long they ring."""
    while True:
        reader = journal.read(tenant)  # before the look back, so that nothing falls between
        try:
            for recorded in await journal.events_of(tenant, call):
                if _is_end(recorded):
                    return recorded
            async for recorded in reader:
                if recorded.event.call == call and _is_end(recorded):
                    return recorded
        except ResyncNeeded:
            continue  # too slow for the log; the call's own events are still there
        finally:
            await reader.aclose()


def _is_end(recorded: Recorded) -> bool:
    event = recorded.event
    return event.kind is EventKind.CALL_ENDED or (event.kind in _ENDS and event.leg is Leg.FIRST)
