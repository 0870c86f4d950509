"""What the event log says about money: what running legs hold, what they cost, what is paid in.

Every change of a balance has a name of its own, its ``charge``, unique among those of its payer's
tenant: however often it is told, it counts once. What a leg holds is told with each slice, so that
the log alone is enough to settle the calls of a process that was killed.
"""

from __future__ import annotations

from collections.abc import Iterable

from cordboard.calls.credit import Payer, Settlement, Slice
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.people.agents import NO_CALL
from cordboard.calls.request import Leg

_ANSWERED = frozenset(
    {EventKind.CHANNEL_SCREENING, EventKind.CHANNEL_ANSWERED, EventKind.LEG_ANSWERED}
)
"""Whatever of these comes first: the far end takes money from its 200 on."""


def reserved_event(
    call: str, leg: Leg, charge: str, payer: Payer, held: Slice, *, answered: bool = False
) -> CallEvent:
    """A leg has got a slice, the first or another one; ``answered``: its seconds run."""
    return CallEvent(
        EventKind.LEG_CREDIT_RESERVED,
        call,
        leg,
        data={
            "charge": charge,
            "tenant": payer.tenant,
            "card": payer.card,
            "reserved": held.reserved,
            "until": held.until,
            "last": held.last,
            "answered": answered,
        },
    )


def charged_event(
    call: str, leg: Leg, channel: str | None, charge: str, settled: Settlement
) -> CallEvent:
    """A leg has ended on a channel, or (None) was never dialled, and cost this."""
    payer = settled.charge.payer
    return _charged(call, leg, channel, charge, payer, settled.amount, settled.seconds)


def credit_event(
    payer: Payer, charge: str, amount: int, kind: str, account: str | None
) -> CallEvent:
    """A balance has changed by no call: ``kind`` is opening, payment or correction, ``account`` who
    wanted it."""
    return CallEvent(
        EventKind.CREDIT_CHANGED,
        NO_CALL,
        data={
            "charge": charge,
            "tenant": payer.tenant,
            "card": payer.card,
            "amount": amount,
            "kind": kind,
            "account": account,
        },
    )


def after_a_crash(events: Iterable[CallEvent]) -> tuple[CallEvent, ...]:
    """What settles the charges of a call whose process has died, from all its events.

    Nobody knows how long its legs have talked. One that was answered costs what its last slice
    holds, one that was not costs nothing.
    """
    held: dict[str, CallEvent] = {}
    answered: set[str] = set()
    for event in events:
        charge = event.data.get("charge")
        if event.kind in _ANSWERED:
            answered.update(name for name, one in held.items() if one.leg is event.leg)
        elif not isinstance(charge, str):
            continue
        elif event.kind is EventKind.LEG_CREDIT_RESERVED:
            held[charge] = event
            if event.data.get("answered") is True:
                answered.add(charge)
        elif event.kind is EventKind.LEG_CHARGED:
            held.pop(charge, None)
    return tuple(_in_full(name, one, name in answered) for name, one in held.items())


def _in_full(charge: str, held: CallEvent, answered: bool) -> CallEvent:
    tenant, card, reserved = (held.data.get(key) for key in ("tenant", "card", "reserved"))
    payer = Payer(str(tenant), card if isinstance(card, str) else None)
    amount = reserved if answered and isinstance(reserved, int) else 0
    return _charged(held.call, held.leg, None, charge, payer, amount, None)


def _charged(
    call: str,
    leg: Leg | None,
    channel: str | None,
    charge: str,
    payer: Payer,
    amount: int,
    seconds: int | None,
) -> CallEvent:
    return CallEvent(
        EventKind.LEG_CHARGED,
        call,
        leg,
        channel,
        data={
            "charge": charge,
            "tenant": payer.tenant,
            "card": payer.card,
            "amount": amount,
            "seconds": seconds,
        },
    )
