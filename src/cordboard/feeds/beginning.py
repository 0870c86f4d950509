"""When a call for later begins: a wait for it."""

from __future__ import annotations

from typing import Final

from cordboard.calls.events import EventKind, Recorded
from cordboard.journal.port import Journal, ResyncNeeded

_ANSWERS: Final = frozenset({EventKind.CALL_STARTED, EventKind.CALL_ENDED})


async def has_begun(journal: Journal, tenant: str, call: str) -> bool:
    """Wait until a call for later has begun; False where it ended without. It comes for sure,
    perhaps in a year: who asks bounds it."""
    while True:
        reader = journal.read(tenant)  # before the look back, so that nothing falls between
        try:
            for recorded in await journal.events_of(tenant, call):
                if recorded.event.kind in _ANSWERS:
                    return _begun(recorded)
            async for recorded in reader:
                if recorded.event.call == call and recorded.event.kind in _ANSWERS:
                    return _begun(recorded)
        except ResyncNeeded:
            continue  # too slow for the log; the call's own events are still there
        finally:
            await reader.aclose()


def _begun(recorded: Recorded) -> bool:
    return recorded.event.kind is EventKind.CALL_STARTED
