"""Which call a channel is of."""

from __future__ import annotations

from cordboard.calls.request import Leg
from cordboard.exchange.channels import ChannelBook, KnownChannel


def test_a_channel_that_was_sent_elsewhere_is_the_same() -> None:
    book = ChannelBook()
    first = KnownChannel("c1", Leg.FIRST, "ann@demo")
    book.add("demo", "call-1", [first], 1)
    also = KnownChannel("c2", Leg.FIRST, "bob@demo")
    book.add("demo", "call-1", [KnownChannel("c1", Leg.FIRST, "cid@demo"), also], 1)
    assert book.channels_of("demo", "call-1") == [first, also]
    assert book.call_of("c1") == "call-1"
