"""How late the event loop is: whatever stands in its way makes every call wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from cordboard.calls.overload import LOOK_SECONDS
from cordboard.histogram import Histogram
from cordboard.tasks import cancelled

LOOKS_A_ROUND: Final = 50
LAGS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class LoopLag:
    """Looks fifty times a second and says to ``looked`` how many seconds it was late;
    ``round_over`` is called once a second beside that."""

    def __init__(
        self, looked: Callable[[float], None], round_over: Callable[[], Awaitable[None]]
    ) -> None:
        self.lags = Histogram(LAGS)
        self._looked = looked
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
                lag = max(0.0, clock() - due)
                self.lags.add(lag)
                self._looked(lag)
            await self._round_over()
