"""What v1 does to a live call: hold and resume, keys, a transfer, a recording."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cordboard.api.v1.access import Here, Writer
from cordboard.api.v1.answers import example, nothing, shown
from cordboard.api.v1.bodies import Bound, body_of, takes
from cordboard.api.v1.named import CallName, call_named
from cordboard.api.v1.problems import Fault, described
from cordboard.api.v1.routing import v1_router
from cordboard.api.v1.wishing import wish
from cordboard.calls.events import Json
from cordboard.calls.recording_terms import id_of
from cordboard.calls.refusals import RefusalId
from cordboard.calls.request import Leg
from cordboard.calls.running.wishes import DIGIT_MS, MAX_DIGITS, RecordAction, Wishes

router = v1_router("control")

LegName = Literal["first", "second"]

_BODY: Final = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_parameter")
_TARGET: Final = (
    RefusalId.INVALID_DESTINATION,
    RefusalId.USER_NOT_REGISTERED,
    RefusalId.NO_MEMBER_AVAILABLE,
    RefusalId.NO_ROUTE,
    RefusalId.TARIFF_DENIED,
    RefusalId.NO_CREDIT,
    RefusalId.CALLING_NUMBER_NOT_ALLOWED,
    RefusalId.TRUNK_DOWN,
    RefusalId.CHANNEL_LIMIT_REACHED,
)

_CALL_1: Final = "5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f-1"

MAX_NAME: Final = 256
"""Characters of whom somebody is transferred to: the longest e-mail address has 254."""

_CALL: Final = ("call_not_found", "call_over", "wrong_state")


class OneLeg(BaseModel):
    """A party of the call."""

    model_config = ConfigDict(extra="forbid")

    leg: LegName


class Keys(OneLeg):
    """Keys to be pressed for a party."""

    digits: str = Field(
        min_length=1,
        max_length=MAX_DIGITS,
        pattern="^[0-9A-D*#]+$",
        description="sent to this party, one after the other, after those that wait",
    )
    duration: int = Field(100, ge=DIGIT_MS[0], le=DIGIT_MS[1], description="ms of each key")
    gap: int = Field(60, ge=DIGIT_MS[0], le=DIGIT_MS[1], description="ms between two keys")


class ToRecord(BaseModel):
    """What is to be done about the recording."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["start", "pause", "resume", "stop"]


class Recorded(BaseModel):
    """How the recording stands."""

    recording: str | None = Field(description="its id; null: nothing is recorded now")
    file: str | None = Field(description="below the server's folder of recordings; null: none")
    paused: bool = Field(description="what is said now is left out")


_NULL, _GIVEN = {"type": "null"}, {"not": {"type": "null"}}
_TARGETS: list[Any] = [
    {"required": ["to"], "properties": {"to": _GIVEN, "call": _NULL, "call_leg": _NULL}},
    {"required": ["call"], "properties": {"call": _GIVEN, "to": _NULL}},
]
"""In which ways the target of a transfer is named."""


class Transfer(Bound):
    """Whom a party is connected with instead: somebody who is rung, or a party of another call."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _TARGETS})

    leg: LegName = Field(description="the party that stays; the other one is hung up")
    to: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_NAME,
        description="a name, an extension or a number; what the call's client might have called",
    )
    call: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_NAME,
        description="in place of `to`: another call, by its id or the UUID of one of its channels. "
        "One of its parties comes, the other is hung up too, and that call ends",
    )
    call_leg: LegName | None = Field(
        None,
        description="the party of that call that comes; null: who is not the user that leaves here",
    )

    @classmethod
    def also_wrong(cls, sent: dict[str, Any]) -> Iterator[Fault]:
        """A target is named in one way."""
        if (sent.get("to") is None) == (sent.get("call") is None):
            yield Fault(where="body", path="to", detail="either to or call is needed")
        if sent.get("call_leg") is not None and sent.get("call") is None:
            yield Fault(where="body", path="call_leg", detail="only together with call")


class Transferring(BaseModel):
    """Who comes."""

    channels: list[str] = Field(description="the UUIDs of the channels that ring, or are there")


@router.post(
    "/calls/{call}/hold",
    status_code=204,
    responses=described(*_CALL, *_BODY),
    openapi_extra=takes(OneLeg, {"second": {"leg": "second"}}),
)
async def hold(
    principal: Writer, here: Here, call: CallName, body: Annotated[OneLeg, body_of(OneLeg)]
) -> Response:
    """Put a party on hold: it hears a tone now and then, and nothing of the other."""
    leg = Leg(body.leg)
    await wish(here, principal, call, lambda wishes, _now: wishes.hold(leg, True))
    return nothing()


@router.post(
    "/calls/{call}/resume",
    status_code=204,
    responses=described(*_CALL, *_BODY),
    openapi_extra=takes(OneLeg, {"second": {"leg": "second"}}),
)
async def resume(
    principal: Writer, here: Here, call: CallName, body: Annotated[OneLeg, body_of(OneLeg)]
) -> Response:
    """Take a party off hold, unless the other one's phone holds it still."""
    leg = Leg(body.leg)
    await wish(here, principal, call, lambda wishes, _now: wishes.hold(leg, False))
    return nothing()


@router.post(
    "/calls/{call}/dtmf",
    status_code=204,
    responses=described(*_CALL, *_BODY),
    openapi_extra=takes(Keys, {"menu": {"leg": "second", "digits": "2#"}}),
)
async def dtmf(
    principal: Writer, here: Here, call: CallName, body: Annotated[Keys, body_of(Keys)]
) -> Response:
    """Press keys for a party: telephone events (RFC 4733), or INFO where it takes none."""

    def press(wishes: Wishes, now: float) -> None:
        wishes.send_digits(
            Leg(body.leg), body.digits, now, duration_ms=body.duration, gap_ms=body.gap
        )

    await wish(here, principal, call, press)
    return nothing()


@router.post(
    "/calls/{call}/transfer",
    status_code=202,
    response_model=Transferring,
    responses={
        202: example({"channels": ["0f4ad3a6-6a0c-4a0b-9a45-3f3c8f0f4a11"]}, "Accepted"),
        **described(*_CALL, *_TARGET, *_BODY),
    },
    openapi_extra=takes(
        Transfer,
        {
            "colleague": {"leg": "first", "to": "helen"},
            "attended": {"leg": "second", "call": "5a6e0c1e-7a2b-4f7e-9d5b-0a4d6b7c8e9f"},
        },
    ),
)
async def transfer(
    principal: Writer, here: Here, call: CallName, body: Annotated[Transfer, body_of(Transfer)]
) -> Response:
    """Connect a party with somebody else, and hang up the other one: blind, or (with `call`)
    attended, which joins two calls."""
    channels: tuple[str, ...] = ()
    other = "" if body.call is None else call_named(here, principal, body.call)[1]
    comes = None if body.call_leg is None else Leg(body.call_leg)

    def send_on(wishes: Wishes, now: float) -> None:
        nonlocal channels
        if body.to is not None:
            channels = wishes.transfer(Leg(body.leg), body.to, now)
        else:
            channels = wishes.join(Leg(body.leg), other, comes, now)

    await wish(here, principal, call, send_on)
    return shown({"channels": list(channels)}, 202)


@router.post(
    "/calls/{call}/record",
    response_model=Recorded,
    responses={
        200: example({"recording": _CALL_1, "file": f"demo/{_CALL_1}.wav", "paused": False}),
        **described(*_CALL, *_BODY, RefusalId.RECORDING_NOT_ALLOWED.value),
    },
    openapi_extra=takes(ToRecord, {"start": {"action": "start"}}),
)
async def record(
    principal: Writer, here: Here, call: CallName, body: Annotated[ToRecord, body_of(ToRecord)]
) -> Response:
    """Record both parties, pause, go on, or end it."""
    stands: dict[str, Json] = {}

    def carry_out(wishes: Wishes, _now: float) -> None:
        recording = wishes.record(RecordAction(body.action))
        file = recording.file
        named = None if file is None else id_of(file)
        stands.update(recording=named, file=file, paused=recording.paused)

    await wish(here, principal, call, carry_out)
    return shown(stands)
