"""Pings: whom they are sent to, and when silence means that nobody is there."""

from __future__ import annotations

import pytest

from cordboard.sip.keepalive import PONG_SECONDS, TABLE, Due, Keepalive, Peer

EVERY = 30.0


def test_a_ping_is_due_after_silence_and_once() -> None:
    keepalive = Keepalive(EVERY, 100.0)
    assert keepalive.due(129.9) is Due.NOTHING
    keepalive.message(120.0)
    assert keepalive.due(149.9) is Due.NOTHING
    assert keepalive.due(150.0) is Due.PING
    assert keepalive.due(150.1) is Due.NOTHING


def test_who_has_never_answered_is_pinged_on_and_never_cut() -> None:
    keepalive = Keepalive(EVERY, 0.0)
    told = [keepalive.due(float(second)) for second in range(1, 301)]
    assert told.count(Due.PING) == 10
    assert Due.CUT not in told


@pytest.mark.parametrize("bound_to", [True, False])
def test_who_answers_pings_and_then_does_not_is_gone(bound_to: bool) -> None:
    keepalive = Keepalive(EVERY, 0.0, answers=bound_to)
    asked_at = EVERY
    if not bound_to:
        assert keepalive.due(asked_at) is Due.PING
        keepalive.pong(asked_at + 1)
        asked_at += 1 + EVERY
    assert keepalive.due(asked_at) is Due.PING
    assert keepalive.due(asked_at + PONG_SECONDS - 0.1) is Due.NOTHING
    assert keepalive.due(asked_at + PONG_SECONDS) is Due.CUT
    keepalive.pong(asked_at + PONG_SECONDS)
    keepalive.message(asked_at + PONG_SECONDS)
    assert keepalive.due(1e9) is Due.NOTHING


@pytest.mark.parametrize("answer", [Keepalive.pong, Keepalive.message])
def test_a_message_shows_life_as_an_answer_does(answer: object) -> None:
    keepalive = Keepalive(EVERY, 0.0, answers=True)
    assert keepalive.due(EVERY) is Due.PING
    assert callable(answer)
    answer(keepalive, EVERY + 5)
    assert keepalive.peer is Peer.PROVEN
    assert keepalive.due(EVERY + 5 + PONG_SECONDS) is Due.NOTHING
    assert keepalive.due(EVERY + 5 + EVERY) is Due.PING


def test_every_state_has_its_row() -> None:
    assert set(TABLE) == set(Peer)
