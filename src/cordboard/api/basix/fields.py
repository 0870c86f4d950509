"""The parameters of a Basix method, read one by one: each reader knows its type and bounds.

``null`` is the same as absent everywhere (the vendor's plug-in used to send it). All readers raise
:class:`~cordboard.calls.refusals.Refused` with the parameter's name, and never repeat its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    MAX_ANSWER_TIMEOUT,
    Callback,
    GroupKeys,
    UserKeys,
)
from cordboard.feeds.outbound import UnusableUrl, usable_url

DIALECT = "basix"

MAX_KEY_LENGTH = 254
"""Longest id, name, label, number or e-mail address of a user or group; RFC 5321 4.5.3.1.3 allows
addresses of 254."""

MAX_CALLING_NAME = 128
"""Longest ``calling_name``; phones show 20 to 40 characters of it."""

GROUP_RESOLVERS = ("*", "any:CALL_CENTER")

USER_KEYS = ("id", "name", "label", "extension", "did", "email")
GROUP_KEYS = ("id", "name", "label", "extension", "did")

_OF_USER = {f"user_{name}": name for name in USER_KEYS}
_OF_GROUP = {f"group_{name}": name for name in GROUP_KEYS}

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Controls, line separators and lone surrogates: nothing that a name or number may hold."""

_NUMERAL = re.compile(r"[0-9]{1,9}")
_FLAGS = {"true": True, "false": False}

Parameters = Mapping[str, Any]


def invalid(parameter: str, why: str) -> Refused:
    """The refusal of a parameter's value."""
    return Refused(RefusalId.INVALID_PARAMETER, f"{parameter} {why}", parameter)


def missing(parameter: str, why: str = "is missing") -> Refused:
    """The refusal of a request that lacks a parameter."""
    return Refused(RefusalId.MISSING_PARAMETER, f"{parameter} {why}", parameter)


def key(parameters: Parameters, name: str) -> str | None:
    """A key of a user or group: text, or a whole number as the vendor's ids are written.

    An empty text names nobody and counts as absent: forms send it for what was left blank.
    """
    value = parameters.get(name)
    if value is None:
        return None
    number = whole_number(value)
    if number is not None:
        value = number
    elif not isinstance(value, str):
        raise invalid(name, "must be text or a whole number")
    return text(value.strip(), name, MAX_KEY_LENGTH) or None


def whole_number(value: Any) -> str | None:
    """The digits of a JSON number without fraction, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return format(value, ".0f") if isinstance(value, float) else str(value)


def text(value: Any, name: str, longest: int) -> str:
    """A text within bounds, of printable characters of any script."""
    if not isinstance(value, str):
        raise invalid(name, "must be text")
    if len(value) > longest:
        raise invalid(name, f"is longer than {longest} characters")
    if UNPRINTABLE.search(value):
        raise invalid(name, "contains a control character")
    return value


def user_keys(parameters: Parameters) -> UserKeys | None:
    """The ``user_*`` keys that were given, None where there is none."""
    found = _given(parameters, _OF_USER)
    return UserKeys(**found) if any(found.values()) else None


def group_keys(parameters: Parameters) -> GroupKeys | None:
    """The ``group_*`` keys that were given, None where there is none."""
    resolver = parameters.get("group_resolver")
    if resolver is not None and resolver not in GROUP_RESOLVERS:
        raise invalid("group_resolver", 'must be "*" or "any:CALL_CENTER"')
    named = named_group(parameters)
    return named if resolver is None else replace(named or GroupKeys(), resolver=resolver)


def named_group(parameters: Parameters) -> GroupKeys | None:
    """The ``group_*`` keys that name a group, None where there is none."""
    found = _given(parameters, _OF_GROUP)
    return GroupKeys(**found) if any(found.values()) else None


def _given(parameters: Parameters, names: Mapping[str, str]) -> dict[str, str | None]:
    return {ours: key(parameters, name) for name, ours in names.items() if name in parameters}


def seconds(parameters: Parameters, name: str) -> float | None:
    """A time to ring: whole seconds, as a number or in digits; None where absent, which is 180, or
    what a group says."""
    value = parameters.get(name)
    if value is None:
        return None
    digits = value.strip() if isinstance(value, str) else whole_number(value)
    if digits is None or not _NUMERAL.fullmatch(digits) or int(digits) == 0:
        raise invalid(name, "must be a positive whole number of seconds")
    if int(digits) > MAX_ANSWER_TIMEOUT:
        raise invalid(name, f"must be at most {MAX_ANSWER_TIMEOUT:.0f} seconds")
    return float(int(digits))


def auto_answer(parameters: Parameters) -> bool:
    """``auto_answer``: true or false, also as text; false where absent."""
    value = parameters.get("auto_answer")
    if value is None or isinstance(value, bool):
        return bool(value)
    flag = _FLAGS.get(value.lower()) if isinstance(value, str) else None
    if flag is None:
        raise invalid("auto_answer", "must be true or false")
    return flag


def calling_name(parameters: Parameters) -> str | None:
    """``calling_name``: printable ASCII; None where absent or empty."""
    value = parameters.get("calling_name")
    if value is None:
        return None
    name = text(value, "calling_name", MAX_CALLING_NAME)
    if not name.isascii():
        raise invalid("calling_name", "must be ASCII")
    return name or None


def callback(parameters: Parameters) -> Callback | None:
    """``callback_url``: an http or https URL; None where absent."""
    value = parameters.get("callback_url")
    if value is None:
        return None
    if not isinstance(value, str):
        raise invalid("callback_url", "must be text")
    try:
        usable_url(value)
    except UnusableUrl as error:
        raise invalid("callback_url", str(error)) from None
    return Callback(value, DIALECT)
