from __future__ import annotations

import pytest

from cordboard.sip.locating import Target
from cordboard.sip.timers import Timers
from cordboard.sip.tries import Tries

TIMERS = Timers()  # 64*T1 are 32 s
A, B, C = (Target("udp", f"192.0.2.{n}", 5060, "example.com") for n in (1, 2, 3))


def test_a_single_server_has_all_the_time_that_there_is() -> None:
    tries = Tries([A], TIMERS, 100.0)
    assert tries.next(100.0) == A
    assert tries.patience(100.0) is None
    tries.failed("no answer")
    assert tries.next(132.0) is None


def test_a_silent_server_is_given_up_early_while_there_is_another() -> None:
    tries = Tries([A, B, C], TIMERS, 100.0)
    tries.next(100.0)
    assert tries.patience(100.0) == 5.0
    tries.failed("no answer")
    assert tries.next(105.0) == B
    assert tries.patience(105.0) == 5.0
    tries.failed("503 Full")
    assert tries.next(105.5) == C
    assert tries.patience(105.5) == pytest.approx(26.5)
    tries.failed("no answer")
    assert tries.next(132.0) is None


def test_all_together_take_no_longer_than_one() -> None:
    now, tried = 100.0, 0
    tries = Tries([A] * 16, TIMERS, now)
    while tries.next(now) is not None:
        patience = tries.patience(now)
        assert patience is not None
        tries.failed("no answer")
        now, tried = now + patience, tried + 1
    assert now == 132.0
    assert tried == 7


def test_what_was_tried_is_told_in_order() -> None:
    tries = Tries([A, B._replace(transport="tcp")], TIMERS, 0.0)
    assert tries.story == ""
    tries.next(0.0)
    tries.failed("no answer")
    one = tries.several
    tries.next(5.0)
    tries.failed("connection refused")
    assert (one, tries.several) == (False, True)
    assert tries.story == "udp:192.0.2.1:5060 (no answer), tcp:192.0.2.2:5060 (connection refused)"
