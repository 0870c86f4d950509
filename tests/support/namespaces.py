"""Network namespaces: networks of a test's own, which nothing outside sees or is disturbed by.

They need root and a kernel that has them; :func:`why_no_namespaces` says what is missing.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import subprocess
import threading
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from support.place import Place

FOLDER = Path("/run/netns")
PREFIX = "cordboard-"
CLONE_NEWNET = 0x40000000  # <sched.h>


class NamespaceError(Exception):
    """A command about namespaces failed: the message is what it said."""


def ip(*words: str) -> str:
    """Run ip(8); raises :class:`NamespaceError` with what it has to say."""
    return run("ip", *words)


def run(*command: str) -> str:
    """Run a command for its output; raises :class:`NamespaceError`."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    if done.returncode != 0:
        raise NamespaceError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


@cache
def why_no_namespaces() -> str | None:
    """Why there can be no namespaces joined by TUN here, in words for a skip; None if there can."""
    if shutil.which("ip") is None:
        return "network namespaces need ip: apt-get install iproute2"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not Path("/dev/net/tun").exists():
        return "joining network namespaces needs /dev/net/tun, which this machine does not have"
    try:
        with Namespace("probe") as probe:
            ip("-n", probe.name, "tuntap", "add", "dev", "tun0", "mode", "tun")
    except NamespaceError as error:
        return f"network namespaces are not allowed here: {error}"
    return None


class Namespace:
    """One namespace with its loopback interface up, from entering the block to leaving it."""

    def __init__(self, label: str) -> None:
        self.name = f"{PREFIX}{os.getpid()}-{label}"

    def __enter__(self) -> Self:
        _remove_orphans()
        ip("netns", "add", self.name)
        try:
            ip("-n", self.name, "link", "set", "lo", "up")
        except NamespaceError:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        ip("netns", "del", self.name)

    def place(self, host: str) -> Place:
        """An address in here as a place for programs."""
        return Place(host, ("ip", "netns", "exec", self.name), self._connect)

    def _connect(self, address: tuple[str, int], seconds: float) -> socket.socket:
        """A connection made from within, which can be used outside.

        A namespace is a thread's, so a thread goes there, makes the socket and ends.
        """
        made: list[socket.socket | OSError] = []

        def connect() -> None:
            try:
                enter(self.name)
                made.append(socket.create_connection(address, seconds))
            except OSError as error:
                made.append(error)

        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
        (result,) = made
        if isinstance(result, OSError):
            raise result
        return result


def enter(name: str) -> None:
    """Take this thread into a namespace for good (setns(2)); raises :class:`OSError`."""
    with open(FOLDER / name) as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"setns: {os.strerror(number)}")


def _remove_orphans() -> None:
    """Remove what tests that were killed have left."""
    for path in FOLDER.glob(f"{PREFIX}*"):
        owner = re.match(r"\d+", path.name.removeprefix(PREFIX))
        if owner is not None and not Path(f"/proc/{owner.group()}").exists():
            subprocess.run(["ip", "netns", "del", path.name], capture_output=True, check=False)
