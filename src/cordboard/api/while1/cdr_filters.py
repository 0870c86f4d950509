"""Which rows of the CDR a client wants (While1, Call Detail Records): ``filters``, all optional.

What a form leaves blank, and null, filters nothing, for the vendor's samples send all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from fnmatch import translate
from typing import Final

from cordboard.api.while1.cdr_rows import IN, OUT, STATUSES, CdrRow
from cordboard.api.while1.faults import Faulty
from cordboard.api.while1.fields import Data
from cordboard.api.while1.php_query import leaf_text
from cordboard.api.while1.php_values import PhpArray

DATE: Final = "%Y-%m-%d %H:%M:%S"
MAX_LISTED: Final = 100
"""Values of one filter."""


@dataclass(frozen=True, slots=True)
class CdrFilters:
    """What a row must be like. ``since`` and ``until`` are seconds since 1970, of its beginning."""

    since: float | None = None
    until: float | None = None
    hours: tuple[time, time] | None = None
    equal: tuple[tuple[str, frozenset[str]], ...] = ()
    like: re.Pattern[str] | None = None
    from_id: int | None = None
    recorded: bool = False
    never: bool = False
    """It asks for what our rows never have."""

    @property
    def external_id(self) -> str | None:
        """The one external_id that is wanted, if that is so."""
        return next((next(iter(of)) for name, of in self.equal if name == "external_id"), None)

    def wants(self, row: CdrRow) -> bool:
        """Whether a row is wanted."""
        began = datetime.strptime(row.start_date, DATE).astimezone()
        if self.hours is not None and not self.hours[0] <= began.time() <= self.hours[1]:
            return False
        if self.since is not None and began.timestamp() < self.since:
            return False
        if self.until is not None and began.timestamp() > self.until:
            return False
        if self.from_id is not None and row.id < self.from_id:
            return False
        if self.recorded and not row.recordings:
            return False
        if self.like is not None and not self.like.fullmatch(row.telephone or ""):
            return False
        columns = row.as_dict()
        return all(str(columns[name]) in of for name, of in self.equal)


_EQUAL: Final = (
    "project_id",
    "user_id",
    "telephone",
    "source",
    "destination",
    "uniqueid",
    "linkedid",
    "external_id",
)


_FILES: Final = ("has_monitor_file", "has_recording_file")
"""Which of the vendor's kinds of files a row must have: a recording is both here."""


def filters_in(parameters: PhpArray) -> PhpArray:
    """What a request has as ``filters``."""
    given = parameters.get("filters")
    return given if isinstance(given, dict) else {}


def read_filters(members: PhpArray) -> CdrFilters:
    """The filters; raises :class:`Faulty` with all that is wrong with them."""
    data = Data(members)
    filters = _read(members, data)
    if data.faults:
        raise Faulty(data.faults)
    return filters


def _read(members: PhpArray, data: Data) -> CdrFilters:
    equal = [(name, frozenset({text})) for name in _EQUAL if (text := data.text(name)) is not None]
    for name, known in (("direction", (IN, OUT)), ("call_status", STATUSES)):
        text = data.text(name)
        if text is not None and text not in known:
            data.fault(f"Invalid {name}. Expected {', '.join(known)}")
        elif text is not None:
            equal.append((name, frozenset({text})))
    since, until = _between(members, "date_between", data)
    like = data.text("telephone_like")
    files = [data.switch(name, default=False) for name in _FILES]
    return CdrFilters(
        since=since,
        until=until,
        hours=_hours(members, data),
        equal=tuple(equal),
        like=None if like is None else re.compile(translate(like.replace("%", "*"))),
        from_id=_whole(data, "from_id"),
        recorded=any(files),
        never=_never(members, data),
    )


def _never(members: PhpArray, data: Data) -> bool:
    """Routes have no ids here, and nobody writes down what is said."""
    transcribed = data.switch("has_transcription", default=False)
    return transcribed or listed(members, "inbound_route_id") != []


def _between(members: PhpArray, name: str, data: Data) -> tuple[float | None, float | None]:
    values = listed(members, name)
    if not values:
        return None, None
    try:
        since, until = (datetime.strptime(value.strip(), DATE).astimezone() for value in values)
    except (ValueError, OverflowError):
        data.fault(f"Invalid {name}. Expected two dates YYYY-MM-DD HH:MM:SS")
        return None, None
    return since.timestamp(), (until + timedelta(seconds=1)).timestamp() - 1e-6


def _hours(members: PhpArray, data: Data) -> tuple[time, time] | None:
    values = listed(members, "hour_between")
    if not values:
        return None
    try:
        since, until = (time.fromisoformat(value.strip()) for value in values)
    except ValueError:
        data.fault("Invalid hour_between. Expected two times HH:MM")
        return None
    return since, until


def listed(members: PhpArray, name: str) -> list[str]:
    """The values of a filter that is a list, without those that were left blank."""
    given = members.get(name)
    if not isinstance(given, dict):
        return [] if given in (None, "") else [leaf_text(given)]
    texts = [leaf_text(one) for one in given.values() if not isinstance(one, dict | None)]
    return [text for text in texts if text][:MAX_LISTED]


def _whole(data: Data, name: str) -> int | None:
    text = data.text(name)
    if text is None:
        return None
    if not re.fullmatch("[0-9]{1,18}", text):
        data.fault(f"Invalid {name}. Expected a whole number")
        return None
    return int(text)
