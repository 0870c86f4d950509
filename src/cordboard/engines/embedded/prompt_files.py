"""Where prompts are: files that somebody names, and those that come with the server, in languages.

The server's own are named ``builtin:NAME`` or ``builtin:LANGUAGE/NAME``. A folder of a language has
them; one that is missing there is taken from the language's own (``pt`` for ``pt-BR``), and at last
from English. The operator's folder of languages goes before the one that comes along, so that
adding a folder adds a language, and a file in ``en`` replaces ours.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import cordboard
from cordboard.media.prompts import MAX_FILE_OCTETS

BUILTIN: Final = "builtin:"
"""Begins the names of prompts that come with the server."""

OWN_PROMPTS: Final = Path(cordboard.__file__).with_name("prompts")
DEFAULT_LANGUAGE: Final = "en"

_OWN = re.compile(r"(?:([A-Za-z0-9-]{1,64})/)?([a-z0-9-]{1,64})")


class PromptFiles:
    """Reads prompts; ``languages`` is the operator's folder of languages."""

    def __init__(self, languages: Path | None = None) -> None:
        self._folders = (OWN_PROMPTS,) if languages is None else (languages, OWN_PROMPTS)

    def read(self, path: str) -> bytes:
        """The octets of a file, one more than may be at most; raises :class:`OSError`."""
        with self._find(path).open("rb") as file:
            return file.read(MAX_FILE_OCTETS + 1)

    def _find(self, path: str) -> Path:
        name = path.removeprefix(BUILTIN)
        if name == path:
            return Path(path)
        own = _OWN.fullmatch(name)
        if own is None:
            raise FileNotFoundError(2, "there is no such prompt", path)
        wanted = own[1] or DEFAULT_LANGUAGE
        for language in (wanted, wanted.partition("-")[0], DEFAULT_LANGUAGE):
            for folder in self._folders:
                file = folder / language / f"{own[2]}.wav"
                if file.is_file():
                    return file
        raise FileNotFoundError(2, "there is no such prompt", path)


def read_prompt_file(path: str) -> bytes:
    """The octets of a file, or of one that comes with the server; raises :class:`OSError`."""
    return PromptFiles().read(path)
