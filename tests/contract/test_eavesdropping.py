"""What every engine promises where two are overheard: who hears whom in each mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Bridge,
    Digit,
    Eavesdrop,
    EavesdropMode,
    HangUp,
    Hold,
    Play,
    Released,
    SendDigits,
    StopEavesdropping,
    StopPlay,
    Tone,
    ToneKind,
)
from support.engine_rigs import Far, Rig, embedded_rig, memory_rig, outside

pytestmark = pytest.mark.anyio

RIGS: dict[str, Callable[[], AbstractAsyncContextManager[Rig]]] = {
    "memory": memory_rig,
    "embedded": embedded_rig,
}
LISTEN, WHISPER, JOIN = EavesdropMode.LISTEN, EavesdropMode.WHISPER, EavesdropMode.JOIN
HELD = Tone(ToneKind.HOLD, "us")
RINGBACK = Tone(ToneKind.RINGBACK, "us")


@dataclass
class House:
    """Jessica talks with a customer, and the boss has been called."""

    rig: Rig
    jessica: str
    customer: str
    boss: str
    jessica_far: Far
    customer_far: Far
    boss_far: Far

    def eavesdrop(self, mode: EavesdropMode, *, on_customer: bool = False) -> None:
        """Let the boss overhear them."""
        pair = (self.jessica, self.customer)
        watched, other = reversed(pair) if on_customer else pair
        self.rig.execute(Eavesdrop(self.boss, watched, other, mode))

    async def hear(
        self, jessica: list[Far] | None, customer: list[Far] | None, boss: list[Far] | None
    ) -> None:
        """Wait until each of them hears just these; None: nobody."""
        for far, whom in (
            (self.jessica_far, jessica),
            (self.customer_far, customer),
            (self.boss_far, boss),
        ):
            await self._hears(far, whom)

    async def _hears(self, far: Far, whom: list[Far] | None) -> None:
        if whom is None:
            await self.rig.until(lambda: far.hears(None))
        elif len(whom) == 1:
            await self.rig.until(lambda: far.hears(whom[0]))
        else:
            await self.rig.until(lambda: far.hears_all(*whom))


@pytest.fixture(params=RIGS)
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    async with RIGS[request.param]() as rig:
        jessica, jessica_far = await rig.answered("desk")
        customer = rig.dial(outside(rig))
        customer_far = await rig.far(customer)
        await customer_far.answer()
        boss, boss_far = await rig.answered("boss")
        rig.execute(Bridge(jessica, customer))
        made = House(rig, jessica, customer, boss, jessica_far, customer_far, boss_far)
        await made.hear([customer_far], [jessica_far], None)
        yield made


async def test_who_listens_hears_both_and_is_heard_by_nobody(house: House) -> None:
    house.eavesdrop(LISTEN)
    both = [house.jessica_far, house.customer_far]
    await house.hear([house.customer_far], [house.jessica_far], both)


async def test_a_whisper_is_heard_by_one_alone(house: House) -> None:
    house.eavesdrop(WHISPER)
    both = [house.jessica_far, house.customer_far]
    await house.hear([house.customer_far, house.boss_far], [house.jessica_far], both)


async def test_it_is_the_watched_one_who_hears_it(house: House) -> None:
    house.eavesdrop(WHISPER, on_customer=True)
    both = [house.jessica_far, house.customer_far]
    await house.hear([house.customer_far], [house.jessica_far, house.boss_far], both)


async def test_who_joins_is_heard_by_both(house: House) -> None:
    house.eavesdrop(JOIN)
    jessica, customer, boss = house.jessica_far, house.customer_far, house.boss_far
    await house.hear([customer, boss], [jessica, boss], [jessica, customer])


async def test_the_mode_can_be_another_one_each_time(house: House) -> None:
    jessica, customer, boss = house.jessica_far, house.customer_far, house.boss_far
    house.eavesdrop(JOIN)
    await house.hear([customer, boss], [jessica, boss], [jessica, customer])
    house.eavesdrop(LISTEN)
    await house.hear([customer], [jessica], [jessica, customer])
    house.eavesdrop(WHISPER)
    await house.hear([customer, boss], [jessica], [jessica, customer])


async def test_who_stops_leaves_the_two_as_they_were(house: House) -> None:
    house.eavesdrop(JOIN)
    jessica, customer, boss = house.jessica_far, house.customer_far, house.boss_far
    await house.hear([customer, boss], [jessica, boss], [jessica, customer])
    house.rig.execute(StopEavesdropping(house.boss))
    await house.hear([customer], [jessica], None)
    house.rig.execute(Play(house.boss, HELD))
    await house.rig.until(lambda: boss.hears(HELD))


async def test_who_hangs_up_leaves_the_two_as_they_were(house: House) -> None:
    house.eavesdrop(JOIN)
    jessica, customer = house.jessica_far, house.customer_far
    await house.rig.until(lambda: jessica.hears_all(customer, house.boss_far))
    await house.boss_far.hang_up()
    await house.rig.event(Released, house.boss)
    await house.rig.until(lambda: jessica.hears(customer) and customer.hears(jessica))


async def test_when_one_of_the_two_goes_there_is_silence(house: House) -> None:
    house.eavesdrop(JOIN)
    jessica, customer, boss = house.jessica_far, house.customer_far, house.boss_far
    await house.hear([customer, boss], [jessica, boss], [jessica, customer])
    house.rig.execute(HangUp(house.customer, Cause.NORMAL))
    await house.rig.event(Released, house.customer)
    await house.rig.until(lambda: boss.hears(None))
    assert not house.rig.ends(house.boss)


async def test_who_goes_on_with_somebody_else_is_not_overheard_until_that_is_wanted(
    house: House,
) -> None:
    house.eavesdrop(JOIN)
    jessica, boss = house.jessica_far, house.boss_far
    await house.rig.until(lambda: boss.hears_all(jessica, house.customer_far))
    helen, helen_far = await house.rig.answered("soft")
    house.rig.execute(Bridge(house.jessica, helen))
    await house.rig.until(lambda: jessica.hears(helen_far) and helen_far.hears(jessica))
    await house.rig.until(lambda: boss.hears(None))
    house.rig.execute(Eavesdrop(house.boss, house.jessica, helen, WHISPER))
    await house.rig.until(lambda: jessica.hears_all(helen_far, boss))
    await house.rig.until(lambda: boss.hears_all(jessica, helen_far))
    assert helen_far.hears(jessica)


async def test_a_tone_goes_before_what_is_heard_and_after_it_that_goes_on(house: House) -> None:
    house.eavesdrop(WHISPER)
    jessica, customer, boss = house.jessica_far, house.customer_far, house.boss_far
    await house.rig.until(lambda: jessica.hears_all(customer, boss))
    house.rig.execute(Hold(house.jessica, True), Play(house.jessica, HELD))
    await house.rig.until(lambda: jessica.hears(HELD))
    house.rig.execute(StopPlay(house.jessica), Hold(house.jessica, False))
    await house.hear([customer, boss], [jessica], [jessica, customer])


async def test_whom_the_boss_heard_before_he_hears_no_longer(house: House) -> None:
    boss = house.boss_far
    house.rig.execute(Play(house.boss, RINGBACK))
    await house.rig.until(lambda: boss.hears(RINGBACK))
    house.eavesdrop(LISTEN)
    await house.rig.until(lambda: boss.hears_all(house.jessica_far, house.customer_far))


async def test_keys_reach_the_other_party_also_past_a_whisper(house: House) -> None:
    house.eavesdrop(WHISPER)
    jessica, customer, boss = house.jessica_far, house.customer_far, house.boss_far
    await house.rig.until(lambda: jessica.hears_all(customer, boss))
    house.rig.execute(SendDigits(house.jessica, "5"))
    await house.rig.until(lambda: jessica.keys == "5")
    await boss.press("7")
    assert (await house.rig.event(Digit, house.boss)).digit == "7"
    await house.rig.until(lambda: jessica.hears_all(customer, boss))
    assert (jessica.keys, customer.keys) == ("5", "")


@pytest.mark.parametrize("who", ["nobody's partner", "one of the two", "somebody who is gone"])
async def test_what_makes_no_sense_changes_nothing(house: House, who: str) -> None:
    rig, jessica, customer = house.rig, house.jessica, house.customer
    if who == "nobody's partner":
        helen, _ = await rig.answered("soft")
        rig.execute(Eavesdrop(house.boss, jessica, helen, JOIN))
    elif who == "one of the two":
        rig.execute(Eavesdrop(jessica, jessica, customer, JOIN))
    else:
        await house.boss_far.hang_up()
        await rig.event(Released, house.boss)
        rig.execute(Eavesdrop(house.boss, jessica, customer, JOIN))
    rig.execute(StopEavesdropping(jessica), StopEavesdropping(house.boss))
    await house.hear([house.customer_far], [house.jessica_far], None)
