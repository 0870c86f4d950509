"""From a Basix method's parameters to a :class:`~cordboard.calls.request.CallRequest`.

What a parameter means for the call is decided by the plan; here it is only read. Parameters that a
method does not document are ignored, for clients of other versions send them.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.api.basix import fields
from cordboard.api.basix.addresses import Called, called, calling_number, plain
from cordboard.api.basix.fields import DIALECT, Parameters, missing
from cordboard.api.placing import Origin
from cordboard.calls.planning.overhearing import MEDIA_PLUG
from cordboard.calls.ports import EavesdropMode
from cordboard.calls.refusals import RefusalId
from cordboard.calls.request import (
    NO_WISHES,
    Address,
    CallRequest,
    GroupKeys,
    LegWishes,
    Overhear,
    RingGroup,
    RingNumber,
    RingUser,
    SecondScope,
    UserKeys,
)

Translate = Callable[[Parameters, Origin], CallRequest]
"""Reads a method's parameters; raises :class:`~cordboard.calls.refusals.Refused`."""


def call_user(parameters: Parameters, origin: Origin) -> CallRequest:
    """Ring a user at his terminals, then connect him with the destination (Basix call_user)."""
    user = fields.user_keys(parameters)
    if user is None:
        raise missing("user_id", "or another user_* parameter is needed")
    destination = _destination(parameters)
    return CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method="call_user",
        first=RingUser(user),
        second=_plug_or(destination.address),
        answer_timeout=fields.seconds(parameters, "answer_timeout"),
        on_first=LegWishes(
            auto_answer=fields.auto_answer(parameters),
            caller_name=fields.calling_name(parameters),
        ),
        on_second=_shown(destination.calling_number),
        group=fields.group_keys(parameters),
        callback=fields.callback(parameters),
    )


def call_group(parameters: Parameters, origin: Origin) -> CallRequest:
    """Ring a group, then connect the member who answers with the destination (Basix call_group)."""
    group = fields.named_group(parameters)
    if group is None:
        raise missing("group_id", "or another group_* parameter is needed")
    destination = _destination(parameters)
    return CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method="call_group",
        first=RingGroup(group),
        second=destination.address,
        answer_timeout=fields.seconds(parameters, "answer_timeout"),
        on_first=LegWishes(
            caller_name=fields.calling_name(parameters),
            member_timeout=fields.seconds(parameters, "member_answer_timeout"),
        ),
        on_second=_shown(destination.calling_number),
        callback=fields.callback(parameters),
    )


def call_external(parameters: Parameters, origin: Origin) -> CallRequest:
    """Ring an outside number, then connect it with someone inside (Basix call_external)."""
    target = parameters.get("target")
    if target is None:
        raise missing("target")
    first = called(target, "target", RefusalId.INVALID_PARAMETER)
    destination = parameters.get("destination")
    if destination is None:
        raise missing("destination")
    return CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method="call_external",
        first=RingNumber(first.address),
        second=plain(destination, "destination", RefusalId.INVALID_DESTINATION),
        second_scope=SecondScope.INSIDE,
        answer_timeout=fields.seconds(parameters, "answer_timeout"),
        on_first=_shown(first.calling_number),
        callback=fields.callback(parameters),
    )


def initiate_call(parameters: Parameters, origin: Origin) -> CallRequest:
    """Ring a user, or an outside number as that user's or nobody's (Basix initiate_call)."""
    ani = parameters.get("ani")
    shown = calling_number(ani, "ani") if ani is not None else None
    destination = _destination(parameters)
    group = fields.key(parameters, "group_name")
    return CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method="initiate_call",
        first=_initiating_party(parameters),
        second=destination.address,
        on_first=_shown(shown),
        on_second=_shown(destination.calling_number or shown),
        group=GroupKeys(name=group) if group is not None else None,
    )


METHODS: dict[str, Translate] = {
    "call_user": call_user,
    "call_group": call_group,
    "call_external": call_external,
    "initiate_call": initiate_call,
}


def _initiating_party(parameters: Parameters) -> RingUser | RingNumber:
    name = fields.key(parameters, "user_name")
    user = UserKeys(name=name) if name is not None else None
    number = parameters.get("pstn_number")
    if number is not None:
        return RingNumber(plain(number, "pstn_number", RefusalId.INVALID_PARAMETER), user)
    if user is None:
        raise missing("user_name", "or pstn_number is needed")
    return RingUser(user)


def _shown(number: str | None) -> LegWishes:
    """A number to be shown to whoever is outside."""
    return LegWishes(caller_number=number, outside_only=True) if number is not None else NO_WISHES


def _plug_or(address: Address) -> Address | Overhear:
    """What a destination is: ``media_plug`` is who overhears calls by commands of the CTI
    WebSocket (basix_ws_cti.js, lib/cti.js)."""
    return Overhear(None, None, EavesdropMode.LISTEN) if address.text == MEDIA_PLUG else address


def _destination(parameters: Parameters) -> Called:
    destination = parameters.get("destination")
    if destination is None:
        raise missing("destination")
    return called(destination, "destination", RefusalId.INVALID_DESTINATION)
