"""One channel of a call, as the CTI WebSocket shows it.

A row is told with each thing that happens to a channel, and most of its columns are as they were.
So a column is written when it changes, and those that last with the first row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cordboard.api.basix.cti.elements import COLUMNS, Element, Row, micros, text
from cordboard.api.basix.cti.end_users import NOBODY, end_user_text
from cordboard.api.basix.cti.event_values import Told, id_in
from cordboard.api.basix.cti.terms import UNDEFINED, integer, joined, tuple_head, written
from cordboard.calls.request import Leg

_HEAD: Final = tuple_head(len(COLUMNS[Element.CHANNEL]))
_INFO_HEAD: Final = tuple_head(8)


class _Lasting(NamedTuple):
    """What is the same in all rows of a channel, written: its columns up to the time of its offer,
    whose it is, what its call is for, and its id at the end."""

    begin: bytes
    user: bytes
    background: bytes
    call_id: bytes


@dataclass(slots=True)
class ChannelLine:
    """A channel with what its columns are made of; times are seconds since 1970.

    ``inbound`` is one that was offered to us, ``outside`` one that goes through a trunk. ``doing``
    is its state since ``since``; ``end_user`` is who is at its far end, and ``number`` the far
    end's number. Up to ``tags`` all but ``leg``, ``doing`` and ``since`` is settled before its
    first row.
    """

    uuid: str
    leg: Leg
    inbound: bool
    outside: bool
    offered_at: float
    number: str
    calling_name: str
    calling_number: str
    called_number: str
    doing: Row
    since: float
    user: int | None = None
    group: int | None = None
    target: Row | None = None
    origination: bytes | None = None
    end_user: bytes | None = None
    tags: bytes | None = None
    is_answered: bool = False
    other: str | None = None
    _lasting: _Lasting | None = field(default=None, repr=False)
    _state: bytes | None = field(default=None, repr=False)
    _summary: bytes | None = field(default=None, repr=False)
    _answered_at: bytes = field(default=UNDEFINED, repr=False)
    _ended_at: bytes = field(default=UNDEFINED, repr=False)
    _other: bytes = field(default=UNDEFINED, repr=False)
    _last_bridged_user: bytes = field(default=UNDEFINED, repr=False)
    _last_event: bytes = field(default=b"", repr=False)

    def does(self, doing: Row, at: float) -> bool:
        """Whether it did something else so far."""
        if doing == self.doing:
            return False
        self.doing, self.since, self._state = doing, at, None
        return True

    def answers(self, at: float) -> None:
        """It is answered."""
        self.is_answered, self._answered_at = True, integer(micros(at))

    def ends(self, at: float) -> None:
        """It is over."""
        self._ended_at = integer(micros(at))

    def has_to_do_with(self, uuid: str) -> None:
        """There is another channel for it to talk with."""
        if uuid != self.other:
            self.other, self._other = uuid, joined(text(uuid))

    def hears(self, other: ChannelLine) -> None:
        """It is bridged with another one."""
        self.has_to_do_with(other.uuid)
        self._last_bridged_user = joined(other.user)

    def happened(self, event: bytes, data: bytes = UNDEFINED) -> None:
        """What its row tells of next, written."""
        self._last_event = event + data

    @property
    def direction(self) -> bytes:
        """Offered to us, or by us."""
        return b"inbound" if self.inbound else b"outbound"

    @property
    def location(self) -> bytes:
        """Where its far end is."""
        return b"external" if self.outside else b"internal"

    def summary(self) -> bytes:
        """It in the column ``other_info`` of the channel at the other end of its call."""
        if self._summary is None:
            offered = micros(self.offered_at)
            who = (self.user, self.end_user, self.direction, self.location, self.number)
            self._summary = _info(*who, offered, self.group)
        return self._summary

    def row(self, other_info: bytes) -> bytes:
        """Its columns, of which the last but one is written already."""
        begin, user, background, call_id = self._lasting or self._written_once()
        return b"".join(
            (
                *(_HEAD, begin, self._answered_at, self._ended_at, self._other, user),
                *(self._state or self._written_state(), background, self._last_bridged_user),
                *(self._last_event, other_info, call_id),
            )
        )

    def _written_once(self) -> _Lasting:
        uuid = text(self.uuid)
        self._lasting = _Lasting(
            joined(
                uuid,
                self.direction,
                self.location,
                text(self.calling_name),
                text(self.calling_number),
                text(self.called_number),
                micros(self.offered_at),
            ),
            joined(self.user),
            joined(self.group, self.target, self.origination, self.end_user, self.tags),
            joined(uuid),
        )
        return self._lasting

    def _written_state(self) -> bytes:
        self._state = tuple_head(1 + len(self.doing)) + joined(micros(self.since), *self.doing)
        return self._state

    def waiting_row(self, doing: Row, at: float) -> bytes:
        """The columns of ``channel_waiting``: it waits since then."""
        return written(
            (
                text(self.uuid),
                self.direction,
                self.location,
                text(self.calling_number),
                text(self.called_number),
                micros(at),
                self.user,
                (micros(at), *doing),
                self.end_user,
                None,  # whoscall
            )
        )


class Party:
    """A party of a call, as events show it."""

    __slots__ = ("_info", "told")

    def __init__(self, told: Told) -> None:
        self.told = told
        self._info: bytes | None = None

    def info(self) -> bytes:
        """It in ``other_info`` as long as it has no channel; undefined for who has none ever."""
        if self._info is None:
            self._info = _party_info(self.told)
        return self._info


def _party_info(party: Told) -> bytes:
    if party.get("kind") in ("context", "feature", "eavesdrop"):
        return UNDEFINED
    outside = party.get("kind") == "number"
    return _info(
        id_in(party, "user"),
        end_user_of(party) if outside else None,
        b"outbound",
        b"external" if outside else b"internal",
        str(party.get("number") or ""),
        None,
        id_in(party, "group"),
    )


def end_user_of(party: Told) -> bytes | None:
    """The text of who is at a party's number."""
    told = party.get("end_user")
    return end_user_text(told) if isinstance(told, dict) else None


def _info(
    user: int | None,
    end_user: bytes | None,
    direction: bytes,
    location: bytes,
    number: str,
    offered: int | None,
    group: int | None,
) -> bytes:
    """``{Type, UserIdOrEndUserText, Direction, PeerLocation, Address, OfferTs, GroupId, Whoscall}``
    (basix_ws_cti.js, ``lib/utils.js``)."""
    if location == b"internal":
        kind: tuple[bytes, bytes | int | None] = (b"user", user)
    else:
        kind = (b"end_user", NOBODY if end_user is None else end_user)
    return _INFO_HEAD + joined(*kind, direction, location, text(number), offered, group, None)
