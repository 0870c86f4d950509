"""Nothing secret is written, also when something breaks."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import structlog
from cordboard.logs import configure_logs

configure_logs()
log = structlog.get_logger("test")


def fail(token):
    raise RuntimeError("it broke")


try:
    fail("TOP" + "SECRET")
except RuntimeError:
    log.exception("broke", call="call-1")
"""


def test_a_traceback_shows_no_variables_and_standard_output_stays_free() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert ran.stdout == ""
    assert "RuntimeError: it broke" in ran.stderr
    assert "call-1" in ran.stderr
    assert "TOPSECRET" not in ran.stderr
