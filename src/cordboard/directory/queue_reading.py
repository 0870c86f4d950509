"""How callers wait for a group, from the group's table of the configuration file."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from typing import Final

from cordboard.directory.locate import Path
from cordboard.directory.model import GroupKind
from cordboard.directory.problems import Problems
from cordboard.directory.queue_rules import MUSIC, QueueRules
from cordboard.directory.rows import Row

KEYS: Final = frozenset({"longest_wait", "places", "music", "announce_place", "rest", "overflow"})
"""What a group that nobody waits for has no use for."""

SHORTEST_ANNOUNCED: Final = 10.0
"""Seconds between two announcements at least: one takes four to speak."""


def queue_of(
    row: Row, folder: str, prompt_fault: Callable[[str], str | None], problems: Problems
) -> QueueRules | None:
    """The rules of a group's queue, None for a group that has none."""
    values, path = row.values, row.path
    if values["kind"] is not GroupKind.CALL_CENTER:
        for key in sorted(KEYS & row.given.keys()):
            message = 'nobody waits for this group: make it a "call_center"'
            problems.error((*path, key), message)
        return None
    if values["longest_wait"] == 0:
        return None
    if 0 < values["announce_place"] < SHORTEST_ANNOUNCED:
        message = f"expected 0 or at least {SHORTEST_ANNOUNCED:g} seconds"
        problems.error((*path, "announce_place"), message)
    return QueueRules(
        longest=values["longest_wait"],
        places=values["places"],
        music=_music(values["music"], folder, prompt_fault, (*path, "music"), problems),
        announced=values["announce_place"],
        rest=values["rest"],
        overflow=values["overflow"],
    )


def _music(
    wanted: str,
    folder: str,
    prompt_fault: Callable[[str], str | None],
    path: Path,
    problems: Problems,
) -> str | None:
    if wanted == "ringback":
        return None
    if wanted == "music":
        return MUSIC
    file = posixpath.normpath(posixpath.join(folder, wanted))
    fault = prompt_fault(file)
    if fault is not None:
        problems.error(path, f'"{file}" cannot be played: {fault}')
    return file
