"""What becomes of a request of ours that did not get there, and of one that has less patience."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cordboard.sip.events import InviteFailed, InviteTrying, OfferAnswered, RegistrationFailed
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.registration import Registration
from support.sip_network import ANSWER, OTHER_ANSWER, OTHER_OFFER, PHONE, invitation, name_addr
from support.sip_peer import Peer


@pytest.fixture
def peer() -> Peer:
    return Peer()


def invited(peer: Peer, patience: float | None = None) -> Request:
    """An INVITE that is under way."""
    peer.stack.invite(replace(invitation(peer.end), patience=patience), peer.now)
    return peer.take_request("INVITE")


def sent(request: Request) -> bytes:
    """How a request begins on the wire."""
    return (
        f"{request.method} {request.uri} SIP/2.0\r\nVia: {request.need('via')}\r\nMax-Fo"
    ).encode()


def failures(peer: Peer) -> list[tuple[int, bool]]:
    return [
        (event.status, event.local) for event in peer.events() if isinstance(event, InviteFailed)
    ]


def test_an_invite_that_did_not_get_there_fails_at_once(peer: Peer) -> None:
    invite = invited(peer)
    peer.stack.undelivered(sent(invite), peer.flow, peer.now, refused=True)
    assert failures(peer) == [(503, True)]


@pytest.mark.parametrize("hurried", [False, True])
def test_a_registration_fails_by_it_where_there_is_another_registrar(
    peer: Peer, hurried: bool
) -> None:
    wanted = Registration(
        name="desk",
        registrar_uri="sip:demo",
        aor=name_addr("<sip:desk@demo>"),
        contact_user="desk",
        flow=peer.flow,
        hurried=hurried,
    )
    peer.stack.register(wanted, peer.now)
    peer.stack.undelivered(sent(peer.take_request("REGISTER")), peer.flow, peer.now, refused=True)
    failed = RegistrationFailed("desk", 503, "Service Unavailable")
    assert peer.events() == ([failed] if hurried else [])


def test_a_host_that_is_not_found_may_be_asleep(peer: Peer) -> None:
    invite = invited(peer)
    peer.stack.undelivered(sent(invite), peer.flow, peer.now, refused=False)
    assert failures(peer) == []


def test_where_there_is_another_server_it_is_not_waited_for(peer: Peer) -> None:
    invite = invited(peer, patience=5.0)
    peer.stack.undelivered(sent(invite), peer.flow, peer.now, refused=False)
    assert failures(peer) == [(503, True)]


def test_a_call_that_is_up_survives_it(peer: Peer) -> None:
    invite = invited(peer)
    peer.answer(invite, 200, sdp=ANSWER)
    peer.take()
    peer.events()
    peer.stack.offer("call-1", OTHER_OFFER, peer.now)
    again = peer.take_request("INVITE")
    peer.stack.undelivered(sent(again), peer.flow, peer.now, refused=True)
    peer.stack.info("call-1", "application/dtmf-relay", b"Signal=1", peer.now)
    info = peer.take_request("INFO")
    peer.stack.undelivered(sent(info), peer.flow, peer.now, refused=True)
    assert peer.events() == []
    peer.answer(again, 200, sdp=OTHER_ANSWER)
    assert [type(event) for event in peer.events()] == [OfferAnswered]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"INVITE",
        b"\xff\xfe \x00;branch=z9hG4bK\xff\r\n",
        b"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bKnobody\r\n",
        b"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n",
    ],
)
def test_what_is_not_of_ours_changes_nothing(peer: Peer, data: bytes) -> None:
    invited(peer)
    peer.stack.undelivered(data, peer.flow, peer.now, refused=True)
    assert failures(peer) == []


def test_what_is_cut_off_before_the_branch_changes_nothing(peer: Peer) -> None:
    invite = invited(peer)
    peer.stack.undelivered(sent(invite).partition(b"branch")[0], peer.flow, peer.now, refused=True)
    peer.stack.undelivered(sent(invite)[:-12], peer.flow, peer.now, refused=True)
    assert failures(peer) == []


def test_another_peer_changes_nothing(peer: Peer) -> None:
    invite = invited(peer)
    elsewhere = Flow("udp", peer.end.address, ("192.0.2.9", 5060))
    peer.stack.undelivered(sent(invite), elsewhere, peer.now, refused=True)
    assert failures(peer) == []


def test_once_anything_has_come_back_it_is_not_believed(peer: Peer) -> None:
    invite = invited(peer)
    peer.answer(invite, 100)
    peer.stack.undelivered(sent(invite), peer.flow, peer.now, refused=True)
    assert [type(event) for event in peer.events()] == [InviteTrying]


def test_a_server_is_given_up_after_as_long_as_patience_lasts(peer: Peer) -> None:
    invited(peer, patience=5.0)
    peer.wait(4.9)
    assert failures(peer) == []
    peer.wait(0.2)
    assert failures(peer) == [(408, True)]


def test_patience_ends_with_the_first_word(peer: Peer) -> None:
    invite = invited(peer, patience=5.0)
    peer.answer(invite, 100)
    peer.wait(60.0)
    assert failures(peer) == []


def test_what_was_given_up_and_rings_after_all_is_cancelled(peer: Peer) -> None:
    invite = invited(peer, patience=5.0)
    peer.wait(5.1)
    peer.take()
    peer.answer(invite, 180)
    assert peer.take_request("CANCEL").need("via") == invite.need("via")


def test_a_tcp_server_has_no_more_patience(peer: Peer) -> None:
    flow = Flow("tcp", ("", 0), PHONE)
    peer.stack.invite(replace(invitation(peer.end), flow=flow, patience=5.0), peer.now)
    peer.wait(5.1)
    assert failures(peer) == [(408, True)]
