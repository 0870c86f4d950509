"""CANCEL and its races: a call given up before it is answered (RFC 3261 9.1)."""

from __future__ import annotations

import pytest

from cordboard.sip.digest import Credentials
from cordboard.sip.events import (
    EndedBy,
    InviteFailed,
    SessionEnded,
)
from support.outgoing_calls import CHALLENGE, answered, call, only_failure
from support.sip_network import ANSWER
from support.sip_peer import Peer, all_quiet

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def test_cancel_after_a_provisional_response() -> None:
    peer = Peer()
    invite = call(peer, routes=("<sip:p;lr>",))
    peer.answer(invite, 180)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    cancel = peer.take_request("CANCEL")
    for name in ("via", "from", "to", "call-id", "route"):
        assert cancel.need(name) == invite.need(name)
    assert cancel.uri == invite.uri
    assert cancel.need("cseq") == "1 CANCEL"
    assert cancel.need("reason") == ELSEWHERE
    peer.answer(cancel, 200)
    peer.stack.cancel("call-1", peer.now)
    assert peer.take() == []
    peer.answer(invite, 487)
    peer.take_request("ACK")
    assert peer.events()[1:] == [InviteFailed("call-1", 487, "Said")]
    assert all_quiet(peer)


def test_cancel_waits_for_a_provisional_response() -> None:
    peer = Peer()
    invite = call(peer)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    assert peer.take() == []
    peer.wait(0.5)
    peer.take_request("INVITE")
    peer.answer(invite, 100)
    assert peer.take_request("CANCEL").need("reason") == ELSEWHERE
    assert peer.events() == []
    peer.answer(invite, 487)
    assert only_failure(peer).status == 487


def test_cancel_wanted_before_silence_is_487() -> None:
    peer = Peer()
    call(peer)
    peer.stack.cancel("call-1", peer.now)
    peer.wait(32.0)
    assert only_failure(peer) == InviteFailed("call-1", 487, "Request Terminated", local=True)
    assert all_quiet(peer)


def test_a_refusal_that_crosses_the_cancel_keeps_its_status() -> None:
    peer = Peer()
    invite = call(peer)
    peer.stack.cancel("call-1", peer.now)
    peer.answer(invite, 486)
    assert only_failure(peer) == InviteFailed("call-1", 486, "Said")


@pytest.mark.parametrize("ringing_first", [True, False])
def test_a_2xx_that_crosses_the_cancel_is_acknowledged_and_hung_up(ringing_first: bool) -> None:
    peer = Peer()
    invite = call(peer)
    if ringing_first:
        peer.answer(invite, 180)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    peer.take_requests(*(["CANCEL"] if ringing_first else []))
    peer.answer(invite, 200, sdp=ANSWER)
    ack, bye = peer.take_requests("ACK", "BYE")
    assert bye.need("cseq") == "2 BYE"
    assert bye.need("reason") == ELSEWHERE
    assert peer.events()[-1] == InviteFailed("call-1", 487, "Request Terminated", local=True)
    peer.answer(invite, 200, sdp=ANSWER)
    assert peer.take() == [ack]
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.answer(bye, 481)
    assert peer.events() == []
    assert all_quiet(peer)


def test_nothing_after_the_cancel_ends_the_session_after_64_t1() -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 180)
    peer.events()
    peer.stack.cancel("call-1", peer.now)
    peer.answer(peer.take_request("CANCEL"), 200)
    peer.wait(10.0)
    peer.answer(invite, 180)
    peer.wait(21.9)
    assert peer.events() == []
    peer.wait(0.1)
    assert only_failure(peer) == InviteFailed("call-1", 487, "Request Terminated", local=True)
    assert peer.stack.sessions() == 0
    # The phone answers after all: its 2xx is known by its From tag.
    peer.answer(invite, 200)
    assert [m.method for m in peer.take_requests("ACK", "BYE")] == ["ACK", "BYE"]
    assert all_quiet(peer)


def test_a_challenge_that_crosses_the_cancel_is_not_answered() -> None:
    peer = Peer()
    invite = call(peer, credentials=Credentials("u", "p"))
    peer.stack.cancel("call-1", peer.now)
    peer.answer(invite, 407, extra=(CHALLENGE,))
    peer.take_request("ACK")
    assert only_failure(peer) == InviteFailed("call-1", 487, "Request Terminated", local=True)
    assert all_quiet(peer)


def test_cancelling_an_answered_call_hangs_up() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.cancel("call-1", peer.now, ELSEWHERE)
    assert peer.take_request("BYE").need("reason") == ELSEWHERE
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]
