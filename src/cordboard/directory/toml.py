"""The directory from a TOML text: every tenant, and every problem with its line.

Reading goes on after a problem, so that all of them are told at once; what was faulty is left out
of the directory, which therefore may only be used when there is no error among the problems.
Pure: prompts are looked for by an injected function.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

from cordboard.directory import kinds
from cordboard.directory.locate import Path, lines_of_keys
from cordboard.directory.problems import Problems
from cordboard.directory.references import check_directory
from cordboard.directory.shape import child_tables, is_name
from cordboard.directory.snapshot import Directory
from cordboard.directory.tenant import Surroundings, TenantReader

_TOML_POSITION = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)\s*$")


def load_directory(
    text: str, file: str = "directory.toml", surroundings: Surroundings | None = None
) -> tuple[Directory, Problems]:
    """Reads the ``[tenant.NAME]`` tables of a TOML text; other top tables are not looked at."""
    document, problems = read_document(text, file)
    return read_directory(document, problems, surroundings or Surroundings()), problems


def read_document(text: str, file: str) -> tuple[dict[str, Any], Problems]:
    """The tables of a TOML text; none, and a problem, where it is not TOML."""
    try:
        return tomllib.loads(text), Problems(file, lines_of_keys(text))
    except tomllib.TOMLDecodeError as error:
        position = _TOML_POSITION.search(str(error))
        line = int(position.group(1) or text.count("\n") + 1) if position else 1
        reason = _TOML_POSITION.sub("", str(error))
    except RecursionError:
        line, reason = 1, "Too many brackets inside each other"
    problems = Problems(file, {(): line})
    problems.error((), f"this is not TOML: {reason}")
    return {}, problems


def read_directory(
    document: dict[str, Any], problems: Problems, surroundings: Surroundings
) -> Directory:
    """All tenants of a document, cross-checked."""
    tenants = []
    for domain, given in child_tables("tenant", document, (), problems).items():
        path: Path = ("tenant", domain)
        if is_name(kinds.DOMAIN, path, problems):
            tenants.append(TenantReader(domain, given, problems, surroundings).tenant())
    directory = Directory(tuple(tenants))
    check_directory(directory, problems)
    return directory
