"""How late the event loop is: whatever stands in its way makes every call wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from cordboard.histogram import Histogram
from cordboard.tasks import cancelled

LOOK_SECONDS: Final = 0.1
LOOKS_A_ROUND: Final = 10
LAGS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class LoopLag:
    """Looks ten times a second; ``round_over`` is called once a second beside that."""

    def __init__(self, round_over: Callable[[], Awaitable[None]]) -> None:
        self.lags = Histogram(LAGS)
        self._round_over = round_over
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def stop(self) -> None:
        """Look no more."""
        await cancelled(self._looking)

    async def _look(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            for _ in range(LOOKS_A_ROUND):
                due = clock() + LOOK_SECONDS
                await asyncio.sleep(LOOK_SECONDS)
                self.lags.add(max(0.0, clock() - due))
            await self._round_over()
