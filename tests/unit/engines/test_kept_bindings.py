"""Registrations over a restart: what is kept of them when, and what still holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from cordboard.engines.embedded.kept_bindings import (
    ASKED_AT_ONCE,
    ASKING_PAUSE,
    REFRESH_PAUSE,
    KeptBindings,
    read,
    written,
)
from cordboard.engines.stack_runner import StackRunner
from cordboard.sip.events import Binding, BindingsChanged
from cordboard.sip.flow import Flow
from cordboard.sip.framing import PING
from cordboard.sip.rebinding import MAX_EXPIRES

ACCOUNT = "desk@demo"
SERVER, PHONE = ("192.0.2.1", 5060), ("192.0.2.50", 40_001)
UDP = Flow("udp", SERVER, PHONE)
TCP = Flow("tcp", SERVER, PHONE)
NOW, AHEAD = 1000.0, 1_700_000_000.0
LATER, AHEAD_LATER = 50.0, AHEAD + 980.0
"""In the next process the stack's clock begins anew; 30 s have passed."""

BINDING = Binding(
    ACCOUNT,
    "sip:desk@192.0.2.50:5070",
    UDP,
    NOW + 300.0,
    "call-1",
    7,
    0.5,
    "phone \udcff 1.0",
    (),
    '"<urn:uuid:1>"',
    "1",
)


def kept(*bindings: Binding) -> tuple[Binding, ...]:
    """The bindings as the next process reads them."""
    text = written(bindings, AHEAD)
    assert text is not None
    assert text.isascii()
    found, gone = read(ACCOUNT, text, AHEAD_LATER, LATER)
    assert gone == (len(found) < len(bindings))
    return found


def test_a_binding_over_udp_is_what_it_was_for_the_time_that_is_left() -> None:
    assert kept(BINDING) == (replace(BINDING, expires_at=LATER + 270.0),)


def test_without_bindings_there_is_nothing_to_keep() -> None:
    assert written((), AHEAD) is None


def test_what_has_expired_meanwhile_is_gone() -> None:
    soon = replace(BINDING, contact="sip:soft@192.0.2.50", expires_at=NOW + 29.0)
    assert [one.contact for one in kept(BINDING, soon)] == [BINDING.contact]


def test_a_clock_that_was_put_back_makes_nothing_last_for_ever() -> None:
    text = written((BINDING,), AHEAD)
    assert text is not None
    ((binding,), _) = read(ACCOUNT, text, AHEAD_LATER - 1e6, LATER)
    assert binding.expires_at == LATER + MAX_EXPIRES


@pytest.mark.parametrize(
    ("contact", "path", "flow"),
    [
        ("sip:desk@192.0.2.50:5070;transport=tcp", (), ("tcp", "192.0.2.50", 5070)),
        ("sips:desk@192.0.2.50", (), ("tls", "192.0.2.50", 5061)),
        ("sip:desk@10.0.0.7:5070;transport=tcp", (), None),  # behind a NAT
        ("sip:desk@phone.example;transport=tcp", (), None),
        ("sip:desk@192.0.2.50;transport=ws", (), None),
        (
            "sip:desk@10.0.0.7;transport=tcp",
            ("<sip:192.0.2.50:5080;transport=tcp;lr>",),
            ("tcp", "192.0.2.50", 5080),
        ),
    ],
)
def test_over_connections_it_holds_where_a_new_one_can_be_made(
    contact: str, path: tuple[str, ...], flow: tuple[str, str, int] | None
) -> None:
    found = kept(replace(BINDING, contact=contact, path=path, flow=TCP))
    ways = [(one.flow.transport, *one.flow.remote) for one in found]
    assert ways == ([] if flow is None else [flow])
    assert all(one.flow.local == ("", 0) for one in found)


def test_a_flow_that_its_phone_keeps_is_no_other_flow() -> None:
    contact = "sip:desk@192.0.2.50:5070;transport=tcp"
    assert kept(replace(BINDING, contact=contact, flow=TCP, kept=True)) == ()
    assert len(kept(replace(BINDING, kept=True))) == 1


# When


class _Bindings:
    def __init__(self) -> None:
        self.restored: dict[str, tuple[Binding, ...]] = {}

    def restore(self, account: str, bindings: tuple[Binding, ...], _now: float) -> None:
        self.restored[account] = bindings


class Runner:
    """What of a stack's runner is used: its time, its loop's timers, its sockets."""

    def __init__(self) -> None:
        self.now = NOW
        self.clock = lambda: self.now
        self.stack = self.loop = self.transport = self
        self.bindings = _Bindings()
        self.sent: list[tuple[Flow, bytes]] = []
        self.released: list[Flow] = []
        self.later: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, action: Callable[[], None]) -> Any:
        self.later.append((seconds, action))
        return asyncio.Handle(action, (), cast("asyncio.AbstractEventLoop", self))

    def get_debug(self) -> bool:
        return False

    def send(self, messages: Any) -> None:
        self.sent += messages

    def release(self, flow: Flow) -> None:
        self.released.append(flow)

    def pass_time(self) -> None:
        """Do what waits for its time."""
        due, self.later = self.later, []
        for _, action in due:
            action()


class House:
    """Registrations that are kept in a dictionary."""

    def __init__(self) -> None:
        self.runner = Runner()
        self.kept: dict[str, str | None] = {}
        self.writes = 0
        self.marks: dict[str, str | None] = {}
        self.bindings = KeptBindings(
            cast("StackRunner", self.runner),
            self._keep,
            lambda: self.runner.now + AHEAD,
            lambda account: self.marks.get(account, ""),
        )

    def _keep(self, account: str, text: str | None) -> None:
        self.kept[account] = text
        self.writes += 1

    def changed(self, *bindings: Binding) -> None:
        self.bindings.changed(BindingsChanged(ACCOUNT, bindings))


def test_where_a_phone_is_is_kept_at_once() -> None:
    house = House()
    house.changed(BINDING)
    assert house.kept == {ACCOUNT: written((BINDING,), AHEAD)}
    house.changed()
    assert house.kept == {ACCOUNT: None}
    house.changed(BINDING)
    moved = replace(BINDING, flow=UDP._replace(remote=("192.0.2.50", 40_002)))
    house.changed(moved)
    assert house.kept == {ACCOUNT: written((moved,), AHEAD)}
    assert not house.runner.later


def test_refreshes_are_kept_together_a_little_later() -> None:
    house = House()
    house.changed(BINDING)
    for seconds in range(3):
        house.changed(replace(BINDING, expires_at=NOW + 400.0 + seconds, cseq=8 + seconds))
    assert house.writes == 1
    assert [seconds for seconds, _ in house.runner.later] == [REFRESH_PAUSE]
    house.runner.pass_time()
    assert house.writes == 2
    last = replace(BINDING, expires_at=NOW + 402.0, cseq=10)
    assert house.kept == {ACCOUNT: written((last,), AHEAD)}


def test_a_refresh_that_waits_never_comes_after_what_followed_it() -> None:
    house = House()
    house.changed(BINDING)
    house.changed(replace(BINDING, cseq=8))
    house.changed()
    house.runner.pass_time()
    assert house.kept == {ACCOUNT: None}


def test_what_waits_is_kept_before_the_end() -> None:
    house = House()
    house.changed(BINDING)
    house.changed(replace(BINDING, cseq=8))
    house.bindings.close()
    assert house.kept == {ACCOUNT: written((replace(BINDING, cseq=8),), AHEAD)}


def test_what_does_not_hold_any_more_is_not_kept_on() -> None:
    house = House()
    house.runner.now = NOW + 30.0
    over = replace(BINDING, contact="sip:gone@192.0.2.50", expires_at=NOW + 29.0)
    both, one = written((BINDING, over), AHEAD), written((BINDING,), AHEAD)
    assert both is not None
    assert one is not None
    only = written((over,), AHEAD)
    assert only is not None
    house.bindings.restore({ACCOUNT: both, "soft@demo": one, "gone@demo": only})
    assert house.kept == {ACCOUNT: one, "gone@demo": None}
    assert set(house.runner.bindings.restored) == {ACCOUNT, "soft@demo"}
    assert house.runner.sent == []


@pytest.mark.parametrize(
    ("mark", "holds"), [("1a2b", True), ("3c4d", False), ("", False), (None, False)]
)
def test_who_has_another_password_by_then_registers_anew(mark: str | None, holds: bool) -> None:
    before, after = House(), House()
    before.marks[ACCOUNT] = "1a2b"
    before.changed(BINDING)
    text = before.kept[ACCOUNT]
    assert text is not None
    after.marks[ACCOUNT] = mark
    after.bindings.restore({ACCOUNT: text})
    assert (ACCOUNT in after.runner.bindings.restored) is holds
    assert after.kept == ({} if holds else {ACCOUNT: None})


def test_phones_on_connections_are_asked_a_few_at_a_time() -> None:
    house = House()
    contact = "sip:desk@192.0.2.50:{};transport=tcp"
    many = ASKED_AT_ONCE + 1
    kept = {
        f"{port}@demo": written((replace(BINDING, contact=contact.format(port), flow=TCP),), AHEAD)
        for port in range(1, many + 1)
    }
    house.bindings.restore({account: text or "" for account, text in kept.items()})
    assert len(house.runner.sent) == ASKED_AT_ONCE
    assert house.runner.sent[0] == (Flow("tcp", ("", 0), ("192.0.2.50", 1)), PING)
    assert [seconds for seconds, _ in house.runner.later] == [ASKING_PAUSE]
    house.runner.pass_time()
    assert len(house.runner.sent) == many
    assert not house.runner.later


def test_a_connection_of_ours_is_let_go_of_when_its_phone_has_made_its_own() -> None:
    house = House()
    contact = "sip:desk@192.0.2.50:5070;transport=tcp"
    ours = Flow("tcp", ("", 0), ("192.0.2.50", 5070))
    house.changed(replace(BINDING, contact=contact, flow=ours))
    house.changed(replace(BINDING, contact=contact, flow=ours, cseq=8))
    assert house.runner.released == []
    house.changed(replace(BINDING, contact=contact, flow=TCP))
    assert house.runner.released == [ours]
    house.changed(replace(BINDING, contact=contact, flow=TCP._replace(remote=("192.0.2.50", 9))))
    house.changed(replace(BINDING))
    house.changed()
    assert house.runner.released == [ours], "the others are their phones' own"
