"""channel: live channels, and what can be done to them (While1, Channel).

A channel is named as Asterisk names one, ``SIP/john-doe-00000027``: the phone or trunk, and eight
digits that are the same as long as it lives.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.placing import Origin, headers_of, key_of
from cordboard.api.requests import note
from cordboard.api.while1.asked import Asked, Method
from cordboard.api.while1.faults import Faulty, refusal, unknown
from cordboard.api.while1.fields import Data
from cordboard.api.while1.originate import AGENT_SECONDS, DIALECT
from cordboard.api.while1.replies import done
from cordboard.calls.events import Json
from cordboard.calls.refusals import Refused
from cordboard.calls.request import (
    Address,
    CalledParty,
    CallRequest,
    Leg,
    RingTerminal,
    RingUser,
    RunContext,
    UserKeys,
)
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.directory.scopes import ApiScope
from cordboard.feeds.live_call import live_call

TECHNOLOGY: Final = "SIP/"
ALL: Final = "all"

_STATES: Final = {"dialled": "Down", "ringing": "Ringing", "screening": "Up", "answered": "Up"}
"""A channel's state in Asterisk's words."""


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """A channel that lives: its name here, its UUID, and the call and leg that it is of."""

    name: str
    id: str
    call: str
    leg: Leg
    state: str
    external_id: str | None

    def as_dict(self) -> dict[str, Json]:
        """The row."""
        return {
            "channel": self.name,
            "uniqueid": self.id,
            "linkedid": self.call,
            "state": self.state,
            "external_id": self.external_id,
        }


async def channel(asked: Asked) -> Answer:
    """Do what ``action`` says."""
    action = asked.text("action")
    act = _ACTIONS.get(action or "")
    if act is None:
        raise Faulty([f"Invalid action. Expected {', '.join(_ACTIONS)}"])
    return await act(asked)


async def _list(asked: Asked) -> Answer:
    return done([one.as_dict() for one in live_channels(asked)])


async def _hang_up(asked: Asked) -> Answer:
    """The calls of the channel, or of all of the tenant's."""
    data = asked.data()
    wanted = data.needed("channel")
    if data.faults:
        raise Faulty(data.faults)
    living = live_channels(asked)
    found = living if wanted.lower() == ALL else [_named(living, wanted)]
    tenant = asked.principal.tenant.domain
    for call in dict.fromkeys(one.call for one in found):
        asked.services.exchange.hang_up(tenant, call)
    return done([one.name for one in found])


async def _originate(asked: Asked) -> Answer:
    """Ring a phone, and connect whoever answers with an extension or number, or a context in the
    place of an application."""
    data = asked.data()
    tech = data.needed("tech")
    second = _application(asked, data) or Address(data.needed("exten"))
    party = _party(asked, tech) if tech else None
    if tech and party is None:
        data.fault(unknown("channel"))
    if data.faults or party is None:
        raise Faulty(data.faults)
    exchange, principal = asked.services.exchange, asked.principal
    origin = Origin(exchange.new_call_id(), principal.tenant.domain, principal.account.name)
    request = CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method="channel",
        first=party,
        second=second,
        answer_timeout=AGENT_SECONDS,
    )
    try:
        accepted = await exchange.place(request, key_of(asked.scope))
    except Refused as refused:
        raise Faulty([refusal(refused, tech)]) from None
    note(asked.scope, call=accepted.call)
    return done([f"Call successfully originated for channel: {tech}"], headers_of(accepted))


async def _redirect(asked: Asked) -> Answer:
    """Connect who is on the channel with somebody else; the other party is hung up."""
    data = asked.data()
    name, context, exten = data.needed("channel"), data.text("context"), data.text("exten")
    target = exten if exten not in (None, "s") else context
    if target is None:
        data.fault("Missing Exten. It is mandatory")
    if data.faults or target is None:
        raise Faulty(data.faults)
    found, wanted = _named(live_channels(asked), name), target

    def send_on(wishes: Wishes, now: float) -> None:
        wishes.transfer(found.leg, wanted, now)

    tenant = asked.principal.tenant.domain
    try:
        there = asked.services.exchange.wish(tenant, found.call, send_on)
    except WrongState as wrong:
        raise Faulty([f"Channel can't be redirected: {wrong}"]) from None
    except Refused as refused:
        raise Faulty([f"Channel can't be redirected: {refused.message}"]) from None
    if not there:
        raise Faulty([unknown("channel")])
    return done([found.name])


def live_channels(asked: Asked) -> list[LiveChannel]:
    """The tenant's channels, in the order in which their calls began."""
    snapshot = asked.services.journal.snapshot(asked.principal.tenant.domain)
    found = []
    for record, events in snapshot.calls:
        for one in _channels(live_call(record, events)):
            uuid, leg = str(one["id"]), one["leg"]
            if isinstance(leg, str):
                name = _name(one.get("trunk") or one.get("endpoint"), uuid)
                state = _STATES.get(str(one["state"]), "Up")
                found.append(
                    LiveChannel(name, uuid, record.id, Leg(leg), state, record.external_id)
                )
    return found


def _channels(call: dict[str, Json]) -> list[dict[str, Json]]:
    channels = call["channels"]
    listed = channels if isinstance(channels, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _name(endpoint: Json, uuid: str) -> str:
    peer = str(endpoint or "").partition("@")[0]
    return f"{TECHNOLOGY}{peer}-{zlib.crc32(uuid.encode()):08x}"


def _named(living: list[LiveChannel], name: str) -> LiveChannel:
    for one in living:
        if name in (one.name, one.id):
            return one
    raise Faulty([unknown("channel")])


def _party(asked: Asked, tech: str) -> CalledParty | None:
    """The phone or the user of ``SIP/NAME``."""
    tenant = asked.principal.tenant
    name = tech[len(TECHNOLOGY) :] if tech.upper().startswith(TECHNOLOGY) else ""
    if tenant.user_by_name(name) is not None:
        return RingUser(UserKeys(name=name))
    return RingTerminal(name) if tenant.terminal(name) is not None else None


def _application(asked: Asked, data: Data) -> CalledParty | None:
    """The context that stands for an application and its data; None where none is named."""
    name, more = data.text("appname"), data.text("appdata")
    if name is None:
        return None
    tenant = asked.principal.tenant
    found = next((one for one in (more, name) if one and tenant.context_by_name(one)), None)
    if found is None:
        data.fault(unknown("application"))
    return RunContext(found or name)


_ACTIONS: Final = {
    "list": _list,
    "hangup": _hang_up,
    "originate": _originate,
    "redirect": _redirect,
}

CHANNEL: Final = Method("channel", ApiScope.CALLS_WRITE, channel)
