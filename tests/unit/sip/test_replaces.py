"""An INVITE that is to take the place of a dialog (RFC 3891 3)."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipParseError
from cordboard.sip.events import InviteReceived
from cordboard.sip.message import Request
from cordboard.sip.replaces import Replaces, parse_replaces
from support.outgoing_calls import answered, call
from support.sip_peer import CONTACT, Peer

OFFER = b"v=0\r\n"


def tag_of(invite: Request) -> str:
    return invite.need("from").partition(";tag=")[2]


def replace(peer: Peer, value: str, *extra: tuple[str, str]) -> None:
    peer.ask("INVITE", call_id="in-9", extra=(CONTACT, ("replaces", value), *extra), sdp=OFFER)


def test_one_that_is_up_can_be_replaced() -> None:
    peer = Peer()
    invite = answered(peer)
    replace(peer, f"call-1;from-tag=peer;to-tag={tag_of(invite)}", ("require", "replaces"))
    peer.take_response(100)
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    assert event.replaces == "call-1"
    assert peer.stack.sessions() == 2, "it is the user's to end the other"


def test_one_that_we_ring_can_be_replaced() -> None:
    peer = Peer()
    invite = call(peer)
    peer.answer(invite, 180)
    peer.events()
    replace(peer, f"call-1;to-tag={tag_of(invite)};from-tag=peer;early-only")
    peer.take_response(100)
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    assert event.replaces == "call-1"


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("call-1;to-tag={ours};from-tag=peer;early-only", 486),
        ("call-1;to-tag=peer;from-tag={ours}", 481),
        ("call-2;to-tag={ours};from-tag=peer", 481),
        ("call-1;to-tag={ours}", 400),
        (";to-tag={ours};from-tag=peer", 400),
    ],
)
def test_what_can_t_be_replaced(value: str, status: int) -> None:
    peer = Peer()
    invite = answered(peer)
    replace(peer, value.format(ours=tag_of(invite)))
    peer.take_response(status)
    assert peer.events() == []
    assert peer.stack.sessions() == 1


def test_what_is_over_or_rings_at_us_can_t_be_replaced_either() -> None:
    peer = Peer()
    invite = answered(peer)
    peer.stack.hang_up("call-1", peer.now)
    peer.take()
    replace(peer, f"call-1;to-tag={tag_of(invite)};from-tag=peer")
    peer.take_response(603)
    offered = peer.ask("INVITE", call_id="in-1", sdp=OFFER)
    peer.stack.ring("in-1", peer.now)
    ringing = peer.take()[-1]
    replace(peer, f"in-1;to-tag={ringing.need('to').partition(';tag=')[2]};from-tag=peer")
    peer.take_response(481)
    assert offered.call_id == "in-1"


def test_there_is_one_at_most() -> None:
    peer = Peer()
    replace(peer, "a;to-tag=b;from-tag=c", ("replaces", "a;to-tag=b;from-tag=c"))
    peer.take_response(400)


def test_a_value_is_read() -> None:
    read = parse_replaces("425@192.0.2.1;to-tag=7743;from-tag=6472;early-only")
    assert read == Replaces("425@192.0.2.1", "7743", "6472", early_only=True)
    with pytest.raises(SipParseError):
        parse_replaces("425@192.0.2.1;to-tag;from-tag=6472")
