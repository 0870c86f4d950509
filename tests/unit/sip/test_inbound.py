"""Requests from outside any call: what is refused without a trace, and who is heard at all."""

from __future__ import annotations

import pytest

from cordboard.sip.events import InviteReceived
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request, Response
from cordboard.sip.strangers import Strangers
from support.sip_network import PHONE, SERVER, End
from support.sip_peer import Peer

SDP = b"v=0\r\n"
STRANGER = Flow("udp", SERVER, ("203.0.113.66", 5060))


@pytest.fixture
def closed() -> Peer:
    """Where no calls are taken."""
    return Peer(End(SERVER, "srv", refuses_calls=404))


def test_where_no_calls_are_taken_a_refusal_is_said_once(closed: Peer) -> None:
    """Repeated until its ACK it would be 11 datagrams for one, sent to whom the source names."""
    invite = closed.ask("INVITE", sdp=SDP)
    refusal = closed.take_response(404)
    assert (closed.stack.transactions(), closed.stack.sessions()) == (0, 0)
    closed.wait(60)
    assert (closed.take(), closed.events()) == ([], [])
    closed.say(invite)
    assert closed.take_response(404) == refusal


def test_its_ack_and_cancel_find_nothing(closed: Peer) -> None:
    invite = closed.ask("INVITE", sdp=SDP)
    refusal = closed.take_response(404)
    headers = {name: invite.headers[name] for name in ("via", "from", "call-id", "max-forwards")}
    ack = Request("ACK", invite.uri, {**headers, "to": [refusal.need("to")], "cseq": ["1 ACK"]})
    closed.say(ack)
    assert closed.take() == []
    to = invite.headers["to"]
    closed.say(Request("CANCEL", invite.uri, {**headers, "to": to, "cseq": ["1 CANCEL"]}))
    closed.take_response(481)


def test_elsewhere_calls_are_taken() -> None:
    peer = Peer()
    peer.ask("INVITE", sdp=SDP)
    peer.take_response(100)
    assert [type(event) for event in peer.events()] == [InviteReceived]


# Strangers


@pytest.fixture
def shy() -> Peer:
    """Who hears only what comes from one address."""
    known = Strangers(True, lambda flow: flow.remote == PHONE, lambda _domain: False)
    return Peer(End(SERVER, "srv", strangers=known))


def in_a_call(peer: Peer) -> tuple[Request, Response]:
    """A call of the peer; its INVITE and the 200 that was acknowledged."""
    invite = peer.ask("INVITE", sdp=SDP)
    peer.take_response(100)
    peer.stack.accept("in-1", SDP, peer.now)
    answer = peer.take_response(200)
    peer.ask("ACK", to=answer.need("to"))
    return invite, answer


def test_a_bye_that_is_repeated_from_elsewhere_is_answered_again(shy: Peer) -> None:
    _, answer = in_a_call(shy)
    bye = shy.ask("BYE", to=answer.need("to"), number=2, flow=STRANGER)
    shy.take_response(200)
    shy.say(bye, STRANGER)
    shy.take_response(200)
    shy.wait(40)
    shy.say(bye, STRANGER)
    assert shy.take() == [], "by then it is a stranger's"


def test_strangers_are_not_heard(shy: Peer) -> None:
    for method in ("OPTIONS", "INVITE", "BYE", "CANCEL", "REGISTER", "FOO"):
        shy.ask(method, flow=STRANGER)
    shy.stack.receive(b"BYE sip:a@b SIP/2.0\r\nCall-ID: x\r\nCSeq: 1 BYE\r\n\r\n", STRANGER, 1.0)
    assert shy.take() == []
    shy.ask("OPTIONS")
    shy.take_response(200)
