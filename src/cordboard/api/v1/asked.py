"""The body of ``POST /v1/calls``: what a client may ask for, and how each of it is bounded.

``null`` counts as absent. Members that we don't know are refused: a wish with a slip of the pen in
its name would go unheard otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from cordboard.api.v1.absent import NullIs
from cordboard.api.v1.bodies import Bound
from cordboard.api.v1.moments import Moment
from cordboard.api.v1.problems import Fault
from cordboard.calls.request import DEFAULT_ANSWER_TIMEOUT, MAX_ANSWER_TIMEOUT, MAX_DELAY
from cordboard.feeds.outbound import MAX_URL_LENGTH, UnusableUrl, usable_url

MAX_NAME: Final = 254
"""Longest name, number or e-mail address; RFC 5321 4.5.3.1.3 allows addresses of 254."""

MAX_DISPLAY_NAME: Final = 128
"""Longest name of a caller; phones show 20 to 40 characters of it."""

MAX_EXTERNAL_ID: Final = 255
"""Longest id of the client's own; a UUID has 36."""

MAX_INFO: Final = 2_048
"""Longest text about a call or a person: an avatar is a URL."""

MAX_VARIABLES: Final = 32
MAX_VARIABLE_VALUE: Final = 1_024
"""What a context is told; While1's examples are four, one of them a URL."""

MAX_METADATA: Final = 8 * 1024
"""Longest metadata in octets of JSON: it is kept with each call and shown with it."""

PRINTABLE: Final = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"
"""Neither controls nor line separators, and not nothing."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NAMES: Final[dict[str, Any]] = {"propertyNames": {"pattern": f"^{_VARIABLE.pattern}$"}}

Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME, pattern=PRINTABLE)]
Info = Annotated[str, StringConstraints(min_length=1, max_length=MAX_INFO, pattern=PRINTABLE)]
Link = Annotated[
    str, StringConstraints(max_length=MAX_INFO, pattern=r"^https?://[^\s\u0000-\u001f\u007f]+$")
]
DisplayName = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_DISPLAY_NAME, pattern=PRINTABLE)
]
Flag = Annotated[bool, NullIs(False)]
Timeout = Annotated[
    float,
    Field(gt=0, le=MAX_ANSWER_TIMEOUT, allow_inf_nan=False),
]
PARTIES: Final = ("user", "terminal", "group", "number", "address", "context")


def _as_text(value: Any) -> Any:
    """Ids are numbers that clients write either way."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[
    Name,
    BeforeValidator(_as_text),
    Field(json_schema_extra={"type": ["string", "integer"]}),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _named_by(*keys: str) -> ConfigDict:
    """The configuration of a model that takes at least one of some members, as it describes it."""

    def describe(schema: dict[str, Any]) -> None:
        given = {"not": {"type": "null"}}
        schema["anyOf"] = [{"required": [key], "properties": {key: given}} for key in keys]

    return ConfigDict(json_schema_extra=describe)


class UserNamed(_Body):
    """A user, by any of his keys; of several the first that leads to one counts."""

    model_config = _named_by("id", "name", "label", "extension", "did", "email")

    id: Id | None = None
    name: Name | None = None
    label: Name | None = None
    extension: Name | None = None
    did: Name | None = None
    email: Name | None = None


class GroupNamed(_Body):
    """A group, by any of its keys; of several the first that leads to one counts."""

    model_config = _named_by("id", "name", "label", "extension", "did")

    id: Id | None = None
    name: Name | None = None
    label: Name | None = None
    extension: Name | None = None
    did: Name | None = None


class GroupContext(GroupNamed):
    """The group in whose context a call is made: its caller id, limit and recording."""

    model_config = _named_by("id", "name", "label", "extension", "did", "resolver")

    resolver: Annotated[str, Field(pattern=r"^(\*|any:CALL_CENTER)$")] | None = Field(
        None, description="`*`: any group of the user; `any:CALL_CENTER`: any call center of his"
    )


class EndUserNamed(_Body):
    """Who is at a number outside, for the people who see the call."""

    id: Id | None = None
    name: Info | None = None
    organization: Info | None = None
    avatar: Info | None = None
    prefecture: Info | None = None


def _of_one_party(schema: dict[str, Any]) -> None:
    """Describe which members go with each other."""
    goes_with = {"number": ("as_user", "end_user"), "address": ("end_user",)}
    schema["oneOf"] = [
        {
            "required": [party],
            "properties": {party: {"not": {"type": "null"}}}
            | {
                other: {"type": "null"}
                for other in (*PARTIES, "as_user", "end_user")
                if other not in (party, *goes_with.get(party, ()))
            },
        }
        for party in PARTIES
    ]


class LegAsked(_Body):
    """One leg: whom it is for, by exactly one of `user`, `terminal`, `group`, `number`, `address`
    and `context`, and what is wanted of it."""

    model_config = ConfigDict(json_schema_extra=_of_one_party)

    user: UserNamed | None = Field(None, description="all phones of this user")
    terminal: Name | None = Field(None, description="this phone alone, by its SIP user name")
    group: GroupNamed | None = Field(None, description="the members of this group")
    number: Name | None = Field(None, description="a telephone number, outside unless it is ours")
    address: Name | None = Field(
        None, description="whatever one would dial: a name, an extension, a number"
    )
    context: Name | None = Field(None, description="a program, by its name or extension")
    as_user: UserNamed | None = Field(None, description="whose outside phone the number is")
    end_user: EndUserNamed | None = Field(None, description="who is at the number or address")
    caller_id: Name | None = Field(None, description="the number that this leg is shown")
    display_name: DisplayName | None = Field(None, description="the name that this leg is shown")
    trunk: Name | None = Field(None, description="the way out, where the leg is for outside")
    auto_answer: Flag = Field(False, description="ask the phones to answer at once")
    screening: Flag = Field(False, description="whoever answers presses 1 to take the call")
    warning: Flag = Field(False, description="hears that the longest duration is nearly reached")
    answer_timeout: Timeout | None = Field(
        None,
        description="seconds until the leg has failed; null is what a group says for itself, else"
        f" {DEFAULT_ANSWER_TIMEOUT:.0f}",
    )
    member_answer_timeout: Timeout | None = Field(
        None,
        description="seconds that each member of a group is rung; null is what the group says",
    )


def _usable(text: str) -> str:
    try:
        usable_url(text)
    except UnusableUrl as error:
        raise ValueError(str(error)) from None
    return text


class CallbackAsked(_Body):
    """Where the client is told how the call ended."""

    url: Annotated[str, StringConstraints(max_length=MAX_URL_LENGTH), AfterValidator(_usable)] = (
        Field(json_schema_extra={"format": "uri"})
    )


def _known_names(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        if not _VARIABLE.fullmatch(name):
            raise ValueError("names are letters, digits and _, at most 64, no digit first")
    return variables


def _short(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metadata, separators=(",", ":"))) > MAX_METADATA:
        raise ValueError(f"is longer than {MAX_METADATA} octets of JSON")
    return metadata


Variables = Annotated[
    dict[str, Annotated[str, StringConstraints(max_length=MAX_VARIABLE_VALUE)]],
    Field(max_length=MAX_VARIABLES, json_schema_extra=_NAMES),
    AfterValidator(_known_names),
    NullIs({}),
]


class CallAsked(Bound):
    """A call: the first leg is rung, and whoever answers is connected with the second."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {"at": {"type": "null"}}},
                {"properties": {"delay": {"enum": [0, None]}}},
            ]
        }
    )

    first: LegAsked
    second: LegAsked
    group: GroupContext | None = None
    record: Flag = Field(False, description="keep both parties' voices")
    record_group: (
        Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE)] | None
    ) = Field(None, description="where they are kept, by name or id; alone: if its fraction has it")
    card: (
        Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTABLE)] | None
    ) = Field(None, description="the prepaid card that pays for it, by its number")
    delay: Annotated[float, Field(ge=0, le=MAX_DELAY, allow_inf_nan=False), NullIs(0)] = Field(
        0, description="seconds until the call begins"
    )
    at: Moment | None = Field(None, description="when it begins: seconds since 1970, or RFC 3339")
    external_id: (
        Annotated[
            str, StringConstraints(min_length=1, max_length=MAX_EXTERNAL_ID, pattern=PRINTABLE)
        ]
        | None
    ) = Field(None, description="the client's own id for the call")
    external_info: Info | None = Field(None, description="what the id is of, for people")
    link: Link | None = Field(None, description="a page about it, for whoever takes the call")
    variables: Variables = Field({}, description="what a context is told")
    callback: CallbackAsked | None = None
    metadata: Annotated[dict[str, Any], AfterValidator(_short)] | None = Field(
        None, description="any JSON object, shown with the call"
    )

    @classmethod
    def also_wrong(cls, sent: dict[str, Any]) -> Iterator[Fault]:
        """What is wrong between the members of a body, whatever they are themselves."""
        for name in ("first", "second"):
            if isinstance(sent.get(name), dict):
                yield from between(sent[name], name)
        if isinstance(sent.get("group"), dict) and not _given(sent["group"]):
            yield _fault("group", "names no group")
        if sent.get("delay") and sent.get("at") is not None:
            yield _fault("at", "is given together with delay")


def between(leg: dict[str, Any], name: str) -> Iterator[Fault]:
    """What is wrong between the members of a leg."""
    parties = [party for party in PARTIES if leg.get(party) is not None]
    if len(parties) != 1:
        yield _fault(name, f"takes exactly one of {', '.join(PARTIES)}")
    for key in ("user", "group", "as_user"):
        if isinstance(leg.get(key), dict) and not _given(leg[key]):
            yield _fault(f"{name}.{key}", "names nobody")
    if leg.get("as_user") is not None and parties != ["number"]:
        yield _fault(f"{name}.as_user", "goes with a number")
    if leg.get("end_user") is not None and parties not in (["number"], ["address"]):
        yield _fault(f"{name}.end_user", "goes with a number or an address")


def _given(keys: dict[str, Any]) -> bool:
    return any(value is not None for value in keys.values())


def _fault(path: str, detail: str) -> Fault:
    return Fault(where="body", path=path, detail=detail)
