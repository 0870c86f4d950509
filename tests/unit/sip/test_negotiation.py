"""Offers and answers once there is a dialog: re-INVITE and UPDATE, ours and the peer's."""

from __future__ import annotations

import pytest

from cordboard.sip.digest import Credentials
from cordboard.sip.events import (
    EndedBy,
    OfferAnswered,
    OfferReceived,
    OfferRejected,
    SessionEnded,
)
from cordboard.sip.message import Request
from support.outgoing_calls import CHALLENGE, MOVED, answered
from support.sip_network import OTHER_ANSWER, OTHER_OFFER
from support.sip_peer import Peer, all_quiet


def test_our_offer_is_answered() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    assert offer.need("cseq") == "2 INVITE"
    assert offer.need("contact") == "<sip:cordboard@192.0.2.1:5060>"
    assert offer.body == OTHER_OFFER
    peer.answer(offer, 100)
    moved = ("contact", "<sip:moved@192.0.2.2:5060>")
    peer.answer(offer, 200, sdp=OTHER_ANSWER, extra=(moved,))
    ack = peer.take_request("ACK")
    assert (ack.uri, ack.need("cseq")) == ("sip:moved@192.0.2.2:5060", "2 ACK")
    peer.answer(offer, 200, sdp=OTHER_ANSWER, extra=(moved,))
    assert peer.take() == [ack]
    assert peer.events() == [OfferAnswered("call-1", OTHER_ANSWER)]


def test_our_offer_is_refused_and_the_call_stays() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 488)
    ack = peer.take_request("ACK")
    assert ack.need("via") == offer.need("via")
    assert ack.need("to") == offer.need("to")
    assert peer.events() == [OfferRejected("call-1", 488)]
    assert peer.stack.sessions() == 1


def test_our_offer_is_authenticated() -> None:
    peer = Peer()
    answered(peer, credentials=Credentials("u", "p"))
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.answer(peer.take_request("INVITE"), 407, extra=(CHALLENGE,))
    _, again = peer.take_requests("ACK", "INVITE")
    assert again.need("cseq") == "3 INVITE"
    assert "proxy-authorization" in again.headers


def test_offers_that_wait_are_sent_one_after_another_the_last_of_them() -> None:
    peer = Peer()
    answered(peer)
    for sdp in (b"1", b"2", b"3"):
        peer.stack.offer("call-1", sdp, peer.now)
    offer = peer.take_request("INVITE")
    assert offer.body == b"1"
    peer.answer(offer, 200)
    _, last = peer.take_requests("ACK", "INVITE")
    assert last.body == b"3"


@pytest.mark.parametrize(("status", "extra"), [(491, ()), (500, (("retry-after", "2"),))])
def test_a_collision_of_offers_is_tried_again(
    status: int, extra: tuple[tuple[str, str], ...]
) -> None:
    peer = Peer()
    invite = answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    theirs = peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.take_response(491)
    peer.acknowledge(theirs)
    peer.answer(offer, status, extra=extra)
    peer.take_request("ACK")
    peer.wait(2.0)
    assert peer.take() == []
    # While we wait, the peer's offer may come through, and ours comes after it.
    peer.ask_within(invite, "INVITE", 2, sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.wait(2.0)
    assert peer.take() == []
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    peer.take_response(200)
    peer.ask_within(invite, "ACK", 2)
    peer.wait(0.5)
    peer.answer(peer.take_request("INVITE"), 200)
    assert [type(event) for event in peer.events()] == [OfferReceived, OfferAnswered]


def test_an_offer_that_waits_for_its_next_try_can_be_brought_up_to_date() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.answer(peer.take_request("INVITE"), 491)
    peer.take_request("ACK")
    peer.stack.offer("call-1", b"newer", peer.now)
    assert peer.take() == []
    peer.wait(4.0)
    offer = next(m for m in peer.take() if isinstance(m, Request))
    assert offer.body == b"newer"
    peer.answer(offer, 200)
    peer.take_request("ACK")


def test_ends_that_keep_colliding_give_up() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    for _ in range(9):
        offer = next(m for m in peer.take() if isinstance(m, Request))
        peer.answer(offer, 491)
        peer.take_request("ACK")
        peer.wait(4.0)
    assert peer.events() == [OfferRejected("call-1", 491)]


@pytest.mark.parametrize("how", ["481", "408", "silence", "unreachable"])
def test_an_offer_that_finds_nobody_ends_the_call(how: str) -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    if how == "silence":
        peer.wait(32.0)
    elif how == "unreachable":
        peer.stack.connection_lost(peer.flow, peer.now)
    else:
        peer.answer(offer, int(how))
    by = EndedBy.TRANSPORT if how == "unreachable" else EndedBy.TIMEOUT
    assert peer.events() == [SessionEnded("call-1", by)]
    assert [m.method for m in peer.take() if isinstance(m, Request)][-1] == "BYE"
    assert all_quiet(peer)


def test_an_offer_that_is_never_answered_is_taken_back() -> None:
    """9.1: CANCEL after 64*T1; a peer that is alive answers it, and the call goes on."""
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 100)
    peer.answer(offer, 183)
    peer.wait(31.9)
    assert peer.take() == []
    peer.wait(0.2)
    cancel = peer.take_request("CANCEL")
    assert (cancel.need("via"), cancel.need("to")) == (offer.need("via"), offer.need("to"))
    peer.answer(cancel, 200)
    peer.answer(offer, 487)
    peer.take_request("ACK")
    assert peer.events() == [OfferRejected("call-1", 487)]
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.take_request("INVITE")


def test_a_peer_that_vanishes_over_an_offer_ends_the_call() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    peer.answer(peer.take_request("INVITE"), 100)
    peer.wait(64.1)
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]
    assert all_quiet(peer)


def test_the_end_of_the_call_ends_all_offers() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.ask_within(invite, "BYE", 2)
    statuses = [m.status for m in peer.take() if not isinstance(m, Request)]
    assert sorted(statuses) == [200, 487]
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    assert peer.take() == []
    assert all_quiet(peer)


def test_our_offer_under_way_when_the_call_ends_bothers_nobody() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 100)
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.events()
    peer.answer(offer, 487)
    peer.take_request("ACK")
    assert peer.events() == []
    assert all_quiet(peer)


def test_the_peers_offer_is_answered_and_repeated_until_its_ack() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", 7, sdp=OTHER_OFFER)
    peer.take_response(100)
    assert peer.events() == [OfferReceived("call-1", OTHER_OFFER)]
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    answer = peer.take_response(200)
    assert answer.body == OTHER_ANSWER
    peer.wait(0.5)
    assert peer.take() == [answer]
    early = peer.ask_within(invite, "INVITE", 8, sdp=OTHER_OFFER)
    assert "retry-after" in peer.take_response(500).headers
    peer.acknowledge(early)
    peer.ask_within(invite, "ACK", 7)
    peer.wait(60.0)
    assert peer.take() == []
    assert peer.events() == []


def test_an_offer_of_ours_in_the_answer_to_an_empty_one() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE")
    peer.take_response(100)
    assert peer.events() == [OfferReceived("call-1", None)]
    peer.stack.answer_offer("call-1", OTHER_OFFER, peer.now)
    peer.take_response(200)
    peer.ask_within(invite, "ACK", sdp=OTHER_ANSWER)
    assert peer.events() == [OfferAnswered("call-1", OTHER_ANSWER)]


def test_an_offer_says_by_which_flow_the_peer_is_reached_now() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER, flow=MOVED)
    (event,) = peer.events()
    assert isinstance(event, OfferReceived)
    assert event.flow == MOVED


def test_the_peers_offer_is_refused_or_taken_back() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.stack.reject_offer("call-1", 488, peer.now)
    peer.take_response(488)
    peer.ask_within(invite, "INVITE", 2, branch="again", sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.ask_within(invite, "CANCEL", 2, branch="again")
    assert [m.status for m in peer.take() if not isinstance(m, Request)] == [200, 487]
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    assert peer.take() == []
    assert peer.stack.sessions() == 1


def test_no_ack_for_our_answer_ends_the_call() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER)
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    peer.take()
    peer.events()
    peer.wait(32.0)
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]
    assert [m.method for m in peer.take() if isinstance(m, Request)] == ["BYE"]
    assert all_quiet(peer)
