"""What a client of v1 is told: how its call ended."""

from __future__ import annotations

from cordboard.api.answer import compact
from cordboard.api.v1.translation import DIALECT
from cordboard.calls.owing import Owed
from cordboard.feeds.callbacks import register_renderer


def render(owed: Owed) -> bytes:
    """The callback's body: which call, by the client's own id too, and its result."""
    told = {
        "type": owed.event.kind.value,
        "call": owed.call,
        "external_id": owed.external_id,
        **owed.event.data,
    }
    return compact(told)


def register() -> None:
    """Make the renderer known to the callbacks."""
    register_renderer(DIALECT, render)
