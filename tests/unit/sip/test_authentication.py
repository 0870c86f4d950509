"""401 and 407 to whatever we send (RFC 3261 22, RFC 7616 3.4, RFC 8760)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cordboard.sip.authentication import Authentication
from cordboard.sip.digest import Credentials, parse_digest
from cordboard.sip.events import InviteFailed, OfferAnswered, OfferRejected, SessionEnded
from cordboard.sip.message import Request, Response
from support.outgoing_calls import answered, call
from support.sip_network import ANSWER, OTHER_ANSWER, OTHER_OFFER
from support.sip_peer import CONTACT, Extra, Peer

CREDENTIALS = Credentials("u", "p")
UPDATE_ALLOWED = ("allow", "INVITE, ACK, BYE, CANCEL, UPDATE")


def challenge(nonce: str, *, realm: str = "trunk", more: str = "") -> tuple[str, str]:
    """What a proxy asks."""
    return "proxy-authenticate", f'Digest realm="{realm}", nonce="{nonce}", qop="auth"{more}'


def asked(peer: Peer) -> Request:
    """A call that is up after a 407; returns its second INVITE."""
    invite = call(peer, credentials=CREDENTIALS)
    peer.answer(invite, 407, extra=(challenge("n1"),), tag="proxy")
    _, again = peer.take_requests("ACK", "INVITE")
    peer.answer(again, 200, sdp=ANSWER, extra=(CONTACT, UPDATE_ALLOWED))
    peer.take_request("ACK")
    peer.events()
    return again


def credentials_of(request: Request, number: int = 0) -> dict[str, str]:
    """What a request says to a proxy."""
    return parse_digest(request.headers["proxy-authorization"][number])


# In a dialog


def send_info(peer: Peer) -> None:
    peer.stack.info("call-1", "application/dtmf-relay", b"Signal=1", peer.now)


def send_offer(peer: Peer) -> None:
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)


def send_refresh(peer: Peer) -> None:
    peer.wait(900.1)


def hang_up(peer: Peer) -> None:
    peer.stack.hang_up("call-1", peer.now)


@pytest.mark.parametrize(
    ("method", "send"),
    [("BYE", hang_up), ("INFO", send_info), ("UPDATE", send_refresh), ("INVITE", send_offer)],
)
def test_every_request_of_a_dialog_is_repeated_with_credentials(
    method: str, send: Callable[[Peer], None]
) -> None:
    peer = Peer()
    answered(peer, UPDATE_ALLOWED, credentials=CREDENTIALS)
    send(peer)
    request = peer.take_request(method)
    assert "proxy-authorization" not in request.headers
    peer.answer(request, 407, extra=(challenge("n1"),))
    again = [m for m in peer.take() if isinstance(m, Request) and m.method == method]
    (again_sent,) = again
    assert again_sent.cseq[0] == request.cseq[0] + 1  # 22.1
    assert again_sent.need("via") != request.need("via")
    assert again_sent.body == request.body
    said = credentials_of(again_sent)
    assert (said["nonce"], said["nc"], said["uri"]) == ("n1", "00000001", again_sent.uri)
    peer.answer(again_sent, 200, sdp=OTHER_ANSWER if method == "INVITE" else None)
    ended = [event for event in peer.events() if isinstance(event, SessionEnded)]
    assert len(ended) == (1 if method == "BYE" else 0)


def test_a_prack_is_repeated_with_credentials() -> None:
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    peer.answer(invite, 183, extra=(CONTACT, ("require", "100rel"), ("rseq", "1")))
    prack = peer.take_request("PRACK")
    peer.answer(prack, 407, extra=(challenge("n1"),))
    again = peer.take_request("PRACK")
    assert again.need("rack") == prack.need("rack")
    assert credentials_of(again)["nonce"] == "n1"


def test_what_was_learnt_goes_with_every_later_request() -> None:
    peer = Peer()
    asked(peer)
    counts = []
    for _ in range(3):
        send_info(peer)
        info = peer.take_request("INFO")
        counts.append(credentials_of(info)["nc"])
        peer.answer(info, 200)
    hang_up(peer)
    counts.append(credentials_of(peer.take_request("BYE"))["nc"])
    assert counts == ["00000002", "00000003", "00000004", "00000005"]


@pytest.mark.parametrize("mark", [", stale=true", ""])
def test_a_nonce_that_got_too_old_is_replaced(mark: str) -> None:
    peer = Peer()
    asked(peer)
    hang_up(peer)
    bye = peer.take_request("BYE")
    peer.answer(bye, 407, extra=(challenge("n2", more=mark),))
    again = peer.take_request("BYE")
    assert (credentials_of(again)["nonce"], credentials_of(again)["nc"]) == ("n2", "00000001")
    peer.answer(again, 200)
    peer.wait(200.0)
    assert peer.stack.sessions() == peer.stack.transactions() == peer.stack.timers() == 0


def test_a_bye_that_is_never_good_enough_is_the_end_all_the_same() -> None:
    peer = Peer()
    asked(peer)
    hang_up(peer)
    for number in range(10):
        byes = [m for m in peer.take() if isinstance(m, Request)]
        if not byes:
            break
        peer.answer(byes[0], 407, extra=(challenge(f"again{number}"),))
    assert number == 5  # one, and four more
    assert peer.stack.sessions() == 0


def test_an_offer_that_is_not_let_through_is_refused_and_the_call_stays() -> None:
    peer = Peer()
    asked(peer)
    send_offer(peer)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 407, extra=(challenge("n1"),))
    _, again = peer.take_requests("ACK", "INVITE")
    peer.answer(again, 407, extra=(challenge("n1"),))
    peer.take_request("ACK")
    assert peer.events() == [OfferRejected("call-1", 407)]
    assert peer.stack.sessions() == 1


# ACK and CANCEL


def test_the_ack_of_a_2xx_carries_what_the_invite_carried() -> None:
    """22.1: an ACK can't be challenged, so it duplicates the credentials of its INVITE."""
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    peer.answer(invite, 407, extra=(challenge("n1"),), tag="proxy")
    _, again = peer.take_requests("ACK", "INVITE")
    peer.answer(again, 200, sdp=ANSWER)
    ack = peer.take_request("ACK")
    assert ack.headers["proxy-authorization"] == again.headers["proxy-authorization"]
    send_offer(peer)
    offer = peer.take_request("INVITE")
    peer.answer(offer, 200, sdp=OTHER_ANSWER)
    ack = peer.take_request("ACK")
    assert ack.headers["proxy-authorization"] == offer.headers["proxy-authorization"]
    assert OfferAnswered("call-1", OTHER_ANSWER) in peer.events()


def test_cancel_and_the_ack_of_a_refusal_carry_what_the_invite_carried() -> None:
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    peer.answer(invite, 407, extra=(challenge("n1"),), tag="proxy")
    ack, again = peer.take_requests("ACK", "INVITE")
    assert "proxy-authorization" not in ack.headers
    peer.answer(again, 180)
    peer.stack.cancel("call-1", peer.now)
    cancel = peer.take_request("CANCEL")
    assert cancel.headers["proxy-authorization"] == again.headers["proxy-authorization"]
    peer.answer(again, 487)
    ack = peer.take_request("ACK")
    assert ack.headers["proxy-authorization"] == again.headers["proxy-authorization"]


# Several challenges


def test_each_realm_gets_its_answer() -> None:
    """22.3: a proxy that forked hands on the challenges of all its branches."""
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    peer.answer(invite, 407, extra=(challenge("a1", realm="a"), challenge("b1", realm="b")))
    _, again = peer.take_requests("ACK", "INVITE")
    said = [credentials_of(again, number) for number in range(2)]
    assert [(one["realm"], one["nonce"]) for one in said] == [("a", "a1"), ("b", "b1")]
    # The second proxy on the way asks for itself alone: the first still gets its answer, after it.
    peer.answer(again, 407, extra=(challenge("c1", realm="c"),))
    _, third = peer.take_requests("ACK", "INVITE")
    said = [credentials_of(third, number) for number in range(3)]
    assert [(one["realm"], one["nc"]) for one in said] == [
        ("c", "00000001"),
        ("a", "00000002"),
        ("b", "00000002"),
    ]


def test_the_best_algorithm_of_a_realm_is_answered_with_its_own_nonce() -> None:
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    extra: Extra = (
        ("proxy-authenticate", 'Digest realm="r", nonce="m", algorithm=MD5, qop="auth"'),
        ("proxy-authenticate", 'Digest realm="r", nonce="x", algorithm=SHA-512-256, qop="auth"'),
        ("proxy-authenticate", 'Digest realm="r", nonce="s", algorithm=SHA-256, qop="auth"'),
    )
    peer.answer(invite, 407, extra=extra)
    _, again = peer.take_requests("ACK", "INVITE")
    said = credentials_of(again)
    assert (said["algorithm"], said["nonce"], len(said["response"])) == ("SHA-256", "s", 64)
    peer.answer(again, 407, extra=extra)  # it is wrong, and asking again does not make it right
    peer.take_request("ACK")
    assert [event.status for event in peer.events() if isinstance(event, InviteFailed)] == [407]


def test_opaque_goes_back_as_it_came() -> None:
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    peer.answer(invite, 407, extra=(challenge("n1", more=', opaque="a\\"b"'),))
    _, again = peer.take_requests("ACK", "INVITE")
    assert credentials_of(again)["opaque"] == 'a"b'


@pytest.mark.parametrize(
    ("qop", "answers"), [("auth-int", False), ("auth-int,auth", True), ("auth", True), ("", True)]
)
def test_only_auth_of_qop_is_answered(qop: str, answers: bool) -> None:
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    value = f'Digest realm="r", nonce="n", qop="{qop}"'
    peer.answer(invite, 407, extra=(("proxy-authenticate", value),))
    methods = [m.method for m in peer.take() if isinstance(m, Request)]
    assert methods == (["ACK", "INVITE"] if answers else ["ACK"])
    assert bool(peer.events()) != answers


def test_the_realms_of_one_call_are_bounded() -> None:
    peer = Peer()
    invite = call(peer, credentials=CREDENTIALS)
    extra = tuple(challenge("n", realm=f"r{number}") for number in range(20))
    peer.answer(invite, 407, extra=extra)
    _, again = peer.take_requests("ACK", "INVITE")
    assert len(again.headers["proxy-authorization"]) == 8


def test_realms_that_come_and_go_never_keep_the_present_one_out() -> None:
    """A registration lives long, and each of a provider's servers may have its own."""
    authentication = Authentication(CREDENTIALS)
    for number in range(20):
        name, value = challenge("n", realm=f"r{number}")
        assert authentication.accept(Response(407, "", {name: [value]}), 0)
    lines = authentication.lines("REGISTER", "sip:h", lambda: "c").splitlines()
    assert len(lines) == 8
    assert 'realm="r19"' in lines[0]
