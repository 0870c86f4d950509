"""When a tenant's readers are written to.

A write costs as much as what it tells, and more the more readers there are. So changes are gathered
for a moment, all readers who watch the same get the same octets, each gets them by one write, and
between some writes all else has its turn: calls never wait for more than a few of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from cordboard.api.basix.cti.readers import Audience, CtiReader

BETWEEN_ROUNDS: Final = 0.04
"""Seconds. At 50 calls a second something happens every 4 ms; what comes after a pause is told at
once."""

LARGEST_ROUND: Final = 100_000
"""Octets: what is more goes out before its time, so that no round alone is too much for a reader
who reads. At 100 calls a second it is some 40,000."""

WRITES_A_TURN: Final = 5
"""To so many readers in one turn of the loop: some 0.1 ms."""


class Rounds:
    """What was told to audiences and is not written yet."""

    def __init__(self) -> None:
        self._told: dict[Audience, None] = {}
        self._octets = 0
        self._writes: deque[tuple[CtiReader, bytes]] = deque()
        self._after = float("-inf")
        self._next: asyncio.Handle | None = None

    def tell(self, audience: Audience, frame: bytes) -> None:
        """Have a frame in what is written next."""
        audience.told.append(frame)
        self._told[audience] = None
        self._octets += len(frame)

    @property
    def full(self) -> bool:
        """Whether enough was told for a round."""
        return self._octets > LARGEST_ROUND

    def soon(self) -> None:
        """Write what was told, as soon as it is time."""
        if not self._told or self._writes:
            return
        loop = asyncio.get_running_loop()
        if self.full or self._after <= loop.time():
            self.stop()
            self._begin()
        elif self._next is None:
            self._next = loop.call_at(self._after, self._begin)

    def settle(self, audience: Audience) -> None:
        """Write all that an audience was told, for somebody joins it who knows that already."""
        late = [one for one in self._writes if one[0] in audience.readers]
        if late:
            self._writes = deque(one for one in self._writes if one[0] not in audience.readers)
        if audience in self._told:
            del self._told[audience]
            late += self._of(audience)
        for reader, octets in late:
            reader.write(octets)

    def stop(self) -> None:
        """Write no more."""
        if self._next is not None:
            self._next.cancel()

    def _begin(self) -> None:
        """A round: to all who were told something."""
        self._after = asyncio.get_running_loop().time() + BETWEEN_ROUNDS
        for audience in self._told:
            self._writes += self._of(audience)
        self._told.clear()
        self._octets = 0
        self._go_on()

    def _go_on(self) -> None:
        """Some of a round, and what is left in the next turn."""
        self._next = None
        for _ in range(min(WRITES_A_TURN, len(self._writes))):
            reader, octets = self._writes.popleft()
            reader.write(octets)
        if self._writes:
            self._next = asyncio.get_running_loop().call_soon(self._go_on)
        else:
            self.soon()

    @staticmethod
    def _of(audience: Audience) -> list[tuple[CtiReader, bytes]]:
        octets = b"".join(audience.told)
        audience.told.clear()
        return [(reader, octets) for reader in audience.readers]
