"""When readers are written to: all at once for each, and few in one turn of the loop."""

from __future__ import annotations

import asyncio

import pytest

from cordboard.api.basix.cti.readers import MAX_BEHIND, Audience, CtiReader, Parting
from cordboard.api.basix.cti.rounds import WRITES_A_TURN, Rounds
from support.waiting import eventually

pytestmark = pytest.mark.anyio


class Connection:
    """An outlet that keeps what is written."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.unread = 0

    def write(self, framed: bytes) -> None:
        self.writes.append(framed)

    def waiting(self) -> int:
        return self.unread


def readers_in(audience: Audience, count: int) -> list[Connection]:
    """Connections that are open, and belong to it."""
    connections = []
    for _ in range(count):
        reader, connection = CtiReader("a", None), Connection()
        reader.greet([b"hello"])
        reader.open(connection)
        audience.readers[reader] = None
        connections.append(connection)
    return connections


async def test_the_first_is_told_at_once_and_what_follows_together() -> None:
    rounds, audience = Rounds(), Audience()
    (connection,) = readers_in(audience, 1)
    for word in (b"a", b"b", b"c"):
        rounds.tell(audience, word)
        rounds.soon()
    assert connection.writes == [b"hello", b"a"]
    await eventually(lambda: len(connection.writes) == 3)
    assert connection.writes[2] == b"bc"


async def test_a_round_leaves_turns_to_others() -> None:
    rounds, audience = Rounds(), Audience()
    connections = readers_in(audience, 3 * WRITES_A_TURN + 1)

    def told() -> int:
        return sum(one.writes == [b"hello", b"news"] for one in connections)

    rounds.tell(audience, b"news")
    rounds.soon()
    seen = [told()]
    while told() < len(connections):
        await asyncio.sleep(0)
        seen.append(told())
    steps = [after - before for before, after in zip([0, *seen], seen, strict=False)]
    assert max(steps) == WRITES_A_TURN
    assert len(steps) >= 4


async def test_who_joins_is_not_told_what_it_knows_already() -> None:
    rounds, audience = Rounds(), Audience()
    connections = readers_in(audience, WRITES_A_TURN + 2)
    rounds.tell(audience, b"a")
    rounds.soon()
    rounds.tell(audience, b"b")
    rounds.settle(audience)
    assert all(b"".join(one.writes) == b"helloab" for one in connections)
    (late,) = readers_in(audience, 1)
    rounds.tell(audience, b"c")
    rounds.soon()
    await eventually(lambda: late.writes == [b"hello", b"c"])
    assert all(b"".join(one.writes) == b"helloabc" for one in connections)


async def test_who_does_not_read_is_cut_off_alone() -> None:
    rounds, audience = Rounds(), Audience()
    slow, quick = readers_in(audience, 2)
    slow.unread = MAX_BEHIND + len(b"hello")
    rounds.tell(audience, b"news")
    rounds.soon()
    assert (slow.writes, quick.writes) == ([b"hello", b""], [b"hello", b"news"])
    assert [one.parting for one in audience.readers] == [Parting.TOO_SLOW, None]


async def test_what_a_client_is_told_before_its_handshake_is_bounded_too() -> None:
    reader = CtiReader("a", None)
    reader.greet([b"hello"])
    partings = []
    for _ in range(MAX_BEHIND // 1000 + 1):
        reader.write(bytes(1000))
        partings.append(reader.parting)
    assert partings == [None] * (MAX_BEHIND // 1000) + [Parting.TOO_SLOW]
    connection = Connection()
    reader.open(connection)
    assert b"".join(connection.writes) == b""


async def test_a_last_word_waits_for_the_handshake() -> None:
    reader, connection = CtiReader("a", None), Connection()
    reader.part(Parting.LIMIT_REACHED, b"too many")
    reader.open(connection)
    await reader.parted()
    assert connection.writes == [b"too many"]
