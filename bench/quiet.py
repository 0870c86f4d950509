"""Whether nobody else uses the machine, and which cores are whose."""

from __future__ import annotations

import os
import sys
import time

from bench.machine import busy_seconds

SERVER_CORE, HARNESS_CORE = 0, 1
LOOK_SECONDS = 2.0
QUIET_SHARE = 0.10
"""Of one core, which others may use before figures are called disturbed."""


def pin() -> None:
    """Put this process, and what it starts unpinned, on the harness's core."""
    os.sched_setaffinity(0, {HARNESS_CORE % (os.cpu_count() or 1)})


def others() -> float:
    """How many cores others use now."""
    before, began = busy_seconds(), time.monotonic()
    time.sleep(LOOK_SECONDS)
    return (busy_seconds() - before) / (time.monotonic() - began)


def is_quiet(insist: bool) -> bool:
    """Look before anything is measured; with ``insist``, end where it is not quiet."""
    share = others()
    if share <= QUIET_SHARE:
        return True
    print(f"others use {share:.2f} cores: read the least figures, not the median", flush=True)
    if insist:
        sys.exit("the machine is not quiet")
    return False
