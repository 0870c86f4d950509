"""What is wrong with a configuration file, each problem with its line and key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cordboard.directory.locate import Path


class Severity(Enum):
    """An error keeps the file from being used, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, and what was expected instead.

    ``line`` is 0 where there is no line: the file cannot be read, or ``file`` is an option of the
    command line or a variable of the environment.
    """

    file: str
    line: int
    key: str
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        mark = "warning: " if self.severity is Severity.WARNING else ""
        key = f"{self.key}: " if self.key else ""
        line = f"{self.line}:" if self.line else ""
        return f"{self.file}:{line} {mark}{key}{self.message}"


class Problems:
    """The problems found so far in one file, and the lines of its keys."""

    def __init__(self, file: str, lines: dict[Path, int]) -> None:
        self.file = file
        self._lines = lines
        self._found: list[Problem] = []

    def error(self, path: Path, message: str) -> None:
        """Notes that the file cannot be used."""
        self._note(path, message, Severity.ERROR)

    def warning(self, path: Path, message: str) -> None:
        """Notes something that works, but probably not as meant."""
        self._note(path, message, Severity.WARNING)

    def error_outside(self, source: str, message: str) -> None:
        """Notes that what an option or a variable says over the file cannot be used."""
        self._found.append(Problem(source, 0, "", message))

    def line_of(self, path: Path) -> int:
        """The line of a key, or of the nearest table around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def in_order(self) -> tuple[Problem, ...]:
        """All problems in the order of the file, each once."""
        return tuple(sorted(dict.fromkeys(self._found), key=lambda problem: problem.line))

    def _note(self, path: Path, message: str, severity: Severity) -> None:
        line = self.line_of(path)
        self._found.append(Problem(self.file, line, written_path(path), message, severity))


def written_path(path: Path) -> str:
    """A path as in TOML, with list positions in brackets from 0: ``tenant.demo.numbers[0]``."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            bare = part.isascii() and part.replace("_", "").replace("-", "").isalnum()
            written += ("." if written else "") + (part if bare else f'"{_printable(part)}"')
    return written


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
