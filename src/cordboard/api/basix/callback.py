"""What a Basix client is told when the hunt for the first leg ends (Basix call_user, Example 5)."""

from __future__ import annotations

from cordboard.api.answer import compact
from cordboard.api.basix.fields import DIALECT
from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.owing import Owed
from cordboard.feeds.callbacks import register_renderer

# The vendor prints only SOME_ERROR_ID; these six words are ours, every cause comes to one of them.
ERROR_IDS: dict[Cause, str] = {
    Cause.NORMAL: "cancelled",
    Cause.ANSWERED_ELSEWHERE: "cancelled",
    Cause.NO_ANSWER: "no_answer",
    Cause.BUSY: "busy",
    Cause.REJECTED: "rejected",
    Cause.UNREACHABLE: "unreachable",
    Cause.NOT_FOUND: "unreachable",
    Cause.CONGESTION: "unreachable",
    Cause.INCOMPATIBLE: "unreachable",
    Cause.CANCELLED: "cancelled",
    Cause.INTERRUPTED: "interrupted",
    Cause.MEDIA_TIMEOUT: "unreachable",
    Cause.DURATION_LIMIT: "cancelled",
    Cause.NO_CREDIT: "rejected",
    Cause.TRANSFERRED: "cancelled",
    Cause.FAILED: "unreachable",
}


def render(owed: Owed) -> bytes:
    """The callback's body: the UUID of the channel that answered, or why none did."""
    event = owed.event
    if event.kind is EventKind.LEG_ANSWERED:
        return compact({"result_code": 0, "uuid": event.channel})
    return compact({"result_code": 500, "error": {"id": ERROR_IDS[_cause(event)]}})


def register() -> None:
    """Make the renderer known to the callbacks."""
    register_renderer(DIALECT, render)


def _cause(event: CallEvent) -> Cause:
    try:
        return Cause(event.data.get("cause"))
    except ValueError:
        return Cause.FAILED
