"""Which call a channel is of."""

from __future__ import annotations

from cordboard.calls.planning.plan import PlannedChannel
from cordboard.calls.request import Leg
from cordboard.exchange.channels import ChannelBook, KnownChannel


def planned(channel: str, label: str) -> tuple[Leg, PlannedChannel]:
    return Leg.FIRST, PlannedChannel(channel, (), None, label)


def test_a_channel_that_was_sent_elsewhere_is_the_same() -> None:
    book = ChannelBook()
    book.add("demo", "call-1", [planned("c1", "ann@demo")], 1)
    book.add("demo", "call-1", [planned("c1", "cid@demo"), planned("c2", "bob@demo")], 1)
    assert book.channels_of("demo", "call-1") == [
        KnownChannel("c1", Leg.FIRST, "ann@demo"),
        KnownChannel("c2", Leg.FIRST, "bob@demo"),
    ]
    assert book.calls["c1"] == "call-1"
