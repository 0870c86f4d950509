"""Reliable provisional responses (RFC 3262) and UPDATE before the answer (RFC 3311)."""

from __future__ import annotations

import pytest

from cordboard.sip.events import (
    EndedBy,
    InviteAnswered,
    InviteReceived,
    InviteRinging,
    OfferAnswered,
    OfferReceived,
    SessionConfirmed,
    SessionEnded,
)
from cordboard.sip.message import Request
from support.outgoing_calls import call
from support.sip_network import ANSWER, OFFER, OTHER_ANSWER, OTHER_OFFER
from support.sip_peer import CONTACT, Extra, Peer, all_quiet


def reliable(number: int) -> Extra:
    """What a reliable response says."""
    return (CONTACT, ("require", "100rel"), ("rseq", str(number)))


def progress(peer: Peer, invite: Request, number: int, **more: object) -> None:
    """Send a reliable 183."""
    peer.answer(invite, 183, extra=reliable(number), **more)  # type: ignore[arg-type]


def test_each_is_acknowledged_once_and_in_order() -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 7)
    prack = peer.take_request("PRACK")
    assert prack.need("rack") == "7 1 INVITE"
    assert prack.need("cseq") == "2 PRACK"
    assert ";tag=peer" in prack.need("to")
    peer.answer(prack, 200)
    assert len(peer.events()) == 1
    progress(peer, invite, 7)  # again
    progress(peer, invite, 9)  # before its predecessor
    assert peer.take() == peer.events() == []
    progress(peer, invite, 8)
    assert peer.take_request("PRACK").need("rack") == "8 1 INVITE"
    assert len(peer.events()) == 1


def test_each_fork_counts_by_itself() -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 7, tag="a")
    progress(peer, invite, 1, tag="b")
    assert [p.need("rack") for p in peer.take_requests("PRACK", "PRACK")] == [
        "7 1 INVITE",
        "1 1 INVITE",
    ]


def test_the_answer_in_a_reliable_response_is_the_answer_of_the_call() -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 1, sdp=ANSWER)
    peer.answer(peer.take_request("PRACK"), 200)
    peer.answer(invite, 200)
    ack = peer.take_request("ACK")
    assert ack.need("cseq") == "1 ACK"
    ringing, answered = peer.events()
    assert isinstance(ringing, InviteRinging)
    assert isinstance(answered, InviteAnswered)
    assert ringing.sdp == answered.sdp == ANSWER
    peer.stack.hang_up("call-1", peer.now)
    assert peer.take_request("BYE").need("cseq") == "3 BYE"


@pytest.mark.parametrize("rseq", ["", "x", "-1", "99999999999", "1 2"])
def test_a_number_that_is_none_leaves_an_ordinary_response(rseq: str) -> None:
    peer = Peer()
    peer.answer(call(peer), 180, extra=(CONTACT, ("require", "100rel"), ("rseq", rseq)))
    assert peer.take() == []
    assert len(peer.events()) == 1


def test_a_reliable_response_without_a_tag_makes_no_dialog() -> None:
    peer = Peer()
    peer.answer(call(peer), 183, tag=None, extra=reliable(1))
    assert peer.take() == []


def test_an_offer_before_the_answer() -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 1, sdp=ANSWER)
    peer.take_request("PRACK")
    peer.events()
    peer.ask_within(invite, "UPDATE", 1, sdp=OTHER_OFFER)
    assert peer.events() == [OfferReceived("call-1", OTHER_OFFER)]
    peer.ask_within(invite, "UPDATE", 2, sdp=OFFER)  # 5.2: the first is not answered yet
    assert peer.take_response(500).first("retry-after") is not None
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    assert peer.take_response(200).body == OTHER_ANSWER
    peer.answer(invite, 200)
    peer.take_request("ACK")
    peer.ask_within(invite, "BYE", 1)
    peer.take_response(500)  # its numbers go on from the early dialog's
    peer.ask_within(invite, "BYE", 3)
    peer.take_response(200)
    assert all_quiet(peer)


def test_what_still_rings_does_not_expire() -> None:
    """A session begins with the 2xx (RFC 4028 3), whatever an UPDATE before it says."""
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 1, sdp=ANSWER)
    peer.answer(peer.take_request("PRACK"), 200)
    extra = (CONTACT, ("supported", "timer"), ("session-expires", "90;refresher=uac"))
    peer.ask_within(invite, "UPDATE", extra=extra)
    peer.take_response(200)
    peer.events()
    peer.wait(300.0)
    assert peer.take() == peer.events() == []
    peer.answer(invite, 200)
    peer.take_request("ACK")
    assert [type(event) for event in peer.events()] == [InviteAnswered]


def test_an_offer_while_ours_is_open_collides() -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 1)
    peer.take_request("PRACK")
    peer.ask_within(invite, "UPDATE", 1, sdp=OFFER)
    peer.take_response(491)


def test_an_early_dialog_needs_no_reliable_response() -> None:
    """12.1: any provisional response with a tag makes one. 481 would end the peer's call."""
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 180, tag="a")
    peer.answer(invite, 183, tag="b", sdp=ANSWER)
    for tag in ("a", "b"):
        from_, to = f"{invite.need('to')};tag={tag}", invite.need("from")
        peer.ask("UPDATE", call_id="call-1", number=7, from_=from_, to=to)
        assert peer.take_response(200).need("contact")
        peer.ask("UPDATE", call_id="call-1", number=8, from_=from_, to=to, sdp=OTHER_OFFER)
        peer.take_response(491)  # our own offer is not answered reliably yet
    peer.ask("UPDATE", call_id="call-1", from_=f"{invite.need('to')};tag=c", to=invite.need("from"))
    peer.take_response(481)
    peer.answer(invite, 200, tag="b", sdp=ANSWER)
    peer.take_request("ACK")
    from_ = f"{invite.need('to')};tag=b"
    peer.ask("BYE", call_id="call-1", number=6, from_=from_, to=invite.need("from"))
    peer.take_response(500)  # its numbers go on from the early dialog's
    peer.ask("BYE", call_id="call-1", number=9, from_=from_, to=invite.need("from"))
    peer.take_response(200)
    assert all_quiet(peer)


@pytest.mark.parametrize("number", [1, None])
def test_a_2xx_by_another_branch_than_ours_does_not_end_an_early_dialog(
    number: int | None,
) -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 183, extra=(CONTACT,) if number is None else reliable(number))
    peer.take()
    peer.events()
    via = invite.need("via")
    invite.put("via", via.replace("branch=z9hG4bK", "branch=z9hG4bKnot"))
    peer.answer(invite, 200, sdp=ANSWER)
    assert peer.take() == peer.events() == []
    invite.put("via", via)
    peer.answer(invite, 200, sdp=ANSWER)
    assert "ACK" in [getattr(message, "method", "") for message in peer.take()]
    assert [type(event) for event in peer.events()] == [InviteAnswered]


@pytest.mark.parametrize("method", ["BYE", "INFO", "INVITE", "PRACK"])
def test_an_early_dialog_serves_nothing_else(method: str) -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 1)
    peer.take_request("PRACK")
    peer.ask_within(invite, method)
    peer.take_response(481)


def test_a_request_of_a_fork_that_loses_does_not_lead_the_call_astray() -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 1, tag="a", sdp=ANSWER)
    peer.answer(peer.take_request("PRACK"), 200)
    from_, to = f"{invite.need('to')};tag=a", invite.need("from")
    peer.ask("UPDATE", call_id="call-1", from_=from_, to=to)
    peer.take_response(200)
    peer.ask("UPDATE", call_id="call-1", number=2, from_=from_, to=to, sdp=OTHER_OFFER)
    assert peer.take() == []  # the user has not answered yet
    peer.answer(invite, 200, tag="b", sdp=OTHER_ANSWER)
    refused, ack = peer.take()
    if isinstance(refused, Request):
        refused, ack = ack, refused
    assert getattr(refused, "status", 0) == 481
    peer.stack.hang_up("call-1", peer.now)
    assert ";tag=b" in peer.take_request("BYE").need("to")


def test_an_early_dialog_ends_with_its_call() -> None:
    peer = Peer()
    invite = call(peer)
    progress(peer, invite, 1, sdp=ANSWER)
    peer.answer(peer.take_request("PRACK"), 200)
    peer.answer(invite, 486)
    peer.take_request("ACK")
    peer.ask_within(invite, "UPDATE", sdp=OFFER)
    peer.take_response(481)
    assert all_quiet(peer)


# Called


def offered(peer: Peer, header: str) -> Request:
    """An INVITE that names 100rel in a header."""
    extra = (CONTACT, (header, "100rel"))
    invite = peer.ask("INVITE", branch="invite", sdp=OFFER, extra=extra)
    peer.take_response(100)
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    return invite


def test_a_caller_who_requires_it_gets_it_until_his_prack() -> None:
    peer = Peer()
    offered(peer, "require")
    peer.stack.ring("in-1", peer.now)
    ringing = peer.take_response(180)
    assert (ringing.need("require"), ringing.need("rseq")) == ("100rel", "1")
    peer.wait(0.5)
    assert peer.take_response(180) == ringing
    peer.wait(1.0)
    assert peer.take_response(180) == ringing
    peer.ask_back(ringing, "PRACK", 2, extra=(("rack", "2 1 INVITE"),))
    peer.take_response(481)
    peer.ask_back(ringing, "PRACK", 3, extra=(("rack", "1 1 INVITE"),))
    peer.take_response(200)
    peer.wait(20.0)
    assert peer.take() == []


def test_what_is_to_follow_waits_for_the_prack() -> None:
    peer = Peer()
    offered(peer, "supported")
    peer.stack.ring("in-1", peer.now, 183, "Hark", ANSWER, reliable=True)
    early = peer.take_response(183)
    peer.stack.ring("in-1", peer.now, reliable=True)
    peer.stack.accept("in-1", ANSWER, peer.now)
    assert peer.take() == []
    peer.ask_back(early, "PRACK", 2, extra=(("rack", "1 1 INVITE"),))
    prack_answer, answer = peer.take()
    assert (getattr(prack_answer, "status", 0), getattr(answer, "status", 0)) == (200, 200)
    assert answer.need("cseq") == "1 INVITE"


def test_without_support_it_is_an_ordinary_response() -> None:
    peer = Peer()
    peer.ask("INVITE", sdp=OFFER)
    peer.take_response(100)
    peer.stack.ring("in-1", peer.now, reliable=True)
    assert "rseq" not in peer.take_response(180).headers


def test_the_answer_needs_no_prack_of_what_described_nothing() -> None:
    peer = Peer()
    offered(peer, "require")
    peer.stack.ring("in-1", peer.now)
    peer.take_response(180)
    peer.stack.accept("in-1", ANSWER, peer.now)
    peer.take_response(200)


def test_a_prack_that_crosses_the_answer_is_content() -> None:
    """RFC 3262 3: after the final response it is not repeated any more, but its PRACK may come."""
    peer = Peer()
    offered(peer, "require")
    peer.stack.ring("in-1", peer.now)
    ringing = peer.take_response(180)
    peer.stack.accept("in-1", ANSWER, peer.now)
    answer = peer.take_response(200)
    peer.ask_back(ringing, "PRACK", 2, extra=(("rack", "1 1 INVITE"),))
    peer.take_response(200)
    peer.ask_back(ringing, "PRACK", 3, extra=(("rack", "1 1 INVITE"),))
    peer.take_response(481)
    peer.ask_back(answer, "ACK", 1)
    peer.wait(20.0)
    assert peer.take() == []


def test_the_answer_to_an_offer_in_a_reliable_response_is_in_its_prack() -> None:
    peer = Peer()
    peer.ask("INVITE", branch="invite", extra=(CONTACT, ("require", "100rel")))
    peer.take_response(100)
    peer.stack.ring("in-1", peer.now, 183, "Progress", OFFER)
    progress_sent = peer.take_response(183)
    peer.events()
    peer.ask_back(progress_sent, "PRACK", 2, extra=(("rack", "1 1 INVITE"),), sdp=ANSWER)
    peer.take_response(200)
    assert peer.events() == [OfferAnswered("in-1", ANSWER)]
    peer.stack.accept("in-1", OFFER, peer.now)
    answer = peer.take_response(200)
    peer.ask_back(answer, "ACK", 1)
    assert peer.events() == [SessionConfirmed("in-1", None)]
    # From now on a description in a request is an offer.
    peer.ask_back(answer, "UPDATE", 3, sdp=OTHER_OFFER)
    assert peer.events() == [OfferReceived("in-1", OTHER_OFFER)]


def test_no_prack_ends_the_call() -> None:
    peer = Peer()
    offered(peer, "require")
    peer.stack.ring("in-1", peer.now)
    peer.wait(32.0)
    said = [message for message in peer.take() if getattr(message, "status", 0) != 180]
    assert [getattr(message, "status", 0) for message in said] == [504]
    assert peer.events() == [SessionEnded("in-1", EndedBy.LOCAL)]
    assert all_quiet(peer)


def test_an_offer_has_to_wait_for_the_answer_to_the_first() -> None:
    peer = Peer()
    offered(peer, "supported")
    peer.stack.ring("in-1", peer.now)
    ringing = peer.take_response(180)
    peer.ask_back(ringing, "UPDATE", 2, sdp=OTHER_OFFER)
    assert peer.take_response(500).first("retry-after") is not None
    peer.stack.ring("in-1", peer.now, 183, "Hark", ANSWER, reliable=True)
    peer.take_response(183)
    peer.ask_back(ringing, "PRACK", 3, sdp=OTHER_OFFER, extra=(CONTACT, ("rack", "1 1 INVITE")))
    assert peer.events() == [OfferReceived("in-1", OTHER_OFFER)]
    peer.stack.answer_offer("in-1", OTHER_ANSWER, peer.now)
    assert peer.take_response(200).body == OTHER_ANSWER
