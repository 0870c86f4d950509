"""Incoming sessions: what we and the peer may do, and in which order."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipBuildError
from cordboard.sip.events import (
    EndedBy,
    InviteReceived,
    OfferAnswered,
    OfferReceived,
    SessionConfirmed,
    SessionEnded,
)
from cordboard.sip.message import Request, Response
from support.sip_network import ANSWER, OFFER, OTHER_ANSWER, OTHER_OFFER, SERVER
from support.sip_peer import CONTACT, Peer, all_quiet

ROUTES = ("record-route", "<sip:192.0.2.77;lr>, <sip:192.0.2.78;lr>")


def offered(peer: Peer, *, sdp: bytes | None = OFFER, **more: object) -> Request:
    """An INVITE that was received; its 100 is taken."""
    invite = peer.ask("INVITE", branch="invite", sdp=sdp, **more)  # type: ignore[arg-type]
    peer.take_response(100)
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    assert (event.call_id, event.sdp, event.flow) == ("in-1", sdp, peer.flow)
    return invite


def accepted(peer: Peer, **more: object) -> Response:
    """A call that we answered; returns the 200, not yet acknowledged."""
    offered(peer, **more)  # type: ignore[arg-type]
    peer.stack.accept("in-1", ANSWER, peer.now)
    return peer.take_response(200)


def confirmed(peer: Peer, **more: object) -> Response:
    """A call that is up."""
    answer = accepted(peer, **more)
    peer.ask_back(answer, "ACK", 1)
    assert peer.events() == [SessionConfirmed("in-1", None)]
    return answer


def test_a_call_from_ring_to_hang_up() -> None:
    peer = Peer()
    offered(peer, extra=(CONTACT, ROUTES))
    peer.stack.ring("in-1", peer.now)
    ringing = peer.take_response(180)
    peer.stack.ring("in-1", peer.now, 183, "Hark", b"early")
    early = peer.take_response(183)
    assert (early.reason, early.body) == ("Hark", b"early")
    assert ringing.need("to") == early.need("to")
    assert ringing.need("contact") == f"<sip:cordboard@{SERVER[0]}:{SERVER[1]}>"
    peer.stack.accept("in-1", ANSWER, peer.now)
    answer = peer.take_response(200)
    assert answer.need("to") == early.need("to")
    assert answer.headers["record-route"] == [ROUTES[1]]
    assert answer.need("content-type") == "application/sdp"
    assert answer.body == ANSWER
    assert "allow" in answer.headers
    peer.ask_back(answer, "ACK", 1)
    peer.stack.hang_up("in-1", peer.now, "Q.850;cause=16")
    bye = peer.take_request("BYE")
    assert bye.uri == "sip:phone@192.0.2.2:5060"
    assert bye.headers["route"] == ["<sip:192.0.2.77;lr>", "<sip:192.0.2.78;lr>"]
    assert bye.need("from") == answer.need("to")
    assert bye.need("reason") == "Q.850;cause=16"
    peer.answer(bye, 200)
    assert peer.events() == [SessionConfirmed("in-1", None), SessionEnded("in-1", EndedBy.LOCAL)]
    assert all_quiet(peer)


def test_the_answer_is_repeated_until_its_ack() -> None:
    for transport in ("udp", "tcp"):
        peer = Peer(transport=transport)
        answer = accepted(peer)
        peer.wait(8.0)
        assert peer.take() == [answer] * 4  # after 0.5, 1.5, 3.5 and 7.5 s
        peer.ask_back(answer, "ACK", 1)
        peer.ask_back(answer, "ACK", 1)
        peer.wait(60.0)
        assert peer.take() == []
        assert peer.events() == [SessionConfirmed("in-1", None)]


def test_an_ack_of_another_cseq_or_dialog_confirms_nothing() -> None:
    peer = Peer()
    answer = accepted(peer)
    peer.ask_back(answer, "ACK", 2)
    peer.ask("ACK", to=answer.need("to"), from_="<sip:phone@demo>;tag=other")
    assert peer.events() == []


def test_no_ack_ends_the_call_with_bye() -> None:
    peer = Peer()
    accepted(peer)
    peer.wait(31.9)
    assert peer.events() == []
    peer.take()
    peer.wait(0.1)
    assert peer.events() == [SessionEnded("in-1", EndedBy.TIMEOUT)]
    peer.take_request("BYE")
    assert all_quiet(peer)


def test_the_answer_to_our_offer_comes_with_the_ack() -> None:
    peer = Peer()
    answer = accepted(peer, sdp=None)
    peer.ask_back(answer, "ACK", 1, sdp=OTHER_ANSWER)
    assert peer.events() == [SessionConfirmed("in-1", OTHER_ANSWER)]


def test_a_repeated_invite_gets_the_latest_answer_and_no_second_call() -> None:
    peer = Peer()
    invite = offered(peer)
    peer.say(invite)
    peer.take_response(100)
    peer.stack.ring("in-1", peer.now)
    peer.take_response(180)
    peer.say(invite)
    peer.take_response(180)
    peer.stack.accept("in-1", ANSWER, peer.now)
    peer.take_response(200)
    peer.say(invite)
    assert peer.take() == []
    assert peer.events() == []


def test_a_rejection() -> None:
    peer = Peer()
    invite = offered(peer)
    reason = (("reason", "Q.850;cause=17"),)
    peer.stack.reject("in-1", 486, "Busy Here", peer.now, reason)
    refusal = peer.take_response(486)
    assert refusal.need("reason") == "Q.850;cause=17"
    assert peer.events() == [SessionEnded("in-1", EndedBy.LOCAL)]
    assert peer.stack.sessions() == 0
    peer.wait(0.5)
    assert peer.take() == [refusal]
    peer.acknowledge(invite)
    peer.wait(4.0)
    assert peer.take() == []
    peer.stack.accept("in-1", ANSWER, peer.now)
    assert peer.take() == []
    assert all_quiet(peer)


def test_hanging_up_an_unanswered_call_is_480() -> None:
    peer = Peer()
    offered(peer)
    peer.stack.hang_up("in-1", peer.now, "Q.850;cause=41")
    assert peer.take_response(480).need("reason") == "Q.850;cause=41"
    assert peer.events() == [SessionEnded("in-1", EndedBy.LOCAL)]


@pytest.mark.parametrize("ringing", [True, False])
def test_cancel(ringing: bool) -> None:
    peer = Peer()
    invite = offered(peer)
    if ringing:
        peer.stack.ring("in-1", peer.now)
        peer.take()
    reason = ("reason", "SIP;cause=200")
    cancel = peer.ask("CANCEL", branch="invite", extra=(reason,))
    ok, terminated = peer.take()
    assert isinstance(ok, Response)
    assert isinstance(terminated, Response)
    assert (ok.status, ok.cseq) == (200, (1, "CANCEL"))
    assert (terminated.status, terminated.cseq) == (487, (1, "INVITE"))
    assert ok.need("to") == terminated.need("to")
    ended = SessionEnded("in-1", EndedBy.REMOTE, cancelled=True, reason_header="SIP;cause=200")
    assert peer.events() == [ended]
    peer.say(cancel)
    peer.take_response(200)
    peer.acknowledge(invite)
    assert all_quiet(peer)
    peer.say(cancel)
    peer.take_response(481)


def test_a_cancel_that_comes_too_late_changes_nothing() -> None:
    peer = Peer()
    answer = accepted(peer)
    peer.ask("CANCEL", branch="invite")
    peer.take_response(200)
    peer.ask_back(answer, "ACK", 1)
    assert peer.events() == [SessionConfirmed("in-1", None)]


def test_a_cancel_of_nothing_is_481() -> None:
    peer = Peer()
    peer.ask("CANCEL")
    peer.take_response(481)


def test_a_bye_before_the_answer_ends_the_call() -> None:
    peer = Peer()
    offered(peer)
    peer.stack.ring("in-1", peer.now)
    peer.ask_back(peer.take_response(180), "BYE", 2)
    assert sorted(m.status for m in peer.take() if isinstance(m, Response)) == [200, 487]
    assert peer.events() == [SessionEnded("in-1", EndedBy.REMOTE, cancelled=True)]


def test_the_peer_hangs_up() -> None:
    peer = Peer()
    answer = confirmed(peer)
    peer.ask_back(answer, "BYE", 2, extra=(("reason", "x"),))
    peer.take_response(200)
    assert peer.events() == [SessionEnded("in-1", EndedBy.REMOTE, reason_header="x")]
    assert all_quiet(peer)


def test_the_peer_hangs_up_before_its_ack() -> None:
    peer = Peer()
    answer = accepted(peer)
    peer.ask_back(answer, "BYE", 2)
    peer.take_response(200)
    assert peer.events() == [SessionEnded("in-1", EndedBy.REMOTE)]
    assert all_quiet(peer)
    assert peer.take() == []


@pytest.mark.parametrize("how", ["ack", "no ack", "bye"])
def test_hanging_up_before_the_ack_waits_for_it(how: str) -> None:
    peer = Peer()
    answer = accepted(peer)
    peer.stack.hang_up("in-1", peer.now, "x")
    assert peer.events() == [SessionEnded("in-1", EndedBy.LOCAL)]
    assert peer.take() == []
    peer.wait(0.5)
    assert peer.take() == [answer]
    if how == "ack":
        peer.ask_back(answer, "ACK", 1)
        assert peer.take_request("BYE").need("reason") == "x"
    elif how == "bye":
        peer.ask_back(answer, "BYE", 2)
        peer.take_response(200)
        assert peer.stack.sessions() == 0
    else:
        peer.wait(31.5)
        assert [m.method for m in peer.take() if isinstance(m, Request)] == ["BYE"]
    assert peer.events() == []
    assert all_quiet(peer)


def test_a_lost_connection_ends_what_can_not_be_answered() -> None:
    peer = Peer(transport="tcp")
    offered(peer)
    peer.stack.connection_lost(peer.flow, peer.now)
    assert peer.events() == [SessionEnded("in-1", EndedBy.TRANSPORT)]
    assert all_quiet(peer)
    udp = Peer()
    offered(udp)
    udp.stack.connection_lost(udp.flow, udp.now)
    assert udp.events() == []


def test_a_lost_connection_does_not_end_a_call_that_is_up() -> None:
    peer = Peer(transport="tcp")
    answer = confirmed(peer)
    peer.stack.connection_lost(peer.flow, peer.now)
    assert peer.events() == []
    other = peer.flow._replace(remote=("192.0.2.2", 40_000))
    peer.ask_back(answer, "INVITE", 2, sdp=OTHER_OFFER, flow=other)
    peer.stack.answer_offer("in-1", OTHER_ANSWER, peer.now)
    assert peer.take_flows() == [other, other]
    peer.ask_back(answer, "ACK", 2, flow=other)
    peer.stack.hang_up("in-1", peer.now)
    assert peer.take_flows() == [other]
    peer.stack.connection_lost(other, peer.now)
    assert peer.stack.sessions() == 0


def test_offers_in_the_call() -> None:
    peer = Peer()
    answer = confirmed(peer)
    peer.ask_back(answer, "INVITE", 2, sdp=OTHER_OFFER)
    peer.take_response(100)
    peer.stack.answer_offer("in-1", OTHER_ANSWER, peer.now)
    peer.take_response(200)
    peer.ask_back(answer, "ACK", 2)
    peer.stack.offer("in-1", OFFER, peer.now)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 200, sdp=ANSWER)
    peer.take_request("ACK")
    assert peer.events() == [OfferReceived("in-1", OTHER_OFFER), OfferAnswered("in-1", ANSWER)]
    assert peer.stack.sessions() == 1


def test_an_offer_before_the_ack_has_to_wait() -> None:
    peer = Peer()
    answer = accepted(peer)
    peer.stack.offer("in-1", OTHER_OFFER, peer.now)
    peer.ask_back(answer, "INVITE", 2, sdp=OTHER_OFFER)
    assert "retry-after" in peer.take_response(500).headers


def test_no_value_can_smuggle_a_header_in() -> None:
    peer = Peer()
    offered(peer)
    with pytest.raises(SipBuildError):
        peer.stack.ring("in-1", peer.now, 180, "Ring\r\nX: y")
    with pytest.raises(SipBuildError):
        peer.stack.reject("in-1", 486, "Busy", peer.now, (("reason", "x\ny"),))
    with pytest.raises(SipBuildError):
        peer.stack.hang_up("in-1", peer.now, "x\ry")
    assert peer.take() == []
    peer.stack.accept("in-1", ANSWER, peer.now)
    peer.take_response(200)


def test_statuses_that_make_no_sense_are_refused() -> None:
    peer = Peer()
    offered(peer)
    for status in (100, 200):
        with pytest.raises(ValueError, match="101 to 199"):
            peer.stack.ring("in-1", peer.now, status)
    for status in (180, 200, 700):
        with pytest.raises(ValueError, match="300 to 699"):
            peer.stack.reject("in-1", status, "x", peer.now)
        with pytest.raises(ValueError, match="300 to 699"):
            peer.stack.reject_offer("in-1", status, peer.now)
