"""From a body of v1 to a :class:`~cordboard.calls.request.CallRequest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cordboard.api.placing import Origin
from cordboard.api.v1.asked import CallAsked, EndUserNamed, LegAsked, UserNamed
from cordboard.calls.events import Json
from cordboard.calls.ports import EavesdropMode
from cordboard.calls.request import (
    Address,
    Callback,
    CalledParty,
    CallRequest,
    Direction,
    EndUser,
    GroupKeys,
    Leg,
    LegWishes,
    Occasion,
    Overhear,
    RingGroup,
    RingNumber,
    RingTerminal,
    RingUser,
    RunContext,
    UserKeys,
)

if TYPE_CHECKING:
    from cordboard.api.v1.eavesdrop import EavesdropAsked

DIALECT: Final = "v1"
METHOD: Final = "call"
EAVESDROP: Final = "eavesdrop"


def request_of(asked: CallAsked, origin: Origin) -> CallRequest:
    """What a client asks for, in our own words."""
    group, callback = asked.group, asked.callback
    return CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method=METHOD,
        first=_party(asked.first),
        second=_party(asked.second),
        answer_timeout=asked.first.answer_timeout,
        second_answer_timeout=asked.second.answer_timeout,
        on_first=_wishes(asked.first),
        on_second=_wishes(asked.second),
        record=asked.record,
        record_group=asked.record_group,
        card=asked.card,
        group=None if group is None else GroupKeys(**group.model_dump()),
        callback=Callback(callback.url, DIALECT, Occasion.CALL_ENDED) if callback else None,
        external_id=asked.external_id,
        external_info=asked.external_info,
        link=asked.link,
        variables=tuple(asked.variables.items()),
        metadata=asked.metadata,
        delay=asked.delay,
        at=asked.at,
    )


def eavesdropping_of(asked: EavesdropAsked, watched: str, origin: Origin) -> CallRequest:
    """That somebody is to overhear the call ``watched``."""
    leg = None if asked.leg is None else Leg(asked.leg)
    return CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method=EAVESDROP,
        first=_party(asked.first),
        second=Overhear(watched, leg, EavesdropMode(asked.mode)),
        answer_timeout=asked.first.answer_timeout,
        on_first=_wishes(asked.first),
    )


def _party(leg: LegAsked) -> CalledParty:
    if leg.user is not None:
        return RingUser(_user(leg.user))
    if leg.terminal is not None:
        return RingTerminal(leg.terminal)
    if leg.group is not None:
        return RingGroup(GroupKeys(**leg.group.model_dump()))
    if leg.context is not None:
        return RunContext(leg.context)
    end_user = None if leg.end_user is None else _end_user(leg.end_user)
    if leg.number is not None:
        as_user = None if leg.as_user is None else _user(leg.as_user)
        return RingNumber(Address(leg.number, end_user), as_user)
    assert leg.address is not None  # one of them there is, or the body was refused
    return Address(leg.address, end_user)


def _user(named: UserNamed) -> UserKeys:
    return UserKeys(**named.model_dump())


def _end_user(named: EndUserNamed) -> EndUser:
    return EndUser(**named.model_dump())


def _wishes(leg: LegAsked) -> LegWishes:
    return LegWishes(
        auto_answer=leg.auto_answer,
        screen=leg.screening,
        warn=leg.warning,
        caller_number=leg.caller_id,
        caller_name=leg.display_name,
        trunk=leg.trunk,
        member_timeout=leg.member_answer_timeout,
    )


def named(kept: Json) -> dict[str, Json] | None:
    """A party of a request as it is kept, in the words of v1; None where there is none."""
    if not isinstance(kept, dict):
        return None
    if "keys" in kept:
        return {"user": kept["keys"]}
    if "watched" in kept:
        return {"eavesdrop": kept["watched"]}
    for member in ("terminal", "group", "context"):
        if member in kept:
            return {member: kept[member]}
    address = kept.get("address")
    if isinstance(address, dict):
        return {"number": address.get("text")}
    if "did" in kept:
        return {"number": kept["did"]}
    if "from_terminal" in kept:
        return {"terminal": kept["from_terminal"]}
    if "from_trunk" in kept:  # perhaps without a number
        return {"number": kept.get("number", "")}
    return {"address": kept.get("text")}


def began_by(first: Json) -> Direction:
    """Who began a call whose first party is kept so."""
    if isinstance(first, dict) and "from_terminal" in first:
        return Direction.PHONE
    if isinstance(first, dict) and "from_trunk" in first:
        return Direction.TRUNK
    return Direction.REQUEST
