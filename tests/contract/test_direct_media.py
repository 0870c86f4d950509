"""What every engine promises of audio that goes from one far end to the other, past the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Bridge,
    Eavesdrop,
    EavesdropMode,
    EngineCommand,
    HangUp,
    Hold,
    HoldChanged,
    MediaRouted,
    Play,
    Record,
    SendDigits,
    TerminalEndpoint,
    Tone,
    ToneKind,
)
from support.engine_rigs import Far, Rig, SipFar, embedded_rig, memory_rig

pytestmark = pytest.mark.anyio

RIGS: dict[str, Callable[..., AbstractAsyncContextManager[Rig]]] = {
    "memory": memory_rig,
    "embedded": embedded_rig,
}
BUSY = Tone(ToneKind.BUSY, "jp")


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    async with RIGS[request.param]() as made:
        yield made


async def answered(rig: Rig, name: str, *, direct: bool = True) -> tuple[str, Far]:
    """A phone whose audio may go past us, or may not, in a call."""
    contact = await rig.register(name)
    channel = rig.dial(TerminalEndpoint(contact, direct_media=direct))
    far = await rig.far(channel)
    await far.answer()
    await rig.event(Answered, channel)
    return channel, far


def routes(rig: Rig) -> list[bool]:
    """Whether audio went past us, each time that changed."""
    return [event.direct for event in rig.events if isinstance(event, MediaRouted)]


class Pair:
    """Two whose audio goes past us."""

    def __init__(self, rig: Rig, first: tuple[str, Far], second: tuple[str, Far]) -> None:
        self.rig = rig
        self.first, self.jessica = first
        self.second, self.thomas = second

    async def until_they_hear_each_other(self) -> None:
        await self.rig.until(lambda: self.jessica.hears(self.thomas))
        await self.rig.until(lambda: self.thomas.hears(self.jessica))


async def until_settled(rig: Rig, far: Far) -> None:
    """Let a phone learn where its audio comes from now: it sends to where five packets came from,
    and would else be led astray by what is still under way when that changes again."""
    if isinstance(far, SipFar):
        heard, call = far.call.packets, far.call
        await rig.until(lambda: call.packets >= heard + 15)


async def pair(rig: Rig) -> Pair:
    made = Pair(rig, await answered(rig, "desk"), await answered(rig, "soft"))
    rig.execute(Bridge(made.first, made.second))
    assert (await rig.event(MediaRouted, made.first)).direct is True
    for far in (made.jessica, made.thomas):
        await until_settled(rig, far)
    await made.until_they_hear_each_other()
    return made


async def test_two_who_may_send_to_each_other(rig: Rig) -> None:
    two = await pair(rig)
    assert routes(rig) == [True]
    await two.jessica.hang_up()
    await rig.until(lambda: rig.ends(two.first))
    rig.execute(HangUp(two.second, Cause.NORMAL))
    await rig.until(lambda: rig.ends(two.second))
    assert routes(rig) == [True]


@pytest.mark.parametrize("who", ["first", "second"])
async def test_where_one_may_not_it_is_relayed(rig: Rig, who: str) -> None:
    first, jessica = await answered(rig, "desk", direct=who != "first")
    second, thomas = await answered(rig, "soft", direct=who != "second")
    rig.execute(Bridge(first, second))
    await rig.until(lambda: jessica.hears(thomas))
    assert routes(rig) == []


async def test_where_the_audio_is_needed_it_is_relayed(rig: Rig) -> None:
    first, jessica = await answered(rig, "desk")
    second, thomas = await answered(rig, "soft")
    rig.execute(Bridge(first, second, needs_audio=True))
    await rig.until(lambda: jessica.hears(thomas))
    assert routes(rig) == []


NEEDS: dict[str, Callable[[Pair], EngineCommand]] = {
    "record": lambda two: Record(two.first, two.second, "demo/one.wav"),
    "play": lambda two: Play(two.second, BUSY),
    "hold": lambda two: Hold(two.first, True),
    "keys": lambda two: SendDigits(two.second, "12", 80, 60),
}


@pytest.mark.parametrize("need", NEEDS)
async def test_it_comes_back_when_it_is_needed(rig: Rig, need: str) -> None:
    two = await pair(rig)
    rig.execute(NEEDS[need](two))
    await rig.until(lambda: routes(rig) == [True, False])
    if need == "keys":
        await rig.until(lambda: two.thomas.keys == "12")
    elif need == "play":
        await rig.until(lambda: two.thomas.hears(BUSY))
    elif need == "hold":
        await rig.until(lambda: two.jessica.on_hold)
    else:
        await two.until_they_hear_each_other()


async def test_it_comes_back_when_somebody_overhears(rig: Rig) -> None:
    two = await pair(rig)
    boss, listens = await answered(rig, "boss")
    rig.execute(Eavesdrop(boss, two.first, two.second, EavesdropMode.LISTEN))
    await rig.until(lambda: routes(rig) == [True, False])
    await rig.until(lambda: listens.hears_all(two.jessica, two.thomas))


async def test_it_comes_back_when_a_phone_holds_and_stays(rig: Rig) -> None:
    two = await pair(rig)
    await two.thomas.hold(True)
    assert (await rig.event(HoldChanged, two.second)).held is True
    await rig.until(lambda: routes(rig) == [True, False])
    await two.thomas.hold(False)
    await rig.event(HoldChanged, two.second, 2)
    await two.until_they_hear_each_other()
    assert routes(rig) == [True, False]


async def test_who_is_bridged_anew_may_again(rig: Rig) -> None:
    two = await pair(rig)
    helen, other = await answered(rig, "boss")
    rig.execute(Bridge(two.first, helen))
    await rig.until(lambda: routes(rig).count(True) == 2)
    await rig.until(lambda: other.hears(two.jessica))
    await rig.until(lambda: two.jessica.hears(other))
