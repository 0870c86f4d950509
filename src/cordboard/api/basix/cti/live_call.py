"""A call that is alive, with its channels as the CTI WebSocket shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cordboard.api.basix.cti.channel_line import ChannelLine, Party, end_user_of
from cordboard.api.basix.cti.channel_states import RINGING, calling, parked
from cordboard.api.basix.cti.deltas import Delta
from cordboard.api.basix.cti.elements import Change, Element, Row, text
from cordboard.api.basix.cti.end_users import percent
from cordboard.api.basix.cti.event_values import Told, as_dict, as_text, id_in
from cordboard.calls.events import Json, Recorded
from cordboard.calls.request import Direction, Leg
from cordboard.directory.snapshot import TenantDirectory

AUTO_ANSWER: Final = b"auto_answer"
"""The tag of a channel whose phone is asked to answer by itself, as the vendor's web phone does."""

OTHER: Final = {Leg.FIRST: Leg.SECOND, Leg.SECOND: Leg.FIRST}

NAMES: Final = {leg: leg.value for leg in Leg}
"""Where events have what is of a leg."""

_NOBODYS: Final[frozenset[int]] = frozenset()


@dataclass(slots=True)
class LiveCall:
    """How a call came about, its parties, its channels that are there, of each leg the one that has
    answered or called, and those that wait, for what and since when."""

    origination: bytes | None
    group: int | None
    parties: dict[Leg, Party]
    lines: dict[str, ChannelLine] = field(default_factory=dict)
    talking: dict[Leg, str] = field(default_factory=dict)
    waiting: dict[str, tuple[Row, float]] = field(default_factory=dict)

    def is_to_reach(self, leg: Leg, party: Told) -> None:
        """A leg's party is this one from now on."""
        if party != self.parties[leg].told:
            self.parties[leg] = Party(party)

    def line_of(self, leg: Leg) -> ChannelLine | None:
        """The channel of a leg that others are called for."""
        return self.lines.get(self.talking.get(leg, ""))

    def told(self, line: ChannelLine, change: Change) -> Delta:
        """What has become of a channel. Its column ``other_info`` tells of the other channel, or of
        whom it is to be."""
        leg = OTHER[line.leg]
        other = self.lines.get(line.other or "") or self.line_of(leg)
        row = line.row(self.parties[leg].info() if other is None else other.summary())
        users = _NOBODYS if line.user is None else frozenset((line.user,))
        return Delta(Element.CHANNEL, change, line.uuid, row, users)


def accepted_call(recorded: Recorded) -> LiveCall:
    """A call by its first event. What ``origination`` says of the API call is our choice: method,
    id of the call, and the client's own id where it gave one."""
    data = recorded.event.data
    said = [data.get("method"), recorded.event.call, data.get("external_id")]
    asked = data.get("direction") == Direction.REQUEST.value
    group = as_dict(data.get("group")).get("id")
    return LiveCall(
        percent([one for one in said if one is not None]) if asked else None,
        group if isinstance(group, int) else None,
        {leg: Party(as_dict(data.get(name))) for leg, name in NAMES.items()},
    )


class House:
    """What of the directory makes columns; it may be another one from one event to the next."""

    def __init__(self, tenant: Callable[[], TenantDirectory]) -> None:
        self._tenant = tenant

    def channel(
        self, call: LiveCall, leg: Leg, recorded: Recorded, *, inbound: bool
    ) -> ChannelLine:
        """A new channel of a call, by the event of its beginning."""
        event = recorded.event
        line = self.arrived(call, leg, recorded, event.channel or "")
        line.inbound = inbound
        if event.data.get("auto_answer") is True:
            line.tags = AUTO_ANSWER
        line.calling_name = as_text(event.data.get("caller_name"))
        line.calling_number = as_text(event.data.get("caller_number"))
        return line

    def arrived(self, call: LiveCall, leg: Leg, recorded: Recorded, uuid: str) -> ChannelLine:
        """A channel of a call, as far as an event tells of it that names its party."""
        data = recorded.event.data
        party = as_dict(data.get("party"))
        outside = data.get("trunk") is not None or ("endpoint" not in data and _is_outside(party))
        group, number = id_in(party, "group"), as_text(party.get("number"))
        line = call.lines[uuid] = ChannelLine(
            uuid=uuid,
            leg=leg,
            inbound=False,
            outside=outside,
            offered_at=recorded.at,
            number=number,
            calling_name="",
            calling_number="",
            called_number=number,
            doing=RINGING,
            since=recorded.at,
            user=self._owner(data.get("endpoint"), party, outside=outside),
            group=call.group if group is None else group,
            end_user=end_user_of(party) if outside else None,
        )
        return line

    def _owner(self, endpoint: Json, party: Told, *, outside: bool) -> int | None:
        """Whose phone an endpoint is."""
        name = as_text(endpoint).partition("@")[0]
        terminal = None if outside else self._tenant().terminal(name)
        return id_in(party, "user") if terminal is None else terminal.user_id

    def parked(self, other: ChannelLine | None) -> Row:
        """The state of a channel that a client holds, by whom it was talking with."""
        user = None if other is None or other.user is None else other.user
        return parked(None if user is None else self._tenant().user_by_id(user))

    def calling(self, party: Told) -> Row:
        """The state of a channel that waits for a party."""
        number = id_in(party, "group")
        group = None if number is None else self._tenant().group_by_id(number)
        return calling(party, None if group is None else group.kind)


def _is_outside(party: Told) -> bool:
    return party.get("kind") == "number"


def target_of(party: Told, dialled: str) -> Row | None:
    """``{Type, Id, Name, Address}`` of whom a channel that was offered to us is for."""
    kind = as_text(party.get("kind"))
    number = id_in(party, kind)
    if number is None or kind not in ("user", "group"):
        return None
    return (text(kind), number, text(party.get("name")), text(dialled))
