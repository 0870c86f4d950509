"""The kills of a soak: a server of its own, killed at random instants while phones ring."""

from __future__ import annotations

from pathlib import Path

from support.kill_house import kill_loop


def killed(folder: Path, kills: int, seed: int) -> tuple[str, list[str]]:
    """Kill a server so many times; what was done, and what there is to complain of."""
    loop = kill_loop(folder, seed)
    loop.run(kills)
    told = f"killed with seed {seed}: {loop}"
    return told, [f"after a kill: {complaint}" for complaint in loop.complaints]
