"""Which channels the latest calls had, for their ladders: kept a while after a call's end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

import msgspec

from cordboard.calls.events import Json
from cordboard.calls.planning.plan import PlannedChannel
from cordboard.calls.ports import TraceLine
from cordboard.calls.request import Leg

KEPT_CALLS = 1_500
"""Calls whose channels are remembered, live ones apart; the engine keeps as many traces."""


class KnownChannel(msgspec.Struct, frozen=True, gc=False):
    """A channel, the leg it is of, and the terminal or number it rings."""

    id: str
    leg: Leg
    label: str


class ChannelBook:
    """The channels of calls by call, and the calls by channel; ``kept`` ended calls stay."""

    def __init__(self, kept: int = KEPT_CALLS) -> None:
        self._kept = kept
        self._calls: OrderedDict[str, tuple[str, list[KnownChannel]]] = OrderedDict()
        self.calls: dict[str, str] = {}
        """The call that each channel belongs, or belonged, to."""

    def add(
        self, tenant: str, call: str, channels: Iterable[tuple[Leg, PlannedChannel]], live: int
    ) -> None:
        """Take note of a call's new channels; ``live`` calls are kept beyond the bound. A caller
        may use the id of a call that is over once more, which then is the new call's."""
        known = self._calls.setdefault(call, (tenant, []))[1]
        for leg, planned in channels:
            if self.calls.get(planned.id) != call:
                self.calls[planned.id] = call
                known.append(KnownChannel(planned.id, leg, planned.label))
        while len(self._calls) > self._kept + live:
            call, (_, forgotten) = self._calls.popitem(last=False)
            for channel in forgotten:
                if self.calls.get(channel.id) == call:
                    del self.calls[channel.id]

    def channels_of(self, tenant: str, call: str) -> list[KnownChannel] | None:
        """A call's channels in the order they were dialled; None where the tenant has no such."""
        kept = self._calls.get(call)
        return kept[1] if kept is not None and kept[0] == tenant else None


def ladder_of(
    book: ChannelBook, tenant: str, call: str, trace: Callable[[str], tuple[TraceLine, ...]]
) -> dict[str, Json] | None:
    """The signalling of a tenant's call, channel by channel; None where there is none."""
    known = book.channels_of(tenant, call)
    if known is None:
        return None
    channels: list[Json] = [
        {
            "channel": channel.id,
            "leg": channel.leg.value,
            "party": channel.label,
            "lines": [_shown(line) for line in trace(channel.id)],
        }
        for channel in known
    ]
    return {"call": call, "channels": channels}


def _shown(line: TraceLine) -> Json:
    """A message of a channel as a ladder has it."""
    return {
        "at": line.at,
        "sent": line.sent,
        "peer": line.peer,
        "summary": line.summary,
        "text": line.text,
        "retransmission": line.retransmission,
    }
