"""Whether a peer is there, one answer or silence at a time."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipBuildError
from cordboard.sip.events import ReachabilityChanged
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.watch import ABSENT, WATCH, Input, Stage, Watch
from support.sip_network import name_addr
from support.sip_peer import Peer

EVERY = 60.0
SOON = 2.0
PATIENCE = 8.0


class Watched(Peer):
    """A peer that is asked; ``asked`` is the number of the latest question."""

    asked = 0


def watch(peer: Peer, uri: str = "sip:192.0.2.2:5060", routes: tuple[str, ...] = ()) -> None:
    caller = name_addr("<sip:ping@192.0.2.1>")
    peer.stack.watch(Watch("pstn", uri, peer.flow, caller, EVERY, routes), peer.now)


def asked(peer: Watched) -> Request:
    """The next new question, however long it takes; repeats of old ones are left out."""
    while True:
        for message in peer.take():
            assert isinstance(message, Request)
            assert message.method == "OPTIONS"
            if message.cseq[0] > peer.asked:
                peer.asked = message.cseq[0]
                return message
        due = peer.stack.get_timer()
        assert due is not None
        peer.wait(due - peer.now)


def is_silent(peer: Watched) -> None:
    """The peer lets one question pass."""
    asked(peer)
    peer.wait(PATIENCE)


def answers(peer: Watched, status: int = 200) -> None:
    peer.answer(asked(peer), status)


def said(peer: Peer) -> list[bool]:
    return [e.reachable for e in peer.events() if isinstance(e, ReachabilityChanged)]


def test_the_question_says_all_it_has_to() -> None:
    peer = Watched()
    watch(peer, routes=("<sip:198.51.100.1;lr>",))
    question = asked(peer)
    assert question.uri == "sip:192.0.2.2:5060"
    assert question.need("to") == "<sip:192.0.2.2:5060>"
    assert question.need("from").startswith("<sip:ping@192.0.2.1>;tag=")
    assert question.need("route") == "<sip:198.51.100.1;lr>"
    assert question.need("accept") == "application/sdp"
    assert question.need("contact") == "<sip:ping@192.0.2.1:5060>"


@pytest.mark.parametrize("status", [200, 401, 404, 405, 486, 500, 603])
def test_whatever_is_answered_shows_that_it_is_there(status: int) -> None:
    peer = Watched()
    watch(peer)
    answers(peer, status)
    assert said(peer) == [True]


@pytest.mark.parametrize("status", sorted(ABSENT))
def test_some_answers_mean_as_much_as_silence(status: int) -> None:
    peer = Watched()
    watch(peer)
    answers(peer, status)
    assert said(peer) == []
    peer.wait(SOON)
    answers(peer, status)
    (told,) = peer.events()
    assert isinstance(told, ReachabilityChanged)
    assert (told.reachable, told.reason) == (False, f"{status} Said")


def test_it_is_asked_again_after_most_of_the_interval() -> None:
    peer = Watched()
    watch(peer)
    answers(peer)
    peer.wait(0.9 * EVERY - 0.1)
    assert peer.take() == []
    peer.wait(0.1 * EVERY + 0.1)
    assert asked(peer).need("cseq") == "2 OPTIONS"


def test_one_lost_question_changes_nothing() -> None:
    peer = Watched()
    watch(peer)
    answers(peer)
    is_silent(peer)
    answers(peer)
    assert said(peer) == [True]


def test_two_silences_in_a_row_are_believed_and_two_answers_too() -> None:
    peer = Watched()
    watch(peer)
    answers(peer)
    is_silent(peer)
    is_silent(peer)
    assert said(peer) == [True, False]
    answers(peer)
    assert said(peer) == []
    answers(peer)
    assert said(peer) == [True]


def test_a_peer_that_answers_now_and_then_stays_down() -> None:
    peer = Watched()
    watch(peer)
    is_silent(peer)
    is_silent(peer)
    for _ in range(5):
        answers(peer)
        is_silent(peer)
    assert said(peer) == [False]


def test_an_answer_that_comes_too_late_is_none() -> None:
    peer = Watched()
    watch(peer)
    question = asked(peer)
    peer.wait(PATIENCE)
    peer.take()
    peer.answer(question, 200)
    assert said(peer) == []


def test_a_connection_that_breaks_is_silence() -> None:
    peer = Watched(transport="tcp")
    watch(peer)
    for _ in range(2):
        asked(peer)
        peer.stack.connection_lost(peer.flow, peer.now)
        peer.wait(SOON)
    (told,) = peer.events()
    assert isinstance(told, ReachabilityChanged)
    assert (told.reachable, told.reason) == (False, "Service Unavailable")


def test_the_next_question_goes_where_the_peer_is_found_now() -> None:
    peer = Watched()
    watch(peer)
    answers(peer)
    elsewhere = Flow("udp", peer.end.address, ("192.0.2.77", 5060))
    peer.stack.aim("pstn", elsewhere)
    peer.wait(EVERY)
    assert set(peer.take_flows()) == {elsewhere}


def test_a_peer_that_is_down_may_be_asked_at_once() -> None:
    peer = Watched()
    watch(peer)
    is_silent(peer)
    is_silent(peer)
    peer.take()
    peer.stack.try_again("pstn", peer.now)
    began = peer.now
    answers(peer)
    assert peer.now == began
    answers(peer)
    assert said(peer) == [False, True]


def test_who_is_dismissed_is_asked_no_more() -> None:
    peer = Watched()
    watch(peer)
    question = asked(peer)
    peer.stack.unwatch("pstn", peer.now)
    peer.answer(question, 200)
    peer.wait(10 * EVERY)
    assert said(peer) == []
    assert peer.take() == []
    watch(peer)


def test_names_are_unique() -> None:
    peer = Watched()
    watch(peer)
    with pytest.raises(ValueError, match="exists"):
        watch(peer)


def test_a_line_break_does_not_get_into_a_message() -> None:
    with pytest.raises(SipBuildError):
        watch(Peer(), "sip:a\r\nX: y")


def test_the_table_is_whole() -> None:
    for stage, entries in WATCH.items():
        expected = set() if stage is Stage.GONE else set(Input) - {Input.HURRY}
        assert set(entries) - {Input.HURRY} == expected
