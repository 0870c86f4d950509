"""The three ways to write a destination or target (Basix call_user, call_external).

- a text: a name, an extension, a number;
- an object: ``{"called_number": ..., "calling_number": ..., "end_user": {...}}``;
- inline, a text that begins with a brace: ``{name=Charles Xavier,organization=X-Men}0312341234``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cordboard.api.basix.fields import UNPRINTABLE, missing, text
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Address, EndUser

MAX_ADDRESS_LENGTH = 254
"""Longest name or number to be called, as for the keys of users."""

MAX_END_USER_TEXT = 2_048
"""Longest value of an ``end_user`` key: ``avatar`` is a URL."""

MAX_END_USER_KEYS = 32
"""Most keys of an ``end_user``; the vendor documents five and clients may add their own."""

MAX_INLINE_LENGTH = 16 * 1024
"""Longest inline form: the keys above at ordinary lengths."""

_KNOWN = ("id", "name", "organization", "avatar", "prefecture")


@dataclass(frozen=True, slots=True)
class Called:
    """Who is called, and the number he is shown when he is outside."""

    address: Address
    calling_number: str | None = None


def called(value: Any, parameter: str, fault: RefusalId) -> Called:
    """Read an address in any of the three forms.

    ``fault`` is the id for a value that is none of them. Raises :class:`Refused`.
    """
    if isinstance(value, str):
        written = value.strip()
        return (
            _inline(written, parameter, fault)
            if written[:1] == "{"
            else Called(plain(written, parameter, fault))
        )
    if isinstance(value, dict):
        return _from_object(value, parameter, fault)
    raise Refused(fault, f"{parameter} must be text or an object", parameter)


def plain(value: Any, parameter: str, fault: RefusalId) -> Address:
    """Read an address that may only be a plain text; raises :class:`Refused`."""
    if not isinstance(value, str):
        raise Refused(fault, f"{parameter} must be text", parameter)
    return Address(_called(value, parameter, fault))


def _called(value: Any, parameter: str, fault: RefusalId) -> str:
    """A name or number to be called."""
    if not isinstance(value, str) or not value.strip():
        raise Refused(fault, f"{parameter} must be a text that is not empty", parameter)
    called = value.strip()
    if len(called) > MAX_ADDRESS_LENGTH:
        raise Refused(fault, f"{parameter} is longer than {MAX_ADDRESS_LENGTH}", parameter)
    if UNPRINTABLE.search(called):
        raise Refused(fault, f"{parameter} contains a control character", parameter)
    return called


def _from_object(value: dict[str, Any], parameter: str, fault: RefusalId) -> Called:
    number = value.get("called_number")
    if number is None:
        raise missing(f"{parameter}.called_number")
    return Called(
        Address(
            _called(number, f"{parameter}.called_number", fault),
            end_user=_end_user(value.get("end_user"), f"{parameter}.end_user"),
        ),
        _calling(value.get("calling_number"), f"{parameter}.calling_number"),
    )


def _calling(value: Any, parameter: str) -> str | None:
    return None if value is None else calling_number(value, parameter)


def calling_number(value: Any, parameter: str) -> str:
    """A number to be shown as the caller's; raises :class:`Refused` (invalid_parameter)."""
    return _called(value, parameter, RefusalId.INVALID_PARAMETER)


def _end_user(value: Any, parameter: str) -> EndUser | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Refused(RefusalId.INVALID_PARAMETER, f"{parameter} must be an object", parameter)
    if len(value) > MAX_END_USER_KEYS:
        raise Refused(
            RefusalId.INVALID_PARAMETER,
            f"{parameter} has more than {MAX_END_USER_KEYS} keys",
            parameter,
        )
    given = {
        text(name, parameter, MAX_ADDRESS_LENGTH): _shown(inner, parameter, name)
        for name, inner in value.items()
        if inner is not None
    }
    return end_user_of(given)


def _shown(value: Any, parameter: str, name: str) -> str:
    """A value of ``end_user`` as text; what is no text is carried as its JSON."""
    shown = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    where = f"{parameter}.{name}" if name in _KNOWN else parameter
    if name in _KNOWN and not isinstance(value, str | int | float):
        raise Refused(RefusalId.INVALID_PARAMETER, f"{where} must be text or a number", where)
    return text(shown, where, MAX_END_USER_TEXT)


def end_user_of(given: Mapping[str, str]) -> EndUser | None:
    """The end user that the keys describe; None where there are none."""
    if not given:
        return None
    known = {name: given.get(name) for name in _KNOWN}
    extra = tuple((name, value) for name, value in given.items() if name not in _KNOWN)
    return EndUser(**known, extra=extra)


def _inline(written: str, parameter: str, fault: RefusalId) -> Called:
    """Read ``{key=value,key=value}NUMBER``; values may be empty and hold no comma or brace."""
    braces, closed, number = written[1:].partition("}")
    if not closed or len(written) > MAX_INLINE_LENGTH:
        raise Refused(fault, f"{parameter} has an opening brace that is not closed", parameter)
    given: dict[str, str] = {}
    for pair in braces.split(",") if braces.strip() else ():
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not name or not equals or name in given or len(given) >= MAX_END_USER_KEYS:
            raise Refused(fault, f"{parameter} must begin with {{key=value,...}}", parameter)
        if UNPRINTABLE.search(name + value) or len(name + value) > MAX_END_USER_TEXT:
            raise Refused(fault, f"{parameter} has an unusable value in its braces", parameter)
        given[name] = value
    return Called(Address(_called(number, parameter, fault), end_user=end_user_of(given)))
