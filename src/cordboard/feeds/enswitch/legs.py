"""The legs of a call as Enswitch tells of them: each has an id, a side and times of its own.

A pure function of a call's events, of which those may be missing that are yet to come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from cordboard.calls.events import EventKind, Json, Recorded
from cordboard.calls.request import Leg
from cordboard.feeds.enswitch.sides import EXTERNAL, PHONE, Side, side_of

_BEGUN: Final = frozenset({EventKind.CHANNEL_DIALLED, EventKind.CHANNEL_OFFERED})
_ANSWERED: Final = frozenset({EventKind.LEG_ANSWERED, EventKind.CALL_TRANSFERRED})


DEFLECTED: Final = "deflected"
"""Why a leg is for somebody else whom a client wants in place of whom it rang."""


class ToldLeg:
    """A leg by its events; times are seconds since 1970, None for what has not come about.

    ``asked`` is whom it was asked for, ``party`` whom it is for by now. ``endpoint`` and ``trunk``
    are those that were dialled last, or that it is answered on; ``ended`` is when its answered
    channel was over. It was ``answered`` for the first time, and ``talks_since`` the party of now
    has answered. The number and name of ``caller`` are what it is shown, or shows where it has
    called us. It has ``cost`` so many millionths, paid by a ``card`` where that is not "".
    """

    __slots__ = (
        *("_channels", "answered", "asked", "caller", "card", "cost", "ended", "endpoint"),
        *("offered", "party", "started", "talks_since", "trunk"),
    )

    def __init__(self, party: Json) -> None:
        self.asked = self.party = party
        self.endpoint = ""
        self.trunk = ""
        self.caller = ("", "")
        self.offered = False
        self.cost = 0
        self.card = ""
        self.started: float | None = None
        self.answered: float | None = None
        self.talks_since: float | None = None
        self.ended: float | None = None
        self._channels: dict[str, Mapping[str, Json]] = {}

    @property
    def side(self) -> Side:
        """Type, number and name of whom it is for; a telephone line goes by its account."""
        found = side_of(self.party)
        if found.type == PHONE and self.endpoint:
            return found._replace(number=self.endpoint.partition("@")[0])
        return found

    @property
    def is_outside(self) -> bool:
        """Whether it leads out of the house, or comes from there."""
        return bool(self.trunk) or self.side.type == EXTERNAL

    def take(self, recorded: Recorded) -> None:
        """Take notice of one of its events."""
        event = recorded.event
        if event.kind in _BEGUN:
            if self.started is None:
                self.started = recorded.at
            self._channels[event.channel or ""] = event.data
            self._is_on(event.data)
            self.offered = self.offered or event.kind is EventKind.CHANNEL_OFFERED
        elif event.kind in _ANSWERED:
            self.answered = recorded.at if self.answered is None else self.answered
            self.talks_since, self.ended = recorded.at, None
            self._is_on(self._channels.get(event.channel or "", {}))
        elif event.kind is EventKind.CHANNEL_ENDED:
            if event.data.get("answered"):
                self.ended = recorded.at
        elif event.kind is EventKind.CHANNEL_FAILED_OVER:
            known = self._channels.get(event.channel or "", {})
            self._channels[event.channel or ""] = {**known, "trunk": event.data.get("next")}
            self.trunk = _text(event.data, "next") or self.trunk
        elif event.kind is EventKind.LEG_CHARGED:
            amount = event.data.get("amount")
            self.cost += amount if isinstance(amount, int) else 0
            self.card = _text(event.data, "card")
        elif event.kind is EventKind.CALL_FORWARDED:
            self.party = event.data.get("party") or self.party
            if event.data.get("reason") == DEFLECTED:
                self.asked = self.party
        elif event.kind is EventKind.CALL_TRANSFERRING:
            self.asked = self.party = event.data.get("party")
            self.endpoint, self.trunk, self.talks_since = "", "", None
        elif event.kind is EventKind.QUEUE_LEFT:
            self.party = event.data.get("to") or self.party

    def _is_on(self, data: Mapping[str, Json]) -> None:
        """It rings, or is answered, on this channel."""
        self.endpoint, self.trunk = _text(data, "endpoint"), _text(data, "trunk")
        self.caller = (_text(data, "caller_number"), _text(data, "caller_name"))


def told_legs(events: Iterable[Recorded]) -> dict[Leg, ToldLeg]:
    """Both legs of a call; of a program's there is a party alone."""
    legs = {leg: ToldLeg(None) for leg in Leg}
    for recorded in events:
        event = recorded.event
        if event.kind is EventKind.CALL_ACCEPTED:
            for leg, told in legs.items():
                told.asked = told.party = event.data.get(leg.value)
        elif event.leg is not None:
            legs[event.leg].take(recorded)
    return legs


def _text(data: Mapping[str, Json], key: str) -> str:
    found = data.get(key)
    return found if isinstance(found, str) else ""
