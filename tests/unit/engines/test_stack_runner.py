"""The order of things in a running stack."""

from __future__ import annotations

from collections import deque
from typing import cast

import pytest

from cordboard.engines.stack_runner import StackRunner
from cordboard.sip.events import BindingsChanged, RegistrationsBlocked, SipEvent
from cordboard.sip.flow import Flow
from cordboard.sip.stack import SipStack

pytestmark = pytest.mark.anyio

WAY = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.50", 40_001))


class Said:
    """A stack that has something to say."""

    def __init__(self, *events: SipEvent) -> None:
        self.messages = [(WAY, b"SIP/2.0 200 OK")]
        self.events = deque(events)

    def messages_to_send(self) -> list[tuple[Flow, bytes]]:
        messages, self.messages = self.messages, []
        return messages

    def next_event(self) -> SipEvent | None:
        return self.events.popleft() if self.events else None

    def sessions(self) -> tuple[str, ...]:
        return ()

    registrations = sessions

    def get_timer(self) -> float | None:
        return None


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
