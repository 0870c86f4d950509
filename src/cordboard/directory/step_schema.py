"""The keys of a step: their kinds and ranges. Which of them go together says
:mod:`~cordboard.directory.step_reading`."""

from __future__ import annotations

import re
from typing import Any

from cordboard.directory.kinds import matching
from cordboard.directory.shape import (
    Field,
    Kind,
    Shape,
    Unfit,
    found,
    integer,
    number,
    text,
    text_or_table,
    truth,
)
from cordboard.directory.steps import DIGIT_KEYS, LONGEST_VALUE, MOST_DIGITS, EndReason

MOST_ENTRIES = 100
"""Entries of one step's list or table: a menu has twelve keys, a list of postcodes is no menu."""

MOST_TIMES = 5
"""How often a prompt is played at most; Basix Play ``loop``."""

MOST_TRIES = 10
"""How often somebody is asked for digits: who has not pressed one by then will not."""

LONGEST_PAUSE = 3600.0
"""Seconds of a wait step, and for a first key."""

LONGEST_RING = 600.0
"""Seconds that a program may ring somebody; a group may say so much for itself."""

LONGEST_MESSAGE = 600.0
"""Seconds that a caller may speak on a message: who has more to say is to be called back."""

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

LABEL = matching(_LABEL, "a label of letters, digits, _ and -")
VARIABLE = matching(_VARIABLE, "the name of a variable, of letters, digits and _")
VALUE = text("a text", longest=LONGEST_VALUE)


def _keys(expected: str, longest: int) -> Kind:
    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value) > longest or value.strip(DIGIT_KEYS):
            raise Unfit
        return value

    return Kind(expected, read)


def _one_or_more(each: Kind, expected: str) -> Kind:
    """A text, or a list of them."""

    def read(value: Any) -> tuple[str, ...]:
        entries = value if isinstance(value, list) else [value]
        if not 1 <= len(entries) <= MOST_ENTRIES:
            raise Unfit(f"1 to {MOST_ENTRIES} of them")
        return tuple(each.read(entry) for entry in entries)

    return Kind(expected, read)


def _pairs(expected: str, key: Kind | None, value: Kind) -> Kind:
    """A table whose keys are names of one's own; None: any text at all."""

    def read(given: Any) -> tuple[tuple[str, str], ...]:
        if not isinstance(given, dict):
            raise Unfit
        if not 1 <= len(given) <= MOST_ENTRIES:
            raise Unfit(f"1 to {MOST_ENTRIES} entries")
        for name, one in given.items():
            if key is not None:
                _fits(key, name)
            elif len(name) > LONGEST_VALUE:
                raise Unfit(f"a key is longer than {LONGEST_VALUE} characters")
            _fits(value, one)
        return tuple(given.items())

    return Kind(expected, read)


def _fits(kind: Kind, value: Any) -> None:
    try:
        kind.read(value)
    except Unfit:
        raise Unfit(f"{found(value)} is not {kind.expected}") from None


def _text_maybe_empty() -> Kind:
    def read(value: Any) -> str:
        return "" if value == "" else str(VALUE.read(value))

    return Kind("a text", read)


def _end() -> Kind:
    reasons = {reason.value: reason for reason in EndReason}

    def read(value: Any) -> EndReason:
        if value is True:
            return EndReason.NORMAL
        if not isinstance(value, str) or value not in reasons:
            raise Unfit
        return reasons[value]

    return Kind('true, "normal", "busy" or "rejected"', read)


def _url(value: Any) -> str:
    checked = str(text(longest=2048).read(value))
    if not checked.startswith(("http://", "https://", "${")):
        raise Unfit("it begins with http:// or https://")
    return checked


RING = Shape(
    "ring",
    {
        "any": Field(VALUE),
        "user": Field(VALUE),
        "group": Field(VALUE),
        "number": Field(VALUE),
    },
)

STEP = Shape(
    "step",
    {
        "label": Field(LABEL),
        "answer": Field(truth()),
        "play": Field(
            _one_or_more(text(longest=4096), "the path of a WAV file, or a list of them"),
        ),
        "times": Field(integer(1, MOST_TIMES, "times")),
        "until": Field(_keys('keys such as "*#"', len(DIGIT_KEYS))),
        "say": Field(VALUE),
        "wait": Field(number(0.1, LONGEST_PAUSE, "seconds")),
        "gather": Field(VARIABLE),
        "digits": Field(integer(1, MOST_DIGITS, "digits")),
        "timeout": Field(number(0.1, LONGEST_PAUSE, "seconds")),
        "between": Field(number(0.1, LONGEST_PAUSE, "seconds")),
        "finish": Field(_keys('a key such as "#", or ""', 1)),
        "valid": Field(_keys('keys such as "123"', len(DIGIT_KEYS))),
        "tries": Field(integer(1, MOST_TRIES, "times")),
        "shown": Field(truth()),
        "branch": Field(VARIABLE),
        "to": Field(_pairs('a table from values to labels, {"1" = "sales"}', None, LABEL)),
        "otherwise": Field(LABEL),
        "goto": Field(LABEL),
        "set": Field(
            _pairs('a table of variables, {NAME = "value"}', VARIABLE, _text_maybe_empty())
        ),
        "ring": Field(text_or_table(VALUE, "any", RING)),
        "show": Field(VALUE),
        "result": Field(VARIABLE),
        "record": Field(truth()),
        "message": Field(VARIABLE),
        "seconds": Field(number(1, LONGEST_MESSAGE, "seconds")),
        "hangup": Field(_end()),
        "fetch": Field(_one_or_more(Kind("a URL", _url), "a URL, or a list of them")),
    },
)
