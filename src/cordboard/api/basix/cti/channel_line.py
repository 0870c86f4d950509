"""One channel of a call, as the CTI WebSocket shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from cordboard.api.basix.cti.elements import Row, micros, text
from cordboard.api.basix.cti.end_users import NOBODY, end_user_text
from cordboard.api.basix.cti.event_values import Told, id_in
from cordboard.calls.request import Leg


@dataclass(slots=True)
class ChannelLine:
    """A channel with what its columns are made of; times are seconds since 1970.

    ``inbound`` is one that was offered to us, ``outside`` one that goes through a trunk. ``doing``
    is its state since ``since``; ``end_user`` is who is at its far end, and ``number`` the far
    end's number.
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
    answered_at: float | None = None
    ended_at: float | None = None
    other: str | None = None
    last_bridged_user: int | None = None
    tags: bytes | None = None
    last_event: bytes = field(default=b"")
    last_event_data: bytes | None = None

    def does(self, doing: Row, at: float) -> bool:
        """Whether it did something else so far."""
        if doing == self.doing:
            return False
        self.doing, self.since = doing, at
        return True

    def happened(self, event: bytes, data: bytes | None = None) -> None:
        """What its row tells of next."""
        self.last_event, self.last_event_data = event, data

    @property
    def direction(self) -> bytes:
        """Offered to us, or by us."""
        return b"inbound" if self.inbound else b"outbound"

    @property
    def location(self) -> bytes:
        """Where its far end is."""
        return b"external" if self.outside else b"internal"

    def summary(self) -> Row:
        """It in the column ``other_info`` of the channel at the other end of its call."""
        offered = micros(self.offered_at)
        return _info(
            self.user,
            self.end_user,
            self.direction,
            self.location,
            self.number,
            offered,
            self.group,
        )

    def row(self, other_info: Row | None) -> Row:
        """Its columns."""
        return (
            text(self.uuid),
            self.direction,
            self.location,
            text(self.calling_name),
            text(self.calling_number),
            text(self.called_number),
            micros(self.offered_at),
            _micros(self.answered_at),
            _micros(self.ended_at),
            None if self.other is None else text(self.other),
            self.user,
            (micros(self.since), *self.doing),
            self.group,
            self.target,
            self.origination,
            self.end_user,
            self.tags,
            self.last_bridged_user,
            self.last_event,
            self.last_event_data,
            other_info,
            text(self.uuid),
        )

    def waiting_row(self, doing: Row, at: float) -> Row:
        """The columns of ``channel_waiting``: it waits since then."""
        return (
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


def party_info(party: Told | None, *, inbound: bool = False) -> Row | None:
    """A party in ``other_info`` that has no channel yet; None for who has none ever."""
    if party is None or party.get("kind") in ("context", "feature", "eavesdrop"):
        return None
    outside = party.get("kind") == "number"
    return _info(
        id_in(party, "user"),
        end_user_of(party) if outside else None,
        b"inbound" if inbound else b"outbound",
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
) -> Row:
    """``{Type, UserIdOrEndUserText, Direction, PeerLocation, Address, OfferTs, GroupId, Whoscall}``
    (basix_ws_cti.js, ``lib/utils.js``)."""
    if location == b"internal":
        return (b"user", user, direction, location, text(number), offered, group, None)
    told = NOBODY if end_user is None else end_user
    return (b"end_user", told, direction, location, text(number), offered, group, None)


def _micros(at: float | None) -> int | None:
    return None if at is None else micros(at)
