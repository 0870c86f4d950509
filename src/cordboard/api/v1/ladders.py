"""The signalling of a call: every SIP message, as JSON or drawn."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from cordboard.api.v1.access import Here, Reader
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.ladder import draw
from cordboard.api.v1.named import CallName, call_named, no_such_call
from cordboard.api.v1.problems import described
from cordboard.api.v1.routing import v1_router

router = v1_router("calls")

TEXT: Final = "text/plain; charset=utf-8"


class Line(BaseModel):
    """A SIP message; credentials are left out of it."""

    at: float = Field(description="seconds since 1970")
    sent: bool
    peer: str
    summary: str
    text: str
    retransmission: bool


class ChannelLines(BaseModel):
    """The messages of one channel."""

    channel: str
    leg: str
    party: str
    lines: list[Line]


class LadderShown(BaseModel):
    """A call's signalling, channel by channel."""

    call: str
    channels: list[ChannelLines]


LADDER_EXAMPLE: Final[dict[str, Any]] = {
    "call": "5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f",
    "channels": [
        {
            "channel": "0d3f4c52-1f0c-4b5e-8f6a-2f8e2a1b9c77",
            "leg": "first",
            "party": "jessica-desk@demo",
            "lines": [
                {
                    "at": 1767225600.13,
                    "sent": True,
                    "peer": "udp:192.0.2.7:5060",
                    "summary": "INVITE sip:jessica-desk@192.0.2.7 SIP/2.0",
                    "text": "INVITE sip:jessica-desk@192.0.2.7 SIP/2.0\r\n...",
                    "retransmission": False,
                }
            ],
        }
    ],
}

_DRAWN: Final = {"schema": {"type": "string"}, "example": "call 5a6e...\n"}


@router.get(
    "/calls/{call}/ladder",
    response_model=LadderShown,
    responses={
        200: example(LADDER_EXAMPLE, text_plain=_DRAWN),
        **described("call_not_found"),
    },
)
async def show_ladder(principal: Reader, here: Here, call: CallName, request: Request) -> Response:
    """Every SIP message of a call; with `Accept: text/plain` as a drawing."""
    tenant, call = call_named(here, principal, call)
    ladder = here.exchange.ladder(tenant, call)
    if ladder is None:
        raise no_such_call()
    if request.headers.get("accept", "").startswith("text/plain"):
        return Response(draw(ladder).encode() + b"\n", media_type=TEXT)
    return shown(ladder)
