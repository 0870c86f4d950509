"""The order of things in a running stack."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

import pytest

from cordboard.engines.stack_runner import SLACK, StackRunner
from cordboard.sip.events import BindingsChanged, RegistrationsBlocked, SipEvent
from cordboard.sip.flow import Flow
from cordboard.sip.stack import SipStack, StackSettings
from cordboard.sip.wheel import TimerWheel

pytestmark = pytest.mark.anyio

WAY = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.50", 40_001))


class Said:
    """A stack that has something to say."""

    def __init__(self, *events: SipEvent) -> None:
        self.outbox = [(WAY, b"SIP/2.0 200 OK")]
        self.events = deque(events)
        self.wheel = TimerWheel()

    def messages_to_send(self) -> list[tuple[Flow, bytes]]:
        messages = self.outbox[:]
        self.outbox.clear()
        return messages

    def sessions(self) -> tuple[str, ...]:
        return ()

    registrations = sessions


def order(monkeypatch: pytest.MonkeyPatch, *events: SipEvent) -> list[object]:
    """What is sent and told, in order."""
    seen: list[object] = []
    runner = StackRunner(lambda _: cast(SipStack, Said(*events)), seen.append)
    monkeypatch.setattr(runner.transport, "send", lambda sent: seen.extend(m for _, m in sent))
    runner.pump()
    return seen


async def test_a_binding_is_kept_before_its_phone_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    changed = BindingsChanged("desk@demo", ())
    other = RegistrationsBlocked("192.0.2.50", "desk@demo")
    assert order(monkeypatch, changed, other) == [changed, b"SIP/2.0 200 OK", other]
    assert order(monkeypatch, other, changed) == [b"SIP/2.0 200 OK", other, changed]


class Loop:
    """Only notes when it is to call."""

    def __init__(self) -> None:
        self.alarms: list[Alarm] = []

        self.now = 100.0

    def time(self) -> float:
        return self.now

    def call_at(self, at: float, what: Callable[[], None]) -> Alarm:
        self.alarms.append(Alarm(at, what))
        return self.alarms[-1]


@dataclass
class Alarm:
    at: float
    ring: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


def _note(rang: list[str], name: str, _now: float) -> None:
    rang.append(name)


async def test_timers_that_are_due_soon_after_each_other_ring_at_one_wakeup() -> None:
    loop = Loop()
    stack = SipStack(StackSettings(advertised=lambda _: ("192.0.2.1", 5060), tag_secret=b"s"))
    runner = StackRunner(lambda _: stack, lambda _: None, loop=cast(AbstractEventLoop, loop))
    rang: list[str] = []
    for due, name in ((101.0, "late"), (100.01, "second"), (100.0, "first")):
        stack.wheel.schedule(due, partial(_note, rang, name))
        runner.pump()
    assert [alarm.at for alarm in loop.alarms if not alarm.cancelled] == [100.0 + SLACK]
    loop.now += SLACK
    loop.alarms[-1].ring()
    assert rang == ["first", "second"]
    assert loop.alarms[-1].at == 101.0 + SLACK
