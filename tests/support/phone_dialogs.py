"""The calls that came to several phones, each with its beginning and end as the phone saw them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from support.baresip import BaresipPhone
from support.own_phone import OwnPhone

ENDS: Final = frozenset({"refused", "missed", "answered_elsewhere", "declined_elsewhere", "ended"})
"""The events of our phone after which it has nothing more to do with a call."""


@dataclass(frozen=True, slots=True)
class Dialog:
    """A call that came to a phone; times in monotonic seconds, ``name`` as it was shown."""

    phone: str
    call_id: str
    name: str
    began: float
    ended: float | None


class PhoneDialogs:
    """Those of phones of ours and of baresips, by name."""

    def __init__(self, own: Mapping[str, OwnPhone], baresips: Mapping[str, BaresipPhone]) -> None:
        self._own = own
        self._baresips = baresips

    @property
    def phones(self) -> list[AbstractContextManager[Any]]:
        """All of them."""
        return [*self._own.values(), *self._baresips.values()]

    def all(self) -> list[Dialog]:
        """Every call that has come to any of them."""
        own = [d for name, phone in self._own.items() for d in _of_own(name, phone)]
        return own + [d for name, phone in self._baresips.items() for d in _of_baresip(name, phone)]

    def open(self) -> list[Dialog]:
        """Those that ring or talk still."""
        return [dialog for dialog in self.all() if dialog.ended is None]


def _of_own(name: str, phone: OwnPhone) -> Iterator[Dialog]:
    began: dict[str, tuple[float, str]] = {}
    for at, line in phone.program.lines.timed():
        if not line.startswith("{"):
            continue
        told = json.loads(line)
        call_id = told.get("call_id")
        if told["event"] == "ringing":
            began[call_id] = (at, told["name"])
        elif told["event"] in ENDS and call_id in began:
            yield Dialog(name, call_id, began[call_id][1], began.pop(call_id)[0], at)
    for call_id, (at, caller) in began.items():
        yield Dialog(name, call_id, caller, at, None)


def _of_baresip(name: str, phone: BaresipPhone) -> Iterator[Dialog]:
    began: dict[str, tuple[float, str]] = {}
    for event in phone.events.all():
        call_id = str(event.data.get("id"))
        if event.type == "CALL_INCOMING":
            began[call_id] = (event.at, str(event.data.get("peerdisplayname", "")))
        elif event.type == "CALL_CLOSED" and call_id in began:
            yield Dialog(name, call_id, began[call_id][1], began.pop(call_id)[0], event.at)
    for call_id, (at, caller) in began.items():
        yield Dialog(name, call_id, caller, at, None)
