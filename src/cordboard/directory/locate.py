"""On which line of a TOML text each key stands, which :mod:`tomllib` does not tell.

The text has been accepted by :mod:`tomllib` before, so this walk needs no grammar checks: it only
follows keys, strings, brackets and comments (TOML 1.0). A path is the keys from the top, with list
positions as integers: ``("tenant", "demo", "numbers", 0)``. In a text that is not TOML it stops
early and finds less, but never raises.
"""

from __future__ import annotations

import contextlib
import re
import tomllib

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


def lines_of_keys(text: str) -> dict[Path, int]:
    """The line, from 1, of every table, key and list entry of a TOML text."""
    walk = _Walk(text)
    with contextlib.suppress(RecursionError):  # as deep as tomllib takes, the stack may not
        walk.document()
    return walk.lines


class _Walk:
    """A walk through the text; ``at`` is where it stands, each method passes one construct."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._counted_to = 0
        self._line = 1
        self._lengths: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self._pass(_GAP)
        while self._at < len(self._text):
            start = self._at
            if self._looks_at("[["):
                table = self._header("[[", "]]")
            elif self._looks_at("["):
                table = self._header("[", "]")
            else:
                self._pair(table)
            self._pass(_GAP)
            if self._at == start:
                return

    def _header(self, opening: str, closing: str) -> Path:
        line = self._line_here()
        self._at += len(opening)
        keys = self._keys()
        self._skip(closing)
        path = self._in_lists(keys)
        if opening == "[[":
            position = self._lengths.get(path, 0)
            self._lengths[path] = position + 1
            self.lines.setdefault(path, line)
            path = (*path, position)
        self._note(path, line)
        self.lines[path] = line  # a table's own header, where it was only implied before
        return path

    def _in_lists(self, keys: list[str]) -> Path:
        """The path of a header's keys: a list of tables on the way means its last table."""
        path: Path = ()
        for key in keys[:-1]:
            path = (*path, key)
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return (*path, *keys[-1:])

    def _pair(self, table: Path) -> None:
        line = self._line_here()
        path: Path = (*table, *self._keys())
        self._note(path, line)
        self._skip("=")
        self._pass(_BLANK)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._looks_at("["):
            self._list(path)
        elif self._looks_at("{"):
            self._inline_table(path)
        elif self._looks_at('"') or self._looks_at("'"):
            self._string()
        else:
            self._pass(_SCALAR)

    def _list(self, path: Path) -> None:
        self._at += 1
        self._pass(_GAP)
        position = 0
        while self._at < len(self._text) and not self._looks_at("]"):
            start = self._at
            entry = (*path, position)
            self._note(entry, self._line_here())
            self._value(entry)
            self._pass(_GAP)
            self._skip(",")
            self._pass(_GAP)
            position += 1
            if self._at == start:
                return
        self._skip("]")

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._pass(_GAP)
        while self._at < len(self._text) and not self._looks_at("}"):
            start = self._at
            self._pair(path)
            self._pass(_GAP)
            self._skip(",")
            self._pass(_GAP)
            if self._at == start:
                return
        self._skip("}")

    def _keys(self) -> list[str]:
        """A dotted key; its parts may be quoted."""
        keys = []
        while True:
            self._pass(_BLANK)
            bare = _BARE_KEY.match(self._text, self._at)
            if bare:
                keys.append(bare.group())
                self._at = bare.end()
            elif self._looks_at('"') or self._looks_at("'"):
                keys.append(_unquoted(self._string()))
            self._pass(_BLANK)
            if not self._looks_at("."):
                return keys
            self._at += 1

    def _string(self) -> str:
        """Passes a string of any of the four kinds and returns it with its quotes."""
        start = self._at
        quote = self._text[start]
        long = self._text.startswith(quote * 3, start)
        closing = quote * 3 if long else quote
        at = start + len(closing)
        while at < len(self._text):
            if quote == '"' and self._text[at] == "\\":
                at += 2
            elif self._text.startswith(closing, at):
                at += len(closing)
                while long and self._text.startswith(quote, at):
                    at += 1  # up to two quotes may stand before the closing three
                break
            else:
                at += 1
        self._at = min(at, len(self._text))
        return self._text[start : self._at]

    def _note(self, path: Path, line: int) -> None:
        """Keeps the first line on which a path, or anything below it, stands."""
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line

    def _looks_at(self, what: str) -> bool:
        return self._text.startswith(what, self._at)

    def _skip(self, what: str) -> None:
        self._pass(_BLANK)
        if self._looks_at(what):
            self._at += len(what)

    def _pass(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()


def _unquoted(key: str) -> str:
    if key.startswith("'"):
        return key[1:-1]
    if "\\" not in key:
        return key[1:-1]
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return key[1:-1]
