"""What is wrong with a request, in the vendor's codes (D15: Responses of calls/make).

Each fault names the parameter that it is of, its key, or "" where it is of none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cordboard.calls.refusals import RefusalId, Refused


class Code(Enum):
    """The codes of replies; strings, as the vendor's examples have them."""

    DONE_WITH_DATA = "200"
    VALID = "201"
    DONE = "204"
    INVALID = "400"
    NOT_AUTHENTICATED = "401"
    ROLE = "402"
    RATE_PLAN = "403"
    NOT_FOUND = "404"
    INTERNAL = "500"


NOT_AUTHENTICATED: Final = "The authentication details provided are invalid."
ROLE: Final = "Your role does not allow this."
RATE_PLAN: Final = "Your rate plan does not allow this."


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    code: Code
    key: str
    message: str


class Faulty(Exception):
    """A request has faults; all of them are told at once. ``result`` is what that is counted as."""

    def __init__(self, faults: Sequence[Fault], result: str = "invalid_parameter") -> None:
        super().__init__("; ".join(f"{fault.key}: {fault.message}" for fault in faults))
        self.faults = tuple(faults)
        self.result = result


def invalid(key: str, message: str) -> Fault:
    """That a parameter is wrong."""
    return Fault(Code.INVALID, key, message)


def not_found(key: str, what: str) -> Faulty:
    """That there is no such object, or none that the customer sees."""
    return Faulty([Fault(Code.NOT_FOUND, key, f"There is no such {what}.")], "not_found")


_CODES: Final = {
    RefusalId.NO_ROUTE: Code.RATE_PLAN,
    RefusalId.TARIFF_DENIED: Code.RATE_PLAN,
    RefusalId.NO_CREDIT: Code.RATE_PLAN,
    RefusalId.CHANNEL_LIMIT_REACHED: Code.RATE_PLAN,
    RefusalId.RECORDING_NOT_ALLOWED: Code.RATE_PLAN,
    RefusalId.OVERLOADED: Code.INTERNAL,
    RefusalId.TRUNK_DOWN: Code.INTERNAL,
}
"""What is not a fault of the parameters: where the customer may not call, or may not now."""

_KEYS: Final = {
    "caller_id": "callerid",
    "caller_number": "callerid",
    "auto_answer": "answer",
    "screening": "screen",
    "warning": "warn",
}
_WHOLE: Final = {
    "delay": "delay",
    "at": "delay",
    "record_group": "recordgroup",
    "card": "card",
    "to": "cnumber",
}


def refusal(refused: Refused, *, turned: bool = False) -> Fault:
    """Why a call is not placed, or not sent on; ``turned``: its first leg is ``cnumber``."""
    code = _CODES.get(refused.id, Code.INVALID)
    message = refused.message[:1].upper() + refused.message[1:]
    return Fault(
        code, "" if code is Code.INTERNAL else key_of(refused.parameter, turned=turned), message
    )


def key_of(parameter: str | None, *, turned: bool = False) -> str:
    """The vendor's word for a parameter of v1: ``second.address`` is ``cnumber``."""
    leg, _, member = (parameter or "").partition(".")
    if leg not in ("first", "second"):
        return _WHOLE.get(leg, "")
    first = (leg == "first") is not turned
    if member in _KEYS:
        return _KEYS[member] + ("1" if first else "2")
    return "snumber" if first else "cnumber"
