"""Keys that a client has pressed for a party, in the way it takes keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from cordboard.engines.embedded.sent_keys import MAX_WAITING, SentKeys


class Line:
    """A channel's session, stack and time, as far as keys need them."""

    def __init__(self, *, takes_events: bool) -> None:
        self.takes_events = takes_events
        self.digits: list[tuple[str, int, int]] = []
        self.infos: list[tuple[str, bytes]] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.stack = self
        self.keys = SentKeys("c", cast("Any", self), cast("Any", self))

    def send_digit(self, digit: str, duration_ms: int, gap_ms: int) -> bool:
        self.digits.append((digit, duration_ms, gap_ms))
        return True

    def info(self, channel: str, content_type: str, body: bytes, now: float) -> None:
        assert (channel, now) == ("c", 7.0)
        self.infos.append((content_type, body))

    def clock(self) -> float:
        return 7.0

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        self.timers.append((seconds, what))

    def pass_time(self) -> float:
        """Let the one timer that is set come, and say how long that took."""
        (timer,) = self.timers
        self.timers.clear()
        timer[1]()
        return timer[0]


def test_events_are_queued_in_the_audio() -> None:
    line = Line(takes_events=True)
    line.keys.send("4#", 80, 50)
    assert line.digits == [("4", 80, 50), ("#", 80, 50)]
    assert not line.infos
    assert not line.timers


def test_infos_wait_for_each_other() -> None:
    line = Line(takes_events=False)
    line.keys.send("12", 80, 40)
    line.keys.send("*", 200, 60)
    assert line.infos == [("application/dtmf-relay", b"Signal=1\r\nDuration=80\r\n")]
    assert line.pass_time() == 0.12
    assert line.infos[-1][1] == b"Signal=2\r\nDuration=80\r\n"
    assert line.pass_time() == 0.12
    assert line.infos[-1][1] == b"Signal=*\r\nDuration=200\r\n"
    assert line.pass_time() == 0.26
    assert line.timers == [], "nothing waits"
    line.keys.send("5", 100, 60)
    assert len(line.infos) == 4


def test_a_party_that_takes_events_by_now_has_them_in_order() -> None:
    line = Line(takes_events=False)
    line.keys.send("12", 80, 40)
    line.takes_events = True
    line.keys.send("3", 80, 40)
    assert line.digits == [], "after those that wait"
    line.pass_time()
    line.pass_time()
    assert b"Signal=3" in line.infos[-1][1]


def test_what_waits_is_bounded_and_ends_with_the_channel() -> None:
    line = Line(takes_events=False)
    line.keys.send("1" * 200, 80, 40)
    line.keys.end()
    line.pass_time()
    assert len(line.infos) == 1
    line.keys.send("2" * 200, 80, 40)
    sent = 1
    while line.timers:
        line.pass_time()
        sent += 1
    assert sent == MAX_WAITING + 1
