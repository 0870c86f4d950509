"""Whatever happens to calls and to those who overhear them: at every moment each hears just whom he
is to hear, a CTI client agrees with v1, and in the end nobody and nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.calls.events import EventKind
from cordboard.calls.planning.talkers import Conversation
from cordboard.calls.ports import EavesdropMode, Tone, ToneKind
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Address, Leg, Overhear, RingUser, UserKeys
from cordboard.calls.ringing.legs import other
from cordboard.calls.running.wishes import Wishes, WrongState
from cordboard.directory.eavesdroppers import may_overhear
from cordboard.engines.far_end import RINGS, AnyEnd
from support.cti_watch import CtiWatch
from support.quick_house import AT_ONCE, PHONES, QuickHouse
from support.tenants import DOMAIN, tenant, user

OUTSIDE = "0312345678"
WAITING = Tone(ToneKind.HOLD, "jp")
MAY: dict[str, tuple[str, ...]] = {"helen": ("jessica",), "thomas": ("*",)}
USERS = ("jessica", "thomas", "helen")


@dataclass
class Eavesdropping:
    """What is wanted of a call that overhears: whose, whom, and how."""

    by: str
    watched: str | None
    leg: Leg
    mode: EavesdropMode
    plug: bool


@dataclass
class House:
    """Calls, those that overhear them, and what each of those was told to do."""

    house: QuickHouse
    watch: CtiWatch
    calls: list[str] = field(default_factory=list)
    eavesdroppers: dict[str, Eavesdropping] = field(default_factory=dict)

    def conversation(self, call: str) -> Conversation | None:
        return self.house.exchange.conversation(DOMAIN, call)

    def alive(self, call: str) -> bool:
        return self.house.exchange.wish(DOMAIN, call, lambda _wishes, _now: None)

    def may(self, by: str, whose: int | None) -> bool:
        here = self.house.directory.tenant(DOMAIN)
        assert here is not None
        helper = here.user_by_name(by)
        assert helper is not None
        return may_overhear(here, helper, whose)

    def own_id(self, by: str) -> int:
        return 1001 + USERS.index(by)

    async def channel(self, call: str) -> str | None:
        """Where an eavesdropper has answered."""
        told = await self.house.events(call, EventKind.LEG_ANSWERED)
        return told[0].event.channel if told else None


Act = tuple[str, int, int, Leg, EavesdropMode]
ACTS = st.tuples(
    st.sampled_from(
        [
            *("place", "outside", "overhear", "overhear", "overhear", "plug", "turn", "turn"),
            *("mode", "transfer", "join", "hold", "resume", "hang up", "leave", "answer", "slow"),
        ]
    ),
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from(Leg),
    st.sampled_from(EavesdropMode),
)


async def act(house: House, what: Act) -> None:
    verb, one, another, leg, mode = what
    quick = house.house
    call = house.calls[one % len(house.calls)]
    target = house.calls[another % len(house.calls)]
    if verb == "place":
        house.calls.append(await quick.place())
    elif verb == "outside":
        first = RingUser(UserKeys(name=USERS[one % 3]))
        house.calls.append(await quick.place(first=first, second=Address(OUTSIDE)))
    elif verb in ("overhear", "plug"):
        by = ("helen", "thomas")[another % 2]
        asked = Overhear(None if verb == "plug" else call, leg, mode)
        placed = await quick.place(first=RingUser(UserKeys(name=by)), second=asked)
        house.eavesdroppers[placed] = Eavesdropping(by, asked.watched, leg, mode, verb == "plug")
    elif verb in ("turn", "mode", "leave"):
        if house.eavesdroppers:
            which = [*house.eavesdroppers][one % len(house.eavesdroppers)]
            await turn_or_leave(house, which, verb, target, leg, mode)
    elif verb == "hang up":
        quick.exchange.hang_up(DOMAIN, call)
    elif verb in ("slow", "answer"):
        for phone in ("helen", "thomas"):
            quick.when(phone, RINGS if verb == "slow" else AT_ONCE)
    else:
        quick.exchange.wish(DOMAIN, call, wish_of(verb, leg, target))


async def turn_or_leave(
    house: House, which: str, verb: str, target: str, leg: Leg, mode: EavesdropMode
) -> None:
    """An eavesdropper does something else, or hangs up."""
    if verb == "leave":
        channel = await house.channel(which)
        if channel is not None:
            house.house.engine.far(channel).hang_up()
        return
    known, to = house.eavesdroppers[which], target if verb == "turn" else None

    def turn(wishes: Wishes, _now: float) -> None:
        wishes.eavesdrop(to, leg if to else None, mode)

    if house.house.exchange.wish(DOMAIN, which, turn):
        known.mode = mode
        if to is not None:
            known.watched, known.leg = to, leg


def wish_of(verb: str, leg: Leg, target: str) -> Callable[[Wishes, float], None]:
    def wish(wishes: Wishes, now: float) -> None:
        if verb == "transfer":
            wishes.transfer(leg, OUTSIDE, now)
        elif verb == "join":
            wishes.join(leg, target, None, now)
        else:
            wishes.hold(leg, verb == "hold")

    return wish


async def look(house: House) -> None:
    """Everybody hears whom he is to hear."""
    speaks: dict[str, set[str]] = {}
    hears: dict[str, str] = {}
    for name, known in house.eavesdroppers.items():
        channel = await house.channel(name)
        if known.watched is not None and not house.alive(known.watched):
            assert known.plug or not house.alive(name), "it ends with the call that is overheard"
            known.watched = None
        if channel is None or not house.alive(name):
            continue
        heard = house.house.engine.far(channel).hears
        watched = heard_by(house, known)
        if watched is None:
            assert heard == WAITING, (name, known)
            continue
        assert isinstance(heard, frozenset), (name, known)
        talkers, leg = watched
        pair = {talkers.first.channel, talkers.second.channel}
        assert pair <= heard
        hears[channel] = known.watched or ""
        if known.mode is not EavesdropMode.LISTEN:
            speaks.setdefault(talkers.of(leg).channel, set()).add(channel)
        if known.mode is EavesdropMode.JOIN:
            speaks.setdefault(talkers.of(other(leg)).channel, set()).add(channel)
    for call in house.calls:
        talkers_or_none = house.conversation(call)
        if talkers_or_none is not None:
            for leg in Leg:
                party = talkers_or_none.of(leg).channel
                partner = talkers_or_none.of(other(leg)).channel
                said_to = speaks.get(party, set())
                expected = frozenset({partner, *said_to}) if said_to else partner
                heard = far_of(house, party).hears
                assert heard in (expected, WAITING), (call, leg)


def heard_by(house: House, known: Eavesdropping) -> tuple[Conversation, Leg] | None:
    """Whom an eavesdropper is to hear, and who is watched; a party that has gone may have left its
    place to one whom he may not overhear."""
    talkers = None if known.watched is None else house.conversation(known.watched)
    if talkers is None or house.own_id(known.by) in (talkers.first.user, talkers.second.user):
        return None
    for leg in (known.leg, other(known.leg)):
        if house.may(known.by, talkers.of(leg).user):
            known.leg = leg
            return talkers, leg
    return None


def far_of(house: House, channel: str) -> AnyEnd:
    return house.house.engine.far(channel)


async def run(acts: Sequence[Act]) -> None:
    users = (
        user(1, "jessica", ("jessica-desk", "jessica-soft")),
        user(2, "thomas", ("thomas",), eavesdrops=MAY["thomas"]),
        user(3, "helen", ("helen",), eavesdrops=MAY["helen"]),
    )
    quick = QuickHouse(where=tenant(users=users))
    for phone in (*PHONES, OUTSIDE):
        quick.engine.when_dialled(phone if phone == OUTSIDE else f"{phone}@{DOMAIN}", AT_ONCE)
    house = House(quick, CtiWatch(quick))
    house.calls.append(await quick.place(second=Address(OUTSIDE)))
    for one in acts:
        with suppress(Refused, WrongState):
            await act(house, one)
        await house.watch.catch_up()
        await look(house)
    for call in (*house.calls, *house.eavesdroppers):
        quick.exchange.hang_up(DOMAIN, call)
    await house.watch.catch_up()
    assert house.watch.store.channels == {}
    assert quick.exchange.live_calls() == 0
    assert quick.exchange.usage() == {}
    assert not quick.exchange._switchboard.eavesdroppers.watched
    for call in (*house.calls, *house.eavesdroppers):
        kinds = [told.event.kind for told in await quick.events(call)]
        assert kinds.count(EventKind.CALL_ENDED) == 1
        assert kinds[-1] is EventKind.CALL_ENDED, "nothing is said of a call that is over"


@settings(deadline=None, max_examples=50)
@given(st.lists(ACTS, min_size=1, max_size=16))
def test_each_hears_just_whom_he_is_to_hear(acts: list[Act]) -> None:
    asyncio.run(run(acts))
