"""Where the journal is kept: the keys of ``[store]``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cordboard.directory.shape import Field, text_where

IN_MEMORY: Final = "memory:"
"""The URL of a journal that forgets everything at the end."""

_FILE: Final = "sqlite:///"
_URL = re.compile(r"sqlite:///[^?#]+|postgres(?:ql)?://[^/]*/[^/]+")


def _url(value: str) -> str:
    if value != IN_MEMORY and not _URL.fullmatch(value):
        raise ValueError
    return value


STORE_FIELDS: Final = {
    "url": Field(
        text_where("sqlite:///FILE, postgresql://USER:PASSWORD@HOST/NAME or memory:", _url),
        secret=True,
    )
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
