"""A server killed at random instants under load keeps every promise (15 times; ``make soak``: 200).

A seed that found something is run again with ``KILL_SEED=12 make test ARGS="-k kill_loop"``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.kill_house import kill_loop

KILLS = 15


@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.interop("baresip")
def test_a_server_that_is_killed_again_and_again_keeps_its_promises(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("KILL_SEED") or time.time())
    loop = kill_loop(tmp_path, seed)
    loop.run(KILLS)
    record_property(f"seed {seed}", str(loop))
    assert loop.outcomes["interrupted"] >= KILLS
    assert loop.outcomes["completed"]
    assert not loop.complaints, "\n".join([f"seed {seed}", *loop.complaints])
