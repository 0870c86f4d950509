"""A server killed at random instants under load keeps every promise (15 times; ``make soak``: 200).

A seed that found something is run again with ``KILL_SEED=12 make test ARGS="-k kill_loop"``.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from support.kill_house import kill_loop

KILLS = 15


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.interop("baresip")
def test_a_server_that_is_killed_again_and_again_keeps_its_promises(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("KILL_SEED") or time.time())
    loop = kill_loop(tmp_path, seed)
    loop.run(KILLS)
    with capsys.disabled():
        sys.stdout.write(f"\n    seed {seed}: {loop}\n")
    assert loop.outcomes["interrupted"] >= KILLS
    assert loop.outcomes["completed"]
    assert not loop.complaints, "\n".join([f"seed {seed}", *loop.complaints])
