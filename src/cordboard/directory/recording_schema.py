"""The keys about recording: of users and groups, and the tables of record groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from cordboard.directory.locate import Path
from cordboard.directory.problems import Problems
from cordboard.directory.recording import RecordGroup, RecordPolicy
from cordboard.directory.references import unknown_name
from cordboard.directory.rows import Row
from cordboard.directory.shape import (
    Field,
    Kind,
    Shape,
    Unfit,
    integer,
    number,
    text,
    text_where,
    truth,
)

LONGEST_KEEPING: Final = 36_500.0
"""Days: a century is for ever."""

_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


def _policy(value: Any) -> RecordPolicy:
    """True and false were all that there was before there were words."""
    if isinstance(value, bool):
        return RecordPolicy.ALWAYS if value else RecordPolicy.ON_REQUEST
    if not isinstance(value, str) or value not in _POLICIES:
        raise Unfit
    return _POLICIES[value]


_POLICIES: Final = {policy.value: policy for policy in RecordPolicy}


def _folder(value: str) -> str:
    """Never one that leads out of the tenant's."""
    if not all(map(_SEGMENT.fullmatch, value.split("/"))):
        raise ValueError("of letters, digits, dots, _ and -, below the tenant's folder")
    return value


KEEP_DAYS: Final = number(0.01, LONGEST_KEEPING, "days")

RECORDED: Final[Mapping[str, Field]] = {
    "record": Field(Kind('true, false, "always", "on_request" or "never"', _policy)),
    "record_group": Field(text("a record group's name")),
}
"""Of users and groups."""


def record_group_shape(largest_id: int) -> Shape:
    """The table of a record group."""
    return Shape(
        "record_group",
        {
            "id": Field(integer(1, largest_id)),
            "label": Field(text()),
            "folder": Field(text_where("the path of a folder", _folder)),
            "fraction": Field(number(0, 1), 1.0),
            "beep": Field(truth(), False),
            "keep_days": Field(KEEP_DAYS),
        },
    )


def record_group_of(row: Row, derived_id: int) -> RecordGroup:
    """A record group from its table."""
    values = row.values
    return RecordGroup(
        values["id"] or derived_id,
        row.name,
        values["label"] or row.name,
        values["folder"] or "",
        values["fraction"],
        values["beep"],
        values["keep_days"],
    )


def recorded_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a user's or a group's table says: with a record group alone, that it always is."""
    policy, group = values["record"], values["record_group"]
    if policy is None:
        policy = RecordPolicy.ON_REQUEST if group is None else RecordPolicy.ALWAYS
    return {"record": policy, "record_group": group}


class _Recorded(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def record_group(self) -> str | None: ...


def check_record_groups(
    base: Path,
    groups: tuple[RecordGroup, ...],
    recorded: Iterable[tuple[str, Iterable[_Recorded]]],
    problems: Problems,
) -> None:
    """Reports record groups that share an id, and those that are named and not there; ``recorded``
    are those of each kind who may name one."""
    owners: dict[int, str] = {}
    for group in groups:
        other = owners.setdefault(group.id, group.name)
        if other != group.name:
            message = f"the id {group.id} is already used by record_group {other}"
            problems.error((*base, "record_group", group.name), message)
    known = [group.name for group in groups]
    for path, name in _named(base, recorded):
        if name not in known:
            problems.error(path, unknown_name("record group", name, known))


def _named(
    base: Path, recorded: Iterable[tuple[str, Iterable[_Recorded]]]
) -> Iterator[tuple[Path, str]]:
    for kind, ones in recorded:
        for one in ones:
            if one.record_group is not None:
                yield (*base, kind, one.name, "record_group"), one.record_group
