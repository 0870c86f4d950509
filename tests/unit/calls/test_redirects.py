"""Redirects of either leg and changes of trunk: by the plan's rules, at most three hops."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind, Outcome
from cordboard.calls.limits import LimitKey, Usage
from cordboard.calls.planning.plan import ContactLookup
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Answered,
    Dial,
    EngineCommand,
    EngineEvent,
    Failed,
    RedirectTarget,
    Released,
    TerminalEndpoint,
    TrunkEndpoint,
)
from cordboard.calls.request import Address, CallRequest, RingNumber, SecondScope
from cordboard.calls.running.call import Call
from cordboard.directory.snapshot import TenantDirectory
from support.effects import taken
from support.tenants import desk, everywhere, numbered_ids, only, request, tenant

OUTSIDE = "0312341234"
FIRST, SECOND = LimitKey("trunk", "first@demo"), LimitKey("trunk", "second@demo")


def to(user: str, host: str = "demo", *, ours: bool = False) -> RedirectTarget:
    """Where a 302 points."""
    return RedirectTarget(user, host, ours)


class Line:
    """A call, what it commands, and what it holds."""

    def __init__(
        self,
        asked: CallRequest,
        directory: TenantDirectory | None = None,
        *,
        here: ContactLookup = everywhere,
    ) -> None:
        directory = directory or tenant()
        ids = numbered_ids()
        self.usage = Usage()
        live = desk(here, ids, self.usage, directory)
        planned = plan(asked, directory, live)
        live.take(planned.takes)
        self.call = Call(planned, live)
        self.log: list[CallEvent] = []
        self.call.start(100.0)
        self.started = self.collect()

    def collect(self) -> list[EngineCommand]:
        self.log += taken(self.call.effects.events)
        self.usage.give_back(taken(self.call.effects.released))
        return taken(self.call.effects.commands)

    def tell(self, event: EngineEvent) -> list[EngineCommand]:
        self.call.handle(event, 101.0)
        return self.collect()

    def redirect(self, channel: str, *targets: RedirectTarget) -> list[Dial]:
        """A 302; the dials that follow."""
        commands = self.tell(Failed(channel, 302, redirects=targets))
        return [command for command in commands if isinstance(command, Dial)]

    def refusals(self) -> list[str]:
        """Why redirects were not followed."""
        told = [e.data["refused"] for e in self.log if e.kind is EventKind.CHANNEL_REDIRECTED]
        return [str(reason) for reason in told if reason is not None]

    @property
    def verdict(self) -> tuple[Outcome, Cause, int | None]:
        result = self.call.result
        assert result is not None
        return result.outcome, result.cause, result.sip_status


def ring_outside(**more: Any) -> CallRequest:
    """Ring an outside number, and connect it with jessica."""
    return request(RingNumber(Address(OUTSIDE)), "jessica", **more)


def test_a_phone_sends_its_calls_to_another_user() -> None:
    line = Line(request(to="helen"))
    (dial,) = line.redirect("c1", to("1002"))
    assert dial.channel == "c1"
    assert isinstance(dial.endpoint, TerminalEndpoint)
    assert dial.endpoint.contact.account == "thomas@demo"
    line.tell(Answered("c1"))
    assert line.call.leg_of("c1") is not None
    kinds = [event.kind.value for event in line.log if event.channel == "c1"]
    assert kinds[:3] == ["channel.dialled", "channel.redirected", "channel.dialled"]
    assert "channel.answered" in kinds


def test_a_user_with_two_phones_rings_on_both() -> None:
    line = Line(ring_outside())
    dials = line.redirect("c1", to("jessica", "192.0.2.1", ours=True))
    accounts = [
        d.endpoint.contact.account for d in dials if isinstance(d.endpoint, TerminalEndpoint)
    ]
    assert accounts == ["jessica-desk@demo", "jessica-soft@demo"]
    assert [dial.channel for dial in dials] == ["c1", "c3"]
    announced = [planned.id for _, planned in taken(line.call.effects.channels)]
    assert announced == ["c1", "c1", "c3"], "the first leads to somebody else now"


def test_a_phone_sends_its_calls_outside_under_the_tenants_rules() -> None:
    line = Line(request(to="helen"))
    (dial,) = line.redirect("c1", to(OUTSIDE))
    assert isinstance(dial.endpoint, TrunkEndpoint)
    assert (dial.endpoint.trunk.name, dial.endpoint.number) == ("first", OUTSIDE)
    assert dial.options.caller.number in ("05068680000", "0506868001")
    assert line.usage.used(FIRST) == 1
    (other,) = line.redirect("c2", to(OUTSIDE))
    assert other.channel == "c2"
    assert line.usage.used(FIRST) == 1, "one channel a leg, however many phones"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (to("1002", "evil.test"), "evil.test is not ours"),
        (to("110"), "emergency"),
        (to("1111"), "a context can't be rung"),
        (to("nobody here"), "neither known here nor a number"),
    ],
)
def test_a_redirect_that_the_caller_may_not_follow(target: RedirectTarget, reason: str) -> None:
    line = Line(ring_outside())
    assert line.redirect("c1", target) == []
    (told,) = line.refusals()
    assert reason in told
    assert line.verdict == (Outcome.FIRST_LEG_FAILED, Cause.UNREACHABLE, 302)
    assert not line.usage


def test_who_may_call_inside_only_is_not_let_out_by_a_redirect() -> None:
    line = Line(ring_outside(second_scope=SecondScope.INSIDE))
    line.tell(Answered("c1"))
    assert line.redirect("c2", to(OUTSIDE)) == []
    assert "not allowed" in line.refusals()[0]


def test_the_next_target_is_tried_where_the_first_is_nothing() -> None:
    line = Line(ring_outside(), here=only("thomas@demo", "jessica-desk@demo"))
    (dial,) = line.redirect("c1", to("helen"), to("x", "evil.test"), to("thomas"))
    assert isinstance(dial.endpoint, TerminalEndpoint)
    assert line.refusals() == ["no terminal of helen is registered", "evil.test is not ours"]


def test_a_circle_is_left() -> None:
    line = Line(ring_outside())
    assert line.redirect("c1", to("0399990000"))
    assert line.redirect("c1", to(OUTSIDE))
    assert line.redirect("c1", to("0399990000")) == []
    assert line.refusals() == ["redirected in a circle"]
    assert line.verdict == (Outcome.FIRST_LEG_FAILED, Cause.UNREACHABLE, 302)


def test_three_hops_are_enough() -> None:
    line = Line(ring_outside())
    for number in range(3):
        assert line.redirect("c1", to(f"039999000{number}"))
    assert line.redirect("c1", to("0399990003")) == []
    assert line.refusals() == ["redirected more than 3 times"]
    assert not line.usage


def test_a_full_trunk_is_no_way_for_a_redirect() -> None:
    full = tenant()
    trunks = tuple(replace(trunk, channel_limit=0) for trunk in full.trunks)
    line = Line(request(to="helen"), replace(full, trunks=trunks))
    assert line.redirect("c1", to(OUTSIDE)) == []
    assert line.refusals() == ["the limit of trunk:first@demo is reached"]


def test_the_trunk_that_is_left_gets_its_line_back() -> None:
    line = Line(ring_outside())
    assert (line.usage.used(FIRST), line.usage.used(SECOND)) == (1, 0)
    (dial,) = (c for c in line.tell(Failed("c1", 503)) if isinstance(c, Dial))
    assert isinstance(dial.endpoint, TrunkEndpoint)
    assert dial.endpoint.trunk.name == "second"
    assert (line.usage.used(FIRST), line.usage.used(SECOND)) == (0, 1)
    (inside,) = line.redirect("c1", to("thomas"))
    assert isinstance(inside.endpoint, TerminalEndpoint)
    assert (line.usage.used(FIRST), line.usage.used(SECOND)) == (0, 0)
    line.tell(Answered("c1"))
    line.tell(Released("c1", remote=True))
    for command in line.started:
        assert isinstance(command, Dial)
    line.call.handle_timer(1000.0)
    line.collect()
    assert not line.usage


def test_a_trunk_without_a_free_line_is_passed_over() -> None:
    some = tenant()
    first, second = some.trunks
    third = replace(second, name="third")
    trunks = (first, replace(second, channel_limit=0), third)
    rules = (replace(some.outbound[0], trunks=("first", "second", "third")),)
    line = Line(ring_outside(), replace(some, trunks=trunks, outbound=rules))
    (dial,) = (c for c in line.tell(Failed("c1", 503)) if isinstance(c, Dial))
    assert isinstance(dial.endpoint, TrunkEndpoint)
    assert dial.endpoint.trunk.name == "third"
    (told,) = (e.data for e in line.log if e.kind is EventKind.CHANNEL_FAILED_OVER)
    assert (told["trunk"], told["next"]) == ("first", "third")


def test_no_trunk_with_a_free_line_is_a_failure() -> None:
    some = tenant()
    first, second = some.trunks
    line = Line(ring_outside(), replace(some, trunks=(first, replace(second, channel_limit=0))))
    assert [c for c in line.tell(Failed("c1", 503)) if isinstance(c, Dial)] == []
    assert line.verdict == (Outcome.FIRST_LEG_FAILED, Cause.CONGESTION, 503)
    assert not line.usage
    (ended,) = (e.data for e in line.log if e.kind is EventKind.CHANNEL_ENDED)
    assert (ended["trunk"], ended["passed_over"]) == ("first", ["second"])
