"""What phones can dial to have something done: each code is named for what it does.

A code begins with ``*`` or ``#``, so that it is nobody's number. What belongs to it follows behind
a further ``*``, and a ``#`` may end it: ``*21*0312341234#``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Feature(Enum):
    """What a code does, by the key of the configuration that gives it a code."""

    FORWARD_ALWAYS = "forward_always"
    FORWARD_BUSY = "forward_busy"
    FORWARD_NO_ANSWER = "forward_no_answer"
    FORWARD_OFF = "forward_off"
    DO_NOT_DISTURB = "do_not_disturb"
    DO_NOT_DISTURB_OFF = "do_not_disturb_off"
    AGENT_LOGIN = "agent_login"
    AGENT_LOGOUT = "agent_logout"
    AGENT_PAUSE = "agent_pause"
    AGENT_UNPAUSE = "agent_unpause"
    AGENT_WRAPPED_UP = "agent_wrapped_up"


@dataclass(frozen=True, slots=True)
class FeatureCode:
    """A code that a tenant's phones can dial."""

    code: str
    feature: Feature


def feature_dialled(codes: Iterable[FeatureCode], dialled: str) -> tuple[FeatureCode, str] | None:
    """The code that somebody has dialled, and what follows it; the longest one counts."""
    if not dialled.startswith(("*", "#")):
        return None
    bare = dialled.rstrip("#") or dialled
    best: tuple[FeatureCode, str] | None = None
    for one in codes:
        if dialled == one.code or bare == one.code:
            argument = ""
        elif dialled.startswith(f"{one.code}*"):
            argument = bare[len(one.code) + 1 :]
        else:
            continue
        if best is None or len(one.code) > len(best[0].code):
            best = (one, argument)
    return best
