"""What a phone tells of itself: one value per thing that happens, and how it reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class What(Enum):
    """Every kind of happening, with the keys of its ``data``."""

    LISTENING = "listening"
    """at: for a phone that does not register."""
    REGISTERED = "registered"
    """expires: seconds until it has to register again."""
    REGISTRATION_FAILED = "registration_failed"
    """status, reason."""
    UNREGISTERED = "unregistered"
    RINGING = "ringing"
    """caller, name, called; auto_answer: whether the caller asks to be answered at once."""
    ANSWERED = "answered"
    """auto_answer."""
    TALKING = "talking"
    """The caller has acknowledged the answer."""
    HELD = "held"
    RESUMED = "resumed"
    DIGIT = "digit"
    """digit."""
    REFUSED = "refused"
    """status, reason: this phone did not take the call."""
    MISSED = "missed"
    """The caller gave up while it rang."""
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    DECLINED_ELSEWHERE = "declined_elsewhere"
    """Another phone took the call: nothing was missed (RFC 3326)."""
    ENDED = "ended"
    """by (us, them, timeout), seconds: how long it was talked; reason where one was given."""
    RECORDED = "recorded"
    """file, seconds."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a phone, ``at`` seconds after it started."""

    at: float
    phone: str
    what: What
    call_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    def as_line(self) -> str:
        """For a person: milliseconds, whose phone, what."""
        return f"{round(self.at * 1000):>7} ms  {self.phone:<14}  {self.as_sentence()}"

    def as_sentence(self) -> str:
        """For a person: what happened, without when and to whom."""
        return _SENTENCES[self.what].format_map(_Words(self.data)).rstrip()

    def as_json(self) -> str:
        """For a program: one object."""
        told = {"ms": round(self.at * 1000), "phone": self.phone, "event": self.what.value}
        call = {"call_id": self.call_id} if self.call_id else {}
        return json.dumps({**told, **call, **self.data}, ensure_ascii=False)


class _Words(dict[str, Any]):
    """The data as words of a sentence."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        name, caller = data.get("name"), data.get("caller")
        self["who"] = f"{name} <{caller}>" if name and name != caller else caller
        self["unasked"] = " by itself, as asked" if data.get("auto_answer") else ""
        self["asking"] = ", asking for an answer at once" if data.get("auto_answer") else ""
        self["ender"] = _ENDERS.get(str(data.get("by")), "it is over")
        self["because"] = f" ({data['reason']})" if data.get("reason") else ""


_ENDERS = {"us": "hung up", "them": "the other side hung up", "timeout": "the other side is gone"}

_SENTENCES = {
    What.LISTENING: "takes calls at {at}",
    What.REGISTERED: "registered for {expires} s",
    What.REGISTRATION_FAILED: "not registered: {status} {reason}",
    What.UNREGISTERED: "unregistered",
    What.RINGING: "rings: {who} calls {called}{asking}",
    What.ANSWERED: "answered{unasked}",
    What.TALKING: "talking",
    What.HELD: "was put on hold",
    What.RESUMED: "was taken off hold",
    What.DIGIT: "heard the key {digit}",
    What.REFUSED: "refused the call: {status} {reason}",
    What.MISSED: "missed the call{because}",
    What.ANSWERED_ELSEWHERE: "stopped ringing: answered elsewhere, no missed call",
    What.DECLINED_ELSEWHERE: "stopped ringing: declined on another phone, no missed call",
    What.ENDED: "{ender} after {seconds:.1f} s{because}",
    What.RECORDED: "recorded {seconds:.1f} s in {file}",
}
