"""What the outside parties of one call cost while it runs: slices, renewals, the cut, the end.

Theory. A *metered* party is one whose talking is charged; his first slice was reserved before the
call knew of him. He is known by the name of his charge, and by his channel once he is dialled, for
a leg may have several at a time: phones that were redirected outside, or one who leaves and one who
comes in his place.

    expect     a leg of the call's plan, which may never be dialled
    dialled    he is called, on this channel; whoever was called on it before is not any more
    answered   his seconds run from now on, be it that he is screened first
    due        his slice is nearly over: the next one, which may be the last
    cut        his last slice is over
    ended      he is gone, or was never reached: what he has cost

It holds no clock: its owner calls ``due`` and ``take_cut`` at the ``deadline``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from cordboard.calls.charged import charged_event, reserved_event
from cordboard.calls.credit import Credit, PlannedCharge, Slice
from cordboard.calls.events import CallEvent
from cordboard.calls.prices import whole_seconds
from cordboard.calls.request import Leg


class Metered:
    """A party: what it may talk, and since when it does."""

    __slots__ = ("answered_at", "channel", "charge", "is_cut", "leg", "name", "slice")

    def __init__(self, leg: Leg, planned: PlannedCharge, held: Slice) -> None:
        self.leg = leg
        self.name = planned.name
        self.charge = planned.charge
        self.slice = held
        self.channel: str | None = None
        self.answered_at: float | None = None
        self.is_cut = False

    @property
    def renewed_at(self) -> float | None:
        """When it wants the next slice."""
        after = self.slice.renewed_at
        return None if after is None or self.answered_at is None else self.answered_at + after

    @property
    def cut_at(self) -> float | None:
        """When its last slice is over."""
        if not self.slice.last or self.slice.until is None or self.answered_at is None:
            return None
        return self.answered_at + self.slice.until

    @property
    def due_at(self) -> float | None:
        """When something is due."""
        return self.renewed_at if self.is_cut or not self.slice.last else self.cut_at


class Meter:
    """The metered parties of ``call``; what happens to them is written to its log. Times are the
    caller's monotonic seconds."""

    __slots__ = ("_call", "_credit", "_parties", "_write")

    def __init__(self, call: str, credit: Credit, write: Callable[[CallEvent], None]) -> None:
        self._call = call
        self._credit = credit
        self._write = write
        self._parties: dict[str, Metered] = {}

    def expect(self, leg: Leg, planned: PlannedCharge) -> None:
        """A leg is to be dialled when its time comes. That its slice is reserved is told by now."""
        self._add(leg, planned)

    def dialled(self, leg: Leg, planned: PlannedCharge, channel: str) -> None:
        """Somebody is called on a channel, perhaps over one more trunk."""
        party = self._parties.get(planned.name)
        if party is None:
            party = self._add(leg, planned)
            self._tell(party)
        if party.channel != channel:
            self.ended(channel, 0.0)  # who was to be called there before
            party.channel = channel

    def answered(self, channel: str, now: float) -> None:
        """Somebody has picked up; only the first time counts."""
        party = self._on(channel)
        if party is not None and party.answered_at is None:
            party.answered_at = now

    def due(self, now: float) -> None:
        """Have slices renewed whose time has come."""
        for party in self._parties.values():
            while (at := party.renewed_at) is not None and at <= now:
                party.slice = self._credit.renew(party.name)
                self._tell(party)

    def take_cut(self, now: float) -> list[str]:
        """The channels of those whose last slice is over; said once."""
        cut = [one for one in self._parties.values() if not one.is_cut and _passed(one.cut_at, now)]
        for party in cut:
            party.is_cut = True
        return [party.channel for party in cut if party.channel is not None]

    def ended(self, channel: str, now: float) -> None:
        """A channel is over; a second time changes nothing."""
        party = self._on(channel)
        if party is not None:
            self._end(party, now)

    def end_all(self, now: float) -> None:
        """The call is over."""
        for party in [*self._parties.values()]:
            self._end(party, now)

    def hand_out(self, channels: Iterable[str]) -> tuple[Metered, ...]:
        """Those on these channels go to another call, which settles them."""
        gone = tuple(one for one in map(self._on, channels) if one is not None)
        for party in gone:
            del self._parties[party.name]
        return gone

    def take_in(self, leg: Leg, parties: Iterable[Metered]) -> None:
        """They come from another call, and are of a leg of this one."""
        for party in parties:
            party.leg = leg
            self._parties[party.name] = party
            self._tell(party)

    @property
    def deadline(self) -> float | None:
        """When something is due."""
        return min(
            (at for one in self._parties.values() if (at := one.due_at) is not None), default=None
        )

    @property
    def cut_at(self) -> float | None:
        """When the first of them is cut off, as far as that is known by now."""
        return min(
            (at for one in self._parties.values() if (at := one.cut_at) is not None), default=None
        )

    def _add(self, leg: Leg, planned: PlannedCharge) -> Metered:
        party = Metered(leg, planned, self._credit.slice_of(planned.name))
        self._parties[planned.name] = party
        return party

    def _on(self, channel: str) -> Metered | None:
        return next((one for one in self._parties.values() if one.channel == channel), None)

    def _end(self, party: Metered, now: float) -> None:
        del self._parties[party.name]
        began = party.answered_at
        seconds = None if began is None else whole_seconds(now - began)
        settled = self._credit.settle(party.name, seconds)
        assert settled is not None  # reserved under this name, and taken out once
        self._write(charged_event(self._call, party.leg, party.channel, party.name, settled))

    def _tell(self, party: Metered) -> None:
        payer, held = party.charge.payer, party.slice
        answered = party.answered_at is not None
        self._write(
            reserved_event(self._call, party.leg, party.name, payer, held, answered=answered)
        )


def _passed(at: float | None, now: float) -> bool:
    return at is not None and at <= now
