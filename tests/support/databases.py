"""An empty database of each kind, for tests that hold for both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from support.postgres import postgres

Make = Callable[[Path], str]
"""Makes one, in a folder or elsewhere; its URL."""


def in_sqlite(folder: Path) -> str:
    """One in a file of the folder."""
    file = folder / "journal.db"
    file.touch()
    return f"sqlite:///{file}"


def in_postgres(_folder: Path) -> str:
    """One of the tests' own server."""
    return postgres().new_database()


EITHER: Final = [in_sqlite, pytest.param(in_postgres, marks=pytest.mark.interop("postgres"))]
"""The parameters of a fixture, each a :data:`Make`."""
