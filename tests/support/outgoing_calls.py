"""Calls of a stack in virtual time to a peer that the test plays."""

from __future__ import annotations

from typing import Any

from cordboard.sip.events import InviteFailed
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from support.sip_network import ANSWER, PHONE, SERVER, invitation
from support.sip_peer import CONTACT, Peer

MOVED = Flow("udp", SERVER, (PHONE[0], 40000))
"""Where a phone comes from whose NAT gave it another port."""

CHALLENGE = ("proxy-authenticate", 'Digest realm="trunk", nonce="n1", qop="auth"')


def call(peer: Peer, **more: Any) -> Request:
    """Send an INVITE; returns it."""
    peer.stack.invite(invitation(peer.end, **more), peer.now)
    return peer.take_request("INVITE")


def answered(peer: Peer, *extra: tuple[str, str], **more: Any) -> Request:
    """A call that is up; ``extra`` are headers of the 200. Returns its INVITE."""
    invite = call(peer, **more)
    peer.answer(invite, 200, sdp=ANSWER, extra=(CONTACT, *extra))
    peer.take_request("ACK")
    peer.events()
    return invite


def only_failure(peer: Peer) -> InviteFailed:
    """The only event there is."""
    (event,) = peer.events()
    assert isinstance(event, InviteFailed)
    return event
