"""A reader of the feed that is cut at random points misses nothing and sees nothing twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.request import Leg
from cordboard.feeds.following import Feed
from cordboard.journal.at_hand import Bounds
from cordboard.journal.memory import MemoryJournal
from support.follower import Client
from support.quick_house import QuickHouse
from support.tenants import DOMAIN


@dataclass(frozen=True)
class Happens:
    """So many events, or a call that begins, or the oldest live one that ends."""

    what: str
    count: int = 1


@dataclass(frozen=True)
class Reads:
    """The reader connects and is cut after so many messages, or when it has everything."""

    messages: int | None


STEPS = st.lists(
    st.one_of(
        st.builds(Happens, st.sampled_from(["digits", "begins", "ends"]), st.integers(1, 90)),
        st.builds(Reads, st.one_of(st.none(), st.integers(0, 40))),
    ),
    min_size=1,
    max_size=25,
)


async def happen(house: QuickHouse, live: list[str], step: Happens) -> None:
    if step.what == "begins":
        live.append(await house.place())
    elif step.what == "ends" and live:
        await house.hang_up_second(live.pop(0))
    elif step.what == "digits":
        digit = CallEvent(EventKind.DIGIT, "x", Leg.FIRST, "c", {"digit": "1"})
        house.journal.append(DOMAIN, [digit] * step.count)


async def run(steps: list[Happens | Reads], *, commit: bool, history: int) -> None:
    house = QuickHouse(MemoryJournal(bounds=Bounds(history=history)))
    client = Client(Feed(house.journal))
    live: list[str] = []
    for step in steps:
        if isinstance(step, Happens):
            await happen(house, live, step)
            if commit:
                await house.journal.flush()
        else:
            # Where nothing is committed yet, it comes while the reader reads.
            await client.follow(house.journal.last_seq(DOMAIN), cut_after=step.messages)
    await house.journal.flush()
    await client.follow(house.journal.last_seq(DOMAIN))
    last = house.journal.last_seq(DOMAIN)
    assert client.cursor == f"{house.journal.epoch}:{last}"
    assert client.living == set(live)
    if not client.resyncs:
        first = int(client.snapshots[0]["cursor"].rpartition(":")[2]) + 1
        assert client.numbers == list(range(first, last + 1))
    assert client.numbers == sorted(set(client.numbers))


@settings(deadline=None, max_examples=150)
@given(STEPS, st.booleans())
def test_a_reader_that_is_cut_anywhere_misses_nothing_and_sees_nothing_twice(
    steps: list[Happens | Reads], commit: bool
) -> None:
    asyncio.run(run(steps, commit=commit, history=20_000))


@settings(deadline=None, max_examples=100)
@given(STEPS, st.booleans())
def test_a_reader_that_was_away_too_long_knows_what_lives_all_the_same(
    steps: list[Happens | Reads], commit: bool
) -> None:
    asyncio.run(run(steps, commit=commit, history=30))
