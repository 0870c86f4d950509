"""What Basix calls the parameters that the plan finds fault with."""

from __future__ import annotations

from typing import Final

from cordboard.api.basix.fields import Parameters

_NAMED: Final = {
    "first.user.": "user_",
    "first.as_user.": "user_",
    "first.group.": "group_",
    "group.": "group_",
    "second.address": "destination",
}


def basix_name(parameter: str | None, method: str, parameters: Parameters) -> str | None:
    """The vendor's name of a parameter; limits and names of his own stay what they are."""
    if parameter is None:
        return None
    if parameter == "first.number":
        return "pstn_number" if method == "initiate_call" else "target"
    if parameter in ("first.caller_id", "second.caller_id"):
        return "calling_number" if parameters.get("ani") is None else "ani"
    for ours, theirs in _NAMED.items():
        if parameter.startswith(ours):
            return theirs + parameter.removeprefix(ours)
    return parameter
