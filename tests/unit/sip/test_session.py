"""Requests within a dialog, other than offers."""

from __future__ import annotations

import pytest

from cordboard.sip.events import (
    EndedBy,
    InfoReceived,
    SessionEnded,
)
from support.outgoing_calls import MOVED, answered, call
from support.sip_peer import CONTACT, Peer, all_quiet


def test_the_peer_hangs_up() -> None:
    peer = Peer()
    invite = answered(peer)
    bye = peer.ask_within(invite, "BYE", extra=(("reason", "Q.850;cause=16"),))
    peer.take_response(200)
    assert peer.events() == [SessionEnded("call-1", EndedBy.REMOTE, reason_header="Q.850;cause=16")]
    peer.say(bye)
    peer.take_response(200)
    assert peer.events() == []
    peer.ask_within(invite, "BYE", 2)
    peer.take_response(481)
    assert all_quiet(peer)


def test_two_byes_that_cross_are_both_answered() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.stack.hang_up("call-1", peer.now)
    bye = peer.take_request("BYE")
    peer.ask_within(invite, "BYE")
    peer.take_response(200)
    peer.answer(bye, 200)
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]
    assert all_quiet(peer)


def test_a_bye_that_nobody_answers_ends_too() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.hang_up("call-1", peer.now)
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]
    assert all_quiet(peer)
    assert peer.events() == []


def test_requests_of_another_dialog_get_481() -> None:
    peer = Peer()
    invite = answered(peer)
    for from_, to in [
        (f"{invite.need('to')};tag=other", invite.need("from")),
        (f"{invite.need('to')};tag=peer", "<sip:bob@demo>;tag=other"),
    ]:
        peer.ask("BYE", call_id="call-1", from_=from_, to=to)
        peer.take_response(481)
    assert peer.stack.sessions() == 1


def test_requests_before_the_answer_get_481() -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 180)
    peer.ask_within(invite, "INFO")
    peer.take_response(481)


def test_an_old_cseq_gets_500() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "OPTIONS", 5)
    assert "INFO" in peer.take_response(200).need("allow")
    peer.ask_within(invite, "BYE", 4)
    peer.take_response(500)
    assert peer.stack.sessions() == 1


@pytest.mark.parametrize(
    ("method", "status"),
    [("MESSAGE", 405), ("SUBSCRIBE", 489), ("NOTIFY", 481), ("FOO", 501)],
)  # fmt: skip
def test_what_is_not_served_in_a_call(method: str, status: int) -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, method)
    assert "allow" in peer.take_response(status).headers
    assert peer.stack.sessions() == 1


def test_required_extensions_are_refused_in_a_call_too() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, "INVITE", extra=(CONTACT, ("require", "100rel, gruu, path")))
    assert peer.take_response(420).headers["unsupported"] == ["gruu, path"]


@pytest.mark.parametrize("method", ["INFO", "OPTIONS", "UPDATE", "INVITE"])
def test_a_phone_whose_nat_gave_it_another_port_is_followed(method: str) -> None:
    peer = Peer()
    invite = answered(peer)
    peer.ask_within(invite, method, flow=MOVED)
    peer.take()
    peer.stack.hang_up("call-1", peer.now)
    assert MOVED in peer.take_flows()


@pytest.mark.parametrize(
    ("more", "number", "tag"),
    [
        ({"sticky": False}, 5, "peer"),  # a trunk stays where its Contact says
        ({"routes": ()}, 3, "peer"),  # out of order
        ({"routes": ()}, 5, "stranger"),
    ],
)
def test_nobody_else_moves_a_call(more: dict[str, object], number: int, tag: str) -> None:
    peer = Peer()
    invite = answered(peer, **more)
    peer.ask_within(invite, "INFO", 4)
    peer.take_response(200)
    from_, to = f"{invite.need('to')};tag={tag}", invite.need("from")
    peer.ask("INFO", call_id="call-1", number=number, from_=from_, to=to, flow=MOVED)
    peer.take()
    peer.stack.hang_up("call-1", peer.now)
    assert peer.take_flows() == [peer.flow]


def test_info_both_ways() -> None:
    peer = Peer()
    invite = answered(peer)
    body = ("content-type", "application/dtmf-relay")
    peer.ask_within(invite, "INFO", sdp=b"Signal=5", extra=(body,))
    peer.take_response(200)
    assert peer.events() == [InfoReceived("call-1", "application/dtmf-relay", b"Signal=5")]
    peer.stack.info("call-1", "application/dtmf-relay", b"Signal=6", peer.now)
    info = peer.take_request("INFO")
    assert (info.body, info.need("cseq")) == (b"Signal=6", "2 INFO")
    peer.answer(info, 415)
    assert peer.events() == []


def test_a_peer_that_forgot_the_dialog_ends_the_call() -> None:
    peer = Peer()
    answered(peer)
    peer.stack.info("call-1", "text/plain", b"x", peer.now)
    peer.answer(peer.take_request("INFO"), 481)
    assert peer.events() == [SessionEnded("call-1", EndedBy.TIMEOUT)]
    peer.take_request("BYE")
    assert all_quiet(peer)
