"""What is different between two forms of a tenant's table, object by object, for a person to read.

Lines are paths as in the file: ``+`` what comes, ``-`` what goes, ``~`` what changes and to what.
Values of secret keys are not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from cordboard.directory.locate import Path
from cordboard.directory.problems import written_path
from cordboard.directory.schema import TENANT
from cordboard.directory.shape import Shape, found

_NOTHING: Final = object()


def differences(
    domain: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> list[str]:
    """The lines for one tenant; None stands for no such tenant."""
    path: Path = ("tenant", domain)
    if before is None or after is None:
        if before is after:
            return []
        return [f"{'+' if before is None else '-'} {written_path(path)}"]
    return list(_of_table(TENANT, path, before, after))


def _of_table(
    shape: Shape, path: Path, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[str]:
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key, _NOTHING), after.get(key, _NOTHING)
        if was == now:
            continue
        child = shape.children.get(key)
        if child is None:
            yield _of_value(shape, (*path, key), was, now)
        else:
            yield from _of_objects(
                child, (*path, key), {} if was is _NOTHING else was, {} if now is _NOTHING else now
            )


def _of_objects(
    shape: Shape, path: Path, before: dict[str, Any], after: dict[str, Any]
) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        where = (*path, name)
        if name not in after:
            yield f"- {written_path(where)}"
        elif name not in before:
            yield f"+ {written_path(where)}"
        else:
            yield from _of_table(shape, where, before[name], after[name])


def _of_value(shape: Shape, path: Path, was: Any, now: Any) -> str:
    where = written_path(path)
    one = shape.fields.get(str(path[-1]))
    mark = "+" if was is _NOTHING else "-" if now is _NOTHING else "~"
    if one is None or one.secret:
        return f"{mark} {where}"
    if mark == "~":
        return f"~ {where}: {_shown(was)} -> {_shown(now)}"
    return f"{mark} {where}: {_shown(was if mark == '-' else now)}"


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return "[" + ", ".join(found(one).removeprefix("the number ") for one in value) + "]"
    return found(value).removeprefix("the number ")
