"""Which callbacks a call owes: one, when what its client waits for has come about."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Callback, Leg, Occasion
from cordboard.values import often_made

_FIRST_LEG = frozenset({EventKind.LEG_ANSWERED, EventKind.LEG_FAILED})

OWING: Final = _FIRST_LEG | {EventKind.CALL_ENDED}
"""The kinds of events that may make a callback owed; all others do not."""


@often_made(frozen=True, slots=True)
class Owed:
    """A callback that is owed because of an event, at ``at`` seconds since 1970.

    ``id`` stays the same over all attempts, so that the receiver knows repetitions; the URL may
    hold secrets. ``account`` is who is told: the client's, or the name of another. That one is told
    many things of a call, in the order of ``seq``, the numbers of their events; a client is told
    one, without a number.
    """

    id: str
    tenant: str
    account: str
    call: str
    dialect: str
    url: str = field(repr=False)
    at: float
    event: CallEvent
    external_id: str | None = None
    seq: int | None = None


def owes(callback: Callback, event: CallEvent) -> bool:
    """Whether an event of a call is what its client waits for; the first one counts.

    A call that ends without any leg's event (it should not) tells the end of the call instead.
    """
    if event.kind is EventKind.CALL_ENDED:
        return True
    if callback.occasion is Occasion.CALL_ENDED:
        return False
    return event.leg is Leg.FIRST and event.kind in _FIRST_LEG


def owed(
    tenant: str,
    account: str,
    callback: Callback,
    event: CallEvent,
    at: float,
    external_id: str | None = None,
) -> Owed:
    """The callback that an event makes owed; ``external_id`` is the client's own of the call."""
    return Owed(
        f"msg_{event.call}",
        tenant,
        account,
        event.call,
        callback.dialect,
        callback.url,
        at,
        event,
        external_id,
    )
