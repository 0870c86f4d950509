"""A real PostgreSQL on a free port in a folder of its own, started once for all tests that want it.

``scripts/get-postgres`` brings it. It does not run as root, so root's tests run it as nobody.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

import psycopg

from support.ports import LOOPBACK, free_ports
from support.waiting import wait_until

SCRIPT = Path(__file__).parents[2] / "scripts" / "get-postgres"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
NOBODY = 65534
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""What is lost when the machine dies matters to no test."""


class Postgres:
    """One server, from its making until the tests are over."""

    def __init__(self) -> None:
        programs = _fetched()
        self._folder = Path(tempfile.mkdtemp(prefix="cordboard-postgres-"))
        self._port = free_ports(owner=self)
        self._numbers = count(1)
        root = programs.parents[4]
        libraries = [str(path) for path in root.glob("usr/lib/*-linux-gnu")]
        environment = {} if root == Path("/") else {"LD_LIBRARY_PATH": ":".join(libraries)}
        prefix: list[str] = []
        if os.geteuid() == 0:
            os.chown(self._folder, NOBODY, NOBODY)
            prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        data = self._folder / "data"
        subprocess.run(
            [*prefix, programs / "initdb", "-D", data, "-U", "cordboard", "-A", "trust", "-N"],
            cwd=self._folder,
            env={**os.environ, **environment},
            capture_output=True,
            check=True,
        )
        settings = (
            f"listen_addresses={LOOPBACK}",
            f"port={self._port}",
            f"unix_socket_directories={self._folder}",
            *QUICK,
        )
        options = [word for setting in settings for word in ("-c", setting)]
        self._log = self._folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*prefix, programs / "postgres", "-D", data, *options],
                cwd=self._folder,
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
            )
        wait_until(self._is_up, START_SECONDS, lambda: f"PostgreSQL is up:\n{self._told()}")

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"journal_{next(self._numbers)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._url(name)

    def stop(self) -> None:
        """End it, and leave nothing behind."""
        self._process.send_signal(signal.SIGINT)  # fast shutdown
        self._process.wait(STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _url(self, name: str) -> str:
        return f"postgresql://cordboard@{LOOPBACK}:{self._port}/{name}"

    def _told(self) -> str:
        return self._log.read_text(errors="replace")

    def _is_up(self) -> bool:
        assert self._process.poll() is None, f"it ended:\n{self._told()}"
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _fetched() -> Path:
    """The folder of its programs."""
    done = subprocess.run([SCRIPT], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


@cache
def postgres() -> Postgres:
    """The server of all tests."""
    server = Postgres()
    atexit.register(server.stop)
    return server
