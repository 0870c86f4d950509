"""Calls of an embedded engine to phones and trunks of a test."""

from __future__ import annotations

from cordboard.calls.ports import Answered
from support.engine_rigs import EmbeddedRig, SipFar
from support.sip_phone import SipPhoneCall

G729_ONLY = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 18\r\n"
)
"""A description that has no codec in common with ours."""


async def called(rig: EmbeddedRig, name: str) -> tuple[str, SipPhoneCall]:
    """Dial a phone, and give the channel and the phone's side of it."""
    channel, far = await rig.dial_phone(name)
    assert isinstance(far, SipFar)
    return channel, far.call


async def talking(rig: EmbeddedRig, name: str) -> tuple[str, SipPhoneCall]:
    """The same, answered."""
    channel, call = await called(rig, name)
    call.answer()
    await rig.event(Answered, channel)
    return channel, call


async def trunk_called(rig: EmbeddedRig, channel: str) -> SipPhoneCall:
    """The trunk's side of an outside call."""
    far = await rig.far(channel)
    assert isinstance(far, SipFar)
    return far.call


async def ended(rig: EmbeddedRig, call: SipPhoneCall) -> None:
    """Wait until a phone knows that its call is over."""
    await rig.until(lambda: call.ended)
