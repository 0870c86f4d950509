"""calls/make: what its parameters ask for, as a request for a call (D15, calls/make)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.api.enswitch.fields import Fields
from cordboard.api.enswitch.parties import is_program, party_of
from cordboard.api.placing import Origin
from cordboard.calls.request import MAX_DELAY, CallRequest, LegWishes
from cordboard.directory.snapshot import TenantDirectory

DIALECT: Final = "enswitch"
METHOD: Final = "calls/make"

MAX_WAIT: Final = 600
"""Seconds that a reply may be held: no proxy on the way waits for longer."""

_PLANS: Final = ("auto",)
"""Numbers are understood as the customer dials them, whichever leg they are of."""


@dataclass(frozen=True, slots=True)
class Make:
    """The call, and for how many seconds its reply may be held, 0: not at all.

    It is ``turned`` where ``snumber`` is a program: that answers at once, whoever is called, so
    that the other party is rung first and connected with it.
    """

    request: CallRequest
    wait: int
    turned: bool = False

    @property
    def waits(self) -> bool:
        """Whether the call can begin in the time for which the reply is held."""
        return self.wait > self.request.delay


def make(fields: Fields, origin: Origin, tenant: TenantDirectory) -> Make:
    """Translate the parameters; raises :class:`~cordboard.api.enswitch.faults.Faulty`."""
    first, second = party_of(fields, tenant, "s"), party_of(fields, tenant, "c")
    turned = is_program(first, tenant) and not is_program(second, tenant)
    fields.one_of("cdialplan", _PLANS)
    card = fields.text("card") or None
    if card is not None and tenant.charging.card_named(card) is None:
        fields.fault("card", "There is no such card.")
    on_first, on_second = _wishes(fields, tenant, "1"), _wishes(fields, tenant, "2")
    record_group = _record_group(fields, tenant)
    delay = fields.whole("delay", most=int(MAX_DELAY))
    wait = fields.whole("wait", most=MAX_WAIT)
    fields.check()
    if first is None or second is None:
        raise AssertionError("a party that is missing was noted as a fault")
    if turned:
        first, second, on_first, on_second = second, first, on_second, on_first
    request = CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method=METHOD,
        first=first,
        second=second,
        on_first=on_first,
        on_second=on_second,
        record_group=record_group,
        card=card,
        delay=float(delay),
    )
    return Make(request, wait, turned)


def _wishes(fields: Fields, tenant: TenantDirectory, leg: str) -> LegWishes:
    """What is wanted of a leg, ``1`` or ``2``."""
    number, name = fields.caller(f"callerid{leg}")
    if number is not None and not tenant.may_show(number):
        fields.fault(f"callerid{leg}", "The customer may not show this number.")
    return LegWishes(
        auto_answer=fields.switch(f"answer{leg}"),
        screen=fields.switch(f"screen{leg}"),
        warn=fields.switch(f"warn{leg}", default=True),
        caller_number=number,
        caller_name=name,
    )


def _record_group(fields: Fields, tenant: TenantDirectory) -> str | None:
    """The record group, by its id; 0 is none."""
    number = fields.whole("recordgroup")
    if not number:
        return None
    if tenant.record_group(str(number)) is None:
        fields.fault("recordgroup", "There is no such record group.")
    return str(number)
