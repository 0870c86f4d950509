"""A server of ours with its phones, ready for load."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.contenders.cordboard import Cordboard, cordboard
from bench.figures import Figures, figures_of, line
from bench.harness.load import TALK_SECONDS, Load
from bench.harness.loop import Loop
from bench.harness.phones import OURS, phones
from bench.quiet import HARNESS_CORE, SERVER_CORE

WARM_UP_SECONDS = 5.0
"""Then the media ports of the first calls have rested, and are used again."""


class Failed(Exception):
    """A suite could not be measured."""


@dataclass(frozen=True, slots=True)
class Rig:
    """What is measured, and what measures."""

    loop: Loop
    server: Cordboard
    load: Load

    def figures(self, rate: float, seconds: float, name: str = "") -> Figures:
        """One load, told on the way."""
        figures = figures_of(self.load.run(rate, seconds))
        print(f"  {name}{line(figures)}", flush=True)
        return figures


@contextlib.contextmanager
def rig(
    *,
    readers: int = 1,
    store: str | None = None,
    more: str = "",
    terminals: Iterable[str] = (),
    talk: float = TALK_SECONDS,
    warm_up: float = 0.0,
) -> Iterator[Rig]:
    """A server that runs, warmed up at a rate where one is given."""
    loop = Loop()
    with (
        tempfile.TemporaryDirectory() as folder,
        cordboard(loop, Path(folder), SERVER_CORE, readers, store, more, terminals) as server,
        phones(OURS, HARNESS_CORE, talk) as legs,
    ):
        load = Load(loop, server, legs, talk)
        if warm_up:
            load.run(warm_up, WARM_UP_SECONDS)
        yield Rig(loop, server, load)
