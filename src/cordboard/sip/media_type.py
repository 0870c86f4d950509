"""What kind of body a message has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.multipart import part_of

if TYPE_CHECKING:
    from cordboard.sip.message import Message

SDP = "application/sdp"
MULTIPART = "multipart/"


def media_type_of(message: Message) -> str:
    """The Content-Type in lower case without parameters, empty where there is none."""
    values = message.headers.get("content-type")
    if not values:
        return ""
    value = values[0]
    return SDP if value == SDP else value.partition(";")[0].strip().lower()


def sdp_of(message: Message) -> bytes | None:
    """The body, or the part of it, that is a session description, else None."""
    body = message.body
    if not body:
        return None
    media_type = media_type_of(message)
    if media_type == SDP:
        return body
    if media_type.startswith(MULTIPART):
        return part_of(body, message.headers["content-type"][0], SDP)
    return None


def accepts(message: Message, media_type: str) -> bool:
    """Whether whoever sent a message takes a body of that type back: all do unless their Accept
    says otherwise, and an empty one accepts nothing (RFC 3261 20.1). Raises SipParseError."""
    if "accept" not in message.headers:
        return True
    main = media_type.partition("/")[0]
    ranges = {one.partition(";")[0].strip().lower() for one in message.each("accept")}
    return not ranges.isdisjoint((media_type, f"{main}/*", "*/*"))
