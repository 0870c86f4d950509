"""Whatever happens in a house, a CTI client that follows it agrees with v1 after every event, and
with who comes later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.api.basix.cti.elements import COLUMNS, Element
from cordboard.api.basix.cti.reading import read_frame
from cordboard.api.basix.cti.terms import Encoded, frame
from cordboard.calls.events import EventKind
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Address, GroupKeys, Leg, RingGroup, RingNumber, RunContext
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.engines.far_end import Behaviour, FarEnd
from support.cti_watch import CtiWatch
from support.quick_house import AT_ONCE, PHONES, QuickHouse
from support.tenants import DOMAIN

OUTSIDE = "0312345678"

BEHAVIOURS: tuple[Behaviour, ...] = (
    AT_ONCE,
    ((0.0, FarEnd.ring),),
    ((0.0, lambda far: far.reject(486)),),
    ((0.0, lambda far: far.reject(603)),),
    ((0.0, FarEnd.ring), (0.0, lambda far: far.reject(480))),
)

FIRSTS = (RingGroup(GroupKeys(name="sales")), RingNumber(Address(OUTSIDE)))
SECONDS = (
    Address("helen"),
    Address(OUTSIDE),
    RingGroup(GroupKeys(name="sales")),
    RunContext("welcome"),
)


@dataclass(frozen=True)
class Place:
    """A call is placed."""

    parties: dict[str, Any]


@dataclass(frozen=True)
class When:
    """A phone does something else when it rings."""

    phone: str
    does: Behaviour


@dataclass(frozen=True)
class Ask:
    """Something is wanted of one of the calls, perhaps with another one."""

    verb: str
    call: int
    leg: Leg
    to: str
    other: int


ACTS = st.one_of(
    st.builds(
        Place,
        st.fixed_dictionaries(
            {}, optional={"first": st.sampled_from(FIRSTS), "second": st.sampled_from(SECONDS)}
        ),
    ),
    st.builds(When, st.sampled_from(PHONES), st.sampled_from(BEHAVIOURS)),
    st.builds(
        Ask,
        st.sampled_from(["hang up", "far", "hold", "resume", "transfer", "join"]),
        st.integers(0, 9),
        st.sampled_from(Leg),
        st.sampled_from(["helen", "thomas", "sales", OUTSIDE]),
        st.integers(0, 9),
    ),
)


async def act(house: QuickHouse, live: list[str], what: Place | When | Ask) -> None:
    if isinstance(what, Place):
        live.append(await house.place(**what.parties))
    elif isinstance(what, When):
        house.when(what.phone, what.does)
    elif live and what.verb == "far":
        for event in await house.events(live[what.call % len(live)], EventKind.CALL_BRIDGED):
            house.engine.far(str(event.event.data["second"])).hang_up()
    elif live and what.verb == "hang up":
        house.exchange.hang_up(DOMAIN, live[what.call % len(live)])
    elif live:

        def wish(wishes: Wishes, now: float) -> None:
            if what.verb == "transfer":
                wishes.transfer(what.leg, what.to, now)
            elif what.verb == "join":
                wishes.join(what.leg, live[what.other % len(live)], None, now)
            else:
                wishes.hold(what.leg, what.verb == "hold")

        house.exchange.wish(DOMAIN, live[what.call % len(live)], wish)


def shown(element: Element, written: Iterable[bytes], watch: CtiWatch) -> list[str]:
    """Rows to compare. Of a party that came from another call, which is over, who comes later knows
    no more than who it is, what it does, and with whom."""
    if element not in (Element.CHANNEL, Element.CHANNEL_WAITING) or not watch.merged:
        return sorted(map(repr, written))
    rows = [read_frame(frame(Encoded(row))) for row in written]
    known = ("uuid", "user_id", "other_uuid", "peer_location", "called_number")
    columns = COLUMNS[element]
    places = [columns.index(name) for name in known if name in columns]
    return sorted(repr([row[place] for place in places]) for row in rows if isinstance(row, tuple))


async def run(acts: Sequence[Place | When | Ask]) -> None:
    house = QuickHouse()
    house.engine.when_dialled(OUTSIDE, AT_ONCE)
    watch = CtiWatch(house)
    house.when("helen", AT_ONCE)
    live = [await house.place(), await house.place(second=Address("helen"))]
    for one in acts:
        with suppress(Refused, WrongState):
            await act(house, live, one)
        await watch.catch_up()
        fresh = watch.anew()
        for element in Element:
            rows, later = watch.projection.rows(element), fresh.rows(element)
            assert shown(element, rows, watch) == shown(element, later, watch)
    for call in live:
        house.exchange.hang_up(DOMAIN, call)
    await watch.catch_up()
    assert watch.store.channels == {}
    assert watch.store.elements["channel_waiting"] == {}


@settings(deadline=None, max_examples=150)
@given(st.lists(ACTS, min_size=1, max_size=14))
def test_a_client_of_the_stream_agrees_with_v1_after_every_event(
    acts: list[Place | When | Ask],
) -> None:
    asyncio.run(run(acts))
