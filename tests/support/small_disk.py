"""A disk of a few megabytes that a test can fill: a tmpfs, which takes root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.block import Block


class SmallDisk(Block):
    """Mounted at ``folder``, of ``octets``."""

    def __init__(self, folder: Path, octets: int) -> None:
        self.folder = folder
        self._octets = octets
        self._filler = folder / "filler"

    def fill(self, leave: int) -> None:
        """Leave so many octets free."""
        disk = os.statvfs(self.folder)
        with self._filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - leave)

    def make_room(self) -> None:
        """Leave free what was free before."""
        self._filler.unlink()

    def _begin(self) -> None:
        self.folder.mkdir(parents=True)
        options = f"size={self._octets},mode=0700"
        done = _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder))
        assert done is None, done

    def _end(self) -> None:
        self._break_off()

    def _break_off(self) -> None:
        _run("umount", "--lazy", str(self.folder))


def why_no_disks(folder: Path) -> str | None:
    """Why no disk can be made here, or None."""
    if os.geteuid() != 0:
        return "mounting a disk needs root"
    try:
        with SmallDisk(folder / "tried", 1 << 20):
            return None
    except AssertionError as error:
        return str(error)


def _run(*command: str) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return None if done.returncode == 0 else done.stderr.strip() or str(done.returncode)
