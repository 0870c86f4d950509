"""A phone that keeps several flows open rings once, over whichever leads there (RFC 5626 7)."""

from __future__ import annotations

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.planning.plan import channels_for
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Contact,
    Dial,
    EngineCommand,
    Failed,
    Ringing,
    TerminalEndpoint,
)
from cordboard.calls.request import CallRequest, RingUser, UserKeys
from cordboard.calls.running.call import Call
from support.effects import taken
from support.tenants import desk, everywhere, numbered_ids, request, tenant

URI = "sip:helen@10.0.0.7:5060"
INSTANCE = '"<urn:uuid:1>"'


def flow(reg_id: str, account: str = "helen-mobile@demo") -> Contact:
    return Contact(account, URI, 1.0, None, INSTANCE, reg_id)


def here(account: str) -> tuple[Contact, ...]:
    """Helen's phone has two flows, and all others are plainly registered."""
    return tuple(flow(n, account) for n in "12") if "helen" in account else everywhere(account)


def ring_helen() -> CallRequest:
    return request(RingUser(UserKeys(name="helen")))


class Line:
    """A call of Helen, and what comes out of it."""

    def __init__(self) -> None:
        ids = numbered_ids()
        switchboard = desk(here, ids)
        self.call = Call(
            plan(request(RingUser(UserKeys(name="helen"))), tenant(), switchboard), switchboard
        )
        self.log: list[CallEvent] = []
        self.call.start(1.0)
        self.started = self.take()

    def take(self) -> list[EngineCommand]:
        self.log += taken(self.call.effects.events)
        return taken(self.call.effects.commands)

    def fails(self, status: int, *, local: bool = False) -> list[str | None]:
        """One of its flows fails; the reg-ids of what is dialled next."""
        self.call.handle(Failed("c1", status, local=local), 2.0)
        return reg_ids(self.take())


def reg_ids(commands: list[EngineCommand]) -> list[str | None]:
    found = []
    for command in commands:
        if isinstance(command, Dial):
            assert command.channel == "c1"
            assert isinstance(command.endpoint, TerminalEndpoint)
            found.append(command.endpoint.contact.reg_id)
    return found


def test_the_flow_that_was_refreshed_last_is_dialled() -> None:
    assert reg_ids(Line().started) == ["2"]


@pytest.mark.parametrize(("status", "local"), [(430, False), (503, True), (480, True)])
def test_where_a_flow_leads_nowhere_the_other_is_tried(status: int, local: bool) -> None:
    line = Line()
    assert line.fails(status, local=local) == ["1"]
    assert line.fails(status, local=local) == []
    kinds = [event.kind for event in line.log]
    assert kinds.count(EventKind.CHANNEL_DIALLED) == 2
    (told,) = (e.data for e in line.log if e.kind is EventKind.CHANNEL_FAILED_OVER)
    assert (told["sip_status"], told["trunk"], told["next"]) == (status, None, None)
    assert EventKind.LEG_FAILED in kinds


@pytest.mark.parametrize("status", [404, 408, 480, 486, 500, 503, 600, 603])
def test_a_phone_that_has_answered_is_not_asked_again(status: int) -> None:
    line = Line()
    line.call.handle(Ringing("c1"), 1.5)
    assert line.fails(status) == []


def test_phones_of_one_terminal_ring_together() -> None:
    others = (
        Contact("helen-mobile@demo", "sip:a@h"),
        flow("1"),
        Contact("helen-mobile@demo", "sip:b@h"),
        flow("2"),
    )
    ids = numbered_ids()
    planned = plan(ring_helen(), tenant(), desk(here, ids))
    channels = channels_for(planned.first, lambda _account: others, ids)
    endpoints = [
        [e.contact.reg_id or e.contact.uri for e in c.endpoints if isinstance(e, TerminalEndpoint)]
        for c in channels
    ]
    assert endpoints == [["sip:a@h"], ["2", "1"], ["sip:b@h"]]
