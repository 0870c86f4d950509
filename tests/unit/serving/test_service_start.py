"""A server that can't start says why in one line, and ends."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from support.ports import free_ports, free_range

SECONDS = 30.0

CONFIG = """\
[http]
listen = "127.0.0.1:{http}"

[sip]
listen = ["udp:127.0.0.1:{sip}"]

[media]
ports = "{media}"

[store]
url = "{url}"

[tenant.demo.account.main]
token = "demo-token"
"""


def output_of_serve(folder: Path, url: str) -> str:
    """What ``cordboard serve`` prints, which has to fail."""
    config = folder / "office.toml"
    first, last = free_range(4)
    ports = {"http": free_ports(), "sip": free_ports(), "media": f"{first}-{last}"}
    config.write_text(CONFIG.format(**ports, url=url))
    words = [sys.executable, "-m", "cordboard", "serve", "--config", str(config)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite:///{folder}/nowhere/my.db", "nowhere"),
        ("postgresql://nobody@127.0.0.1:1/none", "connection"),
    ],
)
def test_a_database_that_is_not_there(url: str, why: str, tmp_path: Path) -> None:
    *_, last = output_of_serve(tmp_path, url.format(folder=tmp_path)).splitlines()
    assert last.startswith("cordboard: ")
    assert why in last


def test_a_database_that_another_server_uses(tmp_path: Path) -> None:
    lock = tmp_path / "my.db.lock"
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        *_, last = output_of_serve(tmp_path, f"sqlite:///{tmp_path}/my.db").splitlines()
    assert last.endswith("another server uses it")
