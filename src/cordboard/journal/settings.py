"""Where the journal is kept: the keys of ``[store]``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cordboard.directory.shape import Field, number, text, text_where

IN_MEMORY: Final = "memory:"
"""The URL of a journal that forgets everything at the end."""

_FILE: Final = "sqlite:///"
_URL = re.compile(r"sqlite:///[^?#]+|postgres(?:ql)?://[^/]*/[^/]+")


def _url(value: str) -> str:
    if value != IN_MEMORY and not _URL.fullmatch(value):
        raise ValueError
    return value


DEFAULT_DAYS: Final = 90.0
LONGEST_DAYS: Final = 3650.0
"""Ten years: what tax law asks for where it asks for most."""

STORE_FIELDS: Final = {
    "url": Field(
        text_where("sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME or memory:", _url),
        secret=True,
    ),
    "recovery": Field(text("a file's path")),
    "keep_days": Field(number(1, LONGEST_DAYS, "days"), DEFAULT_DAYS),
}
"""What stands in ``[store]``; a URL may hold a password."""


def store_url(given: str | None, file: Path) -> str:
    """The URL of a configuration file's journal: a database beside the file where none is given. A
    relative path is relative to its folder."""
    if given is None:
        return f"{_FILE}{file.with_suffix('.db')}"
    if given.startswith(_FILE):
        return f"{_FILE}{file.parent / given.removeprefix(_FILE)}"
    return given


def recovery_path(given: str | None, url: str, file: Path) -> Path | None:
    """What the names of the files begin with in which channels are kept for a restart: beside the
    store where that is a file, else beside the configuration file. None: in memory only."""
    if given is not None:
        return file.parent / given
    if url == IN_MEMORY:
        return None
    beside = Path(url.removeprefix(_FILE)) if url.startswith(_FILE) else file
    return beside.with_suffix(".recovery")
