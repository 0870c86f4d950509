"""Session timers (RFC 4028): who refreshes, when, and what the silence of a peer leads to."""

from __future__ import annotations

import pytest

from cordboard.sip.digest import Credentials
from cordboard.sip.events import EndedBy, InviteFailed, OfferAnswered, SessionEnded
from cordboard.sip.message import Request, Response
from support.outgoing_calls import answered
from support.sip_network import ANSWER, OFFER, OTHER_ANSWER, OTHER_OFFER, SERVER, End, invitation
from support.sip_peer import CONTACT, Extra, Peer

UPDATE_ALLOWED = ("allow", "INVITE, ACK, BYE, CANCEL, UPDATE")
INTERVAL = 1800
HALF = 900.0


def expires(seconds: int, refresher: str) -> tuple[str, str]:
    """A Session-Expires header."""
    return ("session-expires", f"{seconds};refresher={refresher}")


def confirmed(peer: Peer, *extra: tuple[str, str]) -> Response:
    """A call to us that is up; ``extra`` are headers of the INVITE. Returns our 200."""
    peer.ask("INVITE", branch="invite", sdp=OFFER, extra=(CONTACT, *extra))
    peer.take_response(100)
    peer.stack.accept("in-1", ANSWER, peer.now)
    answer = peer.take_response(200)
    peer.ask_back(answer, "ACK", 1)
    peer.events()
    return answer


def test_half_way_we_refresh_by_update() -> None:
    peer = Peer()
    answered(peer, expires(INTERVAL, "uac"), UPDATE_ALLOWED)
    peer.wait(HALF - 1)
    assert peer.take() == []
    peer.wait(1.2)
    update = peer.take_request("UPDATE")
    assert update.body == b""
    assert update.need("session-expires") == "1800;refresher=uac"
    assert "timer" in update.need("supported")
    peer.answer(update, 200, extra=(CONTACT, expires(1000, "uac")))
    peer.wait(500.2)
    assert peer.take_request("UPDATE").need("session-expires") == "1000;refresher=uac"


def test_without_update_the_same_offer_is_repeated() -> None:
    peer = Peer()
    invite = answered(peer, expires(INTERVAL, "uac"))
    peer.wait(HALF + 0.2)
    (again,) = peer.take()
    assert isinstance(again, Request)
    assert (again.method, again.body) == ("INVITE", invite.body)
    peer.answer(again, 200, sdp=ANSWER, extra=(CONTACT, expires(INTERVAL, "uac")))
    peer.take_request("ACK")
    assert peer.events() == []  # nothing has changed
    peer.wait(HALF + 0.2)
    (again,) = peer.take()
    assert isinstance(again, Request)
    peer.answer(again, 200, sdp=OTHER_ANSWER, extra=(CONTACT, expires(INTERVAL, "uac")))
    assert peer.events() == [OfferAnswered("call-1", OTHER_ANSWER)]


def test_a_peer_that_knows_nothing_of_it_is_refreshed_all_the_same() -> None:
    peer = Peer()
    answered(peer, UPDATE_ALLOWED)
    peer.wait(HALF + 0.2)
    peer.answer(peer.take_request("UPDATE"), 200)
    peer.wait(HALF + 0.2)
    peer.answer(peer.take_request("UPDATE"), 481)
    peer.take_request("BYE")
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]


def test_silence_ends_the_call() -> None:
    peer = Peer()
    answered(peer, expires(INTERVAL, "uac"), UPDATE_ALLOWED)
    peer.wait(HALF + 33)
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]


@pytest.mark.parametrize("status", [400, 403, 488, 500, 603])
def test_a_refusal_shows_that_the_peer_is_alive(status: int) -> None:
    peer = Peer()
    answered(peer, expires(INTERVAL, "uac"), UPDATE_ALLOWED)
    peer.wait(HALF + 0.1)
    for _ in range(3):
        peer.answer(peer.take_request("UPDATE"), status)
        peer.wait(INTERVAL / 8 + 0.1)  # it may be waiting for one that it takes
    assert peer.events() == []


def test_an_answer_that_was_overtaken_does_not_put_off_the_next_refresh() -> None:
    peer = Peer()
    answered(peer, expires(90, "uac"), UPDATE_ALLOWED)
    peer.wait(45.1)
    update = peer.take_request("UPDATE")
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    extra = (CONTACT, expires(90, "uac"))
    peer.answer(peer.take_request("INVITE"), 200, sdp=OTHER_ANSWER, extra=extra)
    peer.wait(20)
    peer.take()
    peer.answer(update, 200, extra=extra)
    peer.wait(24.9)
    assert peer.take() == []
    peer.wait(0.2)
    peer.take_request("UPDATE")


@pytest.mark.parametrize(("status", "extra"), [(491, ()), (500, (("retry-after", "3"),))])
def test_a_refresh_that_collides_is_tried_again_soon(status: int, extra: Extra) -> None:
    """Another half of the interval would be too late for a peer that waits for it."""
    peer = Peer()
    answered(peer, expires(INTERVAL, "uac"), UPDATE_ALLOWED)
    peer.wait(HALF + 0.1)
    peer.answer(peer.take_request("UPDATE"), status, extra=extra)
    peer.wait(2.0)
    assert peer.take() == []
    peer.wait(2.0)
    again = [message for message in peer.take() if isinstance(message, Request)]
    assert again[0].method == "UPDATE"
    assert peer.events() == []


def test_the_next_refresh_counts_from_the_last_one_not_from_its_late_answer() -> None:
    """RFC 4028 7.2: the peer counts from when it answered, which may have been long before."""
    peer = Peer()
    answered(peer, expires(90, "uac"), UPDATE_ALLOWED)
    peer.wait(45.1)
    update = peer.take_request("UPDATE")
    peer.wait(20)
    peer.take()
    peer.answer(update, 200, extra=(CONTACT, expires(90, "uac")))
    peer.wait(25)
    assert peer.take_request("UPDATE").cseq[0] == update.cseq[0] + 1


def test_a_peer_whose_offer_we_let_wait_is_not_hung_up() -> None:
    peer = Peer()
    invite = answered(peer, expires(90, "uas"))
    peer.wait(50)
    extra = (CONTACT, ("supported", "timer"), expires(90, "uac"))
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER, extra=extra)
    peer.take_response(100)
    peer.wait(20)
    assert peer.take() == []
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    peer.take_response(200)
    peer.ask_within(invite, "ACK")
    peer.wait(59)
    assert peer.take() == []
    peer.wait(1.3)
    peer.take_request("BYE")


@pytest.mark.parametrize("status", [405, 501])
def test_an_update_that_is_not_known_after_all_becomes_an_invite(status: int) -> None:
    peer = Peer()
    answered(peer, expires(INTERVAL, "uac"), UPDATE_ALLOWED)
    peer.wait(HALF + 0.2)
    peer.answer(peer.take_request("UPDATE"), status)
    peer.take_request("INVITE")


def test_a_refresh_is_authenticated() -> None:
    peer = Peer()
    answered(
        peer, expires(INTERVAL, "uac"), UPDATE_ALLOWED, credentials=Credentials("scott", "tiger")
    )
    peer.wait(HALF + 0.2)
    challenge = ("www-authenticate", 'Digest realm="x", nonce="n1", qop="auth"')
    peer.answer(peer.take_request("UPDATE"), 401, extra=(challenge,))
    again = peer.take_request("UPDATE")
    assert 'username="scott"' in again.need("authorization")
    assert again.need("cseq") == "3 UPDATE"


def test_the_peer_that_promised_to_refresh_and_does_not_is_hung_up() -> None:
    peer = Peer()
    invite = answered(peer, expires(90, "uas"))
    peer.wait(50)
    peer.ask_within(invite, "UPDATE", extra=(CONTACT, expires(90, "uac")))
    answer = peer.take_response(200)
    assert answer.need("session-expires") == "90;refresher=uac"
    assert answer.need("require") == "timer"
    peer.wait(59)
    assert peer.take() == []
    peer.wait(1.2)  # a third of the interval before its end
    peer.take_request("BYE")
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]


def test_an_offer_refreshes_as_well() -> None:
    peer = Peer()
    invite = answered(peer, expires(90, "uas"))
    peer.wait(50)
    extra = (CONTACT, ("supported", "timer"), expires(90, "uac"))
    peer.ask_within(invite, "INVITE", sdp=OTHER_OFFER, extra=extra)
    peer.take_response(100)
    peer.stack.answer_offer("call-1", OTHER_ANSWER, peer.now)
    assert peer.take_response(200).need("session-expires") == "90;refresher=uac"
    peer.ask_within(invite, "ACK")
    peer.wait(59)
    assert peer.take() == []


def test_a_longer_interval_is_granted() -> None:
    peer = Peer()
    peer.stack.invite(invitation(peer.end), peer.now)
    peer.answer(peer.take_request("INVITE"), 422, extra=(("min-se", "4000"),))
    ack, again = peer.take_requests("ACK", "INVITE")
    assert again.need("session-expires") == again.need("min-se") == "4000"
    assert again.need("from") == ack.need("from")
    assert again.need("cseq") == "2 INVITE"


@pytest.mark.parametrize("extra", [(), (("min-se", "x"),), (("min-se", "60"),)])
def test_a_422_that_asks_for_nothing_more_is_a_refusal(extra: Extra) -> None:
    peer = Peer()
    peer.stack.invite(invitation(peer.end), peer.now)
    peer.answer(peer.take_request("INVITE"), 422, extra=extra)
    (failed,) = peer.events()
    assert isinstance(failed, InviteFailed)
    assert failed.status == 422


def test_too_short_an_interval_is_refused_to_who_can_ask_for_another() -> None:
    peer = Peer()
    invite = answered(peer)
    short = ("session-expires", "30")
    peer.ask_within(invite, "UPDATE", 1, extra=(CONTACT, ("supported", "timer"), short))
    refusal = peer.take_response(422)
    assert (refusal.reason, refusal.need("min-se")) == ("Session Interval Too Small", "90")
    peer.ask_within(invite, "UPDATE", 2, extra=(CONTACT, short))
    peer.take_response(200)


@pytest.mark.parametrize(
    ("wanted", "told"), [("uac", "1200;refresher=uac"), ("uas", "1200;refresher=uas")]
)
def test_the_caller_chooses_who_refreshes(wanted: str, told: str) -> None:
    peer = Peer()
    answer = confirmed(peer, ("supported", "timer"), expires(1200, wanted), UPDATE_ALLOWED)
    assert answer.need("session-expires") == told
    assert answer.first("require") == ("timer" if wanted == "uac" else None)
    peer.wait(600.2)
    assert len(peer.take()) == (wanted == "uas")


def test_a_caller_without_timers_is_refreshed_by_us() -> None:
    peer = Peer()
    answer = confirmed(peer, UPDATE_ALLOWED)
    assert "session-expires" not in answer.headers
    peer.wait(HALF + 0.2)
    peer.take_request("UPDATE")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ((("supported", "replaces, timer"),), "1800;refresher=uas"),
        ((("supported", "timer"), ("session-expires", "1200")), "1200;refresher=uas"),
        ((("session-expires", "1200"),), "1200;refresher=uas"),  # by a proxy
    ],
)
def test_who_does_not_say_that_he_refreshes_is_refreshed_by_us(said: Extra, told: str) -> None:
    peer = Peer()
    invite = answered(peer, UPDATE_ALLOWED)
    peer.ask_within(invite, "UPDATE", 1, extra=(CONTACT, *said))
    answer = peer.take_response(200)
    assert answer.need("session-expires") == told
    assert "require" not in answer.headers
    peer.wait(int(told.partition(";")[0]) / 2 + 0.2)
    peer.take_request("UPDATE")
    assert peer.events() == []


def test_a_refresh_waits_for_an_offer_under_way() -> None:
    peer = Peer()
    invite = answered(peer, expires(INTERVAL, "uac"), UPDATE_ALLOWED)
    peer.wait(HALF - 0.1)
    peer.ask_within(invite, "INVITE", sdp=OFFER)
    peer.take_response(100)
    peer.wait(10)
    assert peer.take() == []
    peer.stack.reject_offer("call-1", 488, peer.now)
    peer.take_response(488)
    peer.acknowledge(invite)
    peer.wait(1)
    assert [getattr(message, "method", "") for message in peer.take()][:1] == ["UPDATE"]


def test_it_can_be_left_out() -> None:
    end = End(SERVER, "srv", session_expires=0)
    peer = Peer(end)
    peer.stack.invite(invitation(end), peer.now)
    invite = peer.take_request("INVITE")
    assert "session-expires" not in invite.headers
    peer.answer(invite, 200, sdp=ANSWER)
    peer.take_request("ACK")
    peer.wait(100_000)
    assert peer.take() == []


def test_a_call_that_is_over_leaves_no_timer() -> None:
    peer = Peer()
    invite = answered(peer, expires(INTERVAL, "uac"))
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.wait(200)
    assert peer.stack.timers() == peer.stack.sessions() == 0
