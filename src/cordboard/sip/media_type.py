"""What kind of body a message has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cordboard.sip.message import Message

SDP = "application/sdp"


def media_type_of(message: Message) -> str:
    """The Content-Type in lower case without parameters, empty where there is none."""
    values = message.headers.get("content-type")
    if not values:
        return ""
    value = values[0]
    return SDP if value == SDP else value.partition(";")[0].strip().lower()


def sdp_of(message: Message) -> bytes | None:
    """The body where it is a session description, else None."""
    if message.body and media_type_of(message) == SDP:
        return message.body
    return None


def accepts(message: Message, media_type: str) -> bool:
    """Whether whoever sent a message takes a body of that type back: all do unless their Accept
    says otherwise, and an empty one accepts nothing (RFC 3261 20.1). Raises SipParseError."""
    if "accept" not in message.headers:
        return True
    main = media_type.partition("/")[0]
    ranges = {one.partition(";")[0].strip().lower() for one in message.each("accept")}
    return not ranges.isdisjoint((media_type, f"{main}/*", "*/*"))
