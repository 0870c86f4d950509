"""An INVITE that is asked for credentials (RFC 3261 22)."""

from __future__ import annotations

import pytest

from cordboard.sip.digest import Credentials
from cordboard.sip.message import Request
from support.outgoing_calls import CHALLENGE, call, only_failure
from support.sip_network import ANSWER, OFFER
from support.sip_peer import Peer


def test_a_challenge_is_answered_without_a_word() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 407, extra=(CHALLENGE,), tag="proxy")
    ack, again = peer.take_requests("ACK", "INVITE")
    assert ack.need("cseq") == "1 ACK"
    assert again.need("cseq") == "2 INVITE"
    assert again.need("via") != invite.need("via")
    for name in ("from", "to", "call-id", "contact"):
        assert again.need(name) == invite.need(name)
    assert 'nonce="n1"' in again.need("proxy-authorization")
    assert "nc=00000001" in again.need("proxy-authorization")
    assert again.body == OFFER
    assert peer.events() == []
    # The server behind the proxy asks too: both answers go with the third.
    peer.answer(again, 401, extra=(("www-authenticate", 'Digest realm="s", nonce="n2"'),))
    _, third = peer.take_requests("ACK", "INVITE")
    assert "nc=00000002" in third.need("proxy-authorization")
    assert 'nonce="n2"' in third.need("authorization")
    peer.answer(third, 200, sdp=ANSWER)
    ack = peer.take_request("ACK")
    assert ack.need("cseq") == "3 ACK"
    assert "proxy-authorization" in ack.headers
    peer.stack.hang_up("call-1", peer.now)
    bye = peer.take_request("BYE")
    peer.answer(bye, 407, extra=(("proxy-authenticate", 'Digest realm="trunk", nonce="n3"'),))
    assert 'nonce="n3"' in peer.take_request("BYE").need("proxy-authorization")


def test_a_wrong_password_fails() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 407, extra=(CHALLENGE,))
    _, again = peer.take_requests("ACK", "INVITE")
    peer.answer(again, 407, extra=(CHALLENGE,))
    peer.take_request("ACK")
    assert only_failure(peer).status == 407


def test_a_stale_nonce_is_replaced() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 407, extra=(CHALLENGE,))
    _, again = peer.take_requests("ACK", "INVITE")
    stale = ("proxy-authenticate", 'Digest realm="trunk", nonce="n1", stale=TRUE')
    peer.answer(again, 407, extra=(stale,))
    peer.take_requests("ACK", "INVITE")
    assert peer.events() == []


def test_a_peer_that_only_asks_is_given_up() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    for number in range(10):
        challenge = ("www-authenticate", f'Digest realm="s", nonce="{number}"')
        peer.answer(invite, 401, extra=(challenge,))
        requests = [m for m in peer.take() if isinstance(m, Request) and m.method == "INVITE"]
        if not requests:
            break
        (invite,) = requests
    assert number == 4
    assert only_failure(peer).status == 401


@pytest.mark.parametrize("value", ["", "Basic realm=x", "Digest", 'Digest nonce="x'])
def test_a_challenge_that_can_not_be_read_is_a_refusal(value: str) -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.answer(invite, 401, extra=(("www-authenticate", value),))
    peer.take_request("ACK")
    assert only_failure(peer).status == 401
