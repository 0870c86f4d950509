"""What the outside parties of one call cost while it runs: slices, renewals, the cut, the end.

Theory. A *metered* party is one whose talking is charged. It is known by the name of its charge,
for a leg may have two at a time, one who leaves and one who comes in his place.

    begin      before he is dialled: the first slice, or a refusal
    answered   his seconds run from now on
    due        the slice is nearly over: the next one, which may be the last
    end        he is gone, or was never reached: what he has cost

The call ends where the earliest of all last slices does (``cut_at``). It holds no clock: its owner
calls ``due`` at the ``deadline``, and ends the call at ``cut_at``.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.charged import charged_event, reserved_event
from cordboard.calls.credit import Charge, Credit, Slice
from cordboard.calls.events import CallEvent
from cordboard.calls.prices import whole_seconds
from cordboard.calls.request import Leg


class _Metered:
    """A party: what it may talk, and since when it does."""

    __slots__ = ("answered_at", "charge", "leg", "slice")

    def __init__(self, leg: Leg, charge: Charge, first: Slice) -> None:
        self.leg = leg
        self.charge = charge
        self.slice = first
        self.answered_at: float | None = None

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


class Meter:
    """The metered parties of ``call``; what happens to them is written to its log. Times are the
    caller's monotonic seconds."""

    __slots__ = ("_begun", "_call", "_credit", "_parties", "_write", "spent")

    def __init__(self, call: str, credit: Credit, write: Callable[[CallEvent], None]) -> None:
        self._call = call
        self._credit = credit
        self._write = write
        self._begun = 0
        self._parties: dict[str, _Metered] = {}
        self.spent = 0
        """What those have cost that have ended, in millionths."""

    def __bool__(self) -> bool:
        return bool(self._parties)

    def begin(self, leg: Leg, charge: Charge) -> str:
        """A party of a leg is about to be dialled; the name of its charge. Raises
        :class:`~cordboard.calls.credit.NoCredit`."""
        name = f"{self._call}/{self._begun + 1}"
        first = self._credit.reserve(name, charge)
        self._begun += 1
        self._parties[name] = _Metered(leg, charge, first)
        self._tell(name)
        return name

    def answered(self, name: str, now: float) -> None:
        """It has answered, be it that it is screened first; only the first time counts."""
        party = self._parties.get(name)
        if party is not None and party.answered_at is None:
            party.answered_at = now

    def due(self, now: float) -> None:
        """Have slices renewed whose time has come."""
        for name, party in self._parties.items():
            while (at := party.renewed_at) is not None and at <= now:
                party.slice = self._credit.renew(name)
                self._tell(name)

    def end(self, name: str, now: float) -> None:
        """It is gone; a second time changes nothing."""
        party = self._parties.pop(name, None)
        if party is None:
            return
        began = party.answered_at
        settled = self._credit.settle(name, None if began is None else whole_seconds(now - began))
        assert settled is not None  # reserved under this name, and popped once
        self.spent += settled.amount
        self._write(charged_event(self._call, party.leg, name, settled))

    def end_all(self, now: float) -> None:
        """The call is over."""
        for name in list(self._parties):
            self.end(name, now)

    @property
    def deadline(self) -> float | None:
        """When :meth:`due` wants to be called."""
        return min(
            (at for one in self._parties.values() if (at := one.renewed_at) is not None),
            default=None,
        )

    @property
    def cut_at(self) -> float | None:
        """When the call has to end, as far as that is known by now."""
        return min(
            (at for one in self._parties.values() if (at := one.cut_at) is not None), default=None
        )

    def _tell(self, name: str) -> None:
        party = self._parties[name]
        self._write(reserved_event(self._call, party.leg, name, party.charge.payer, party.slice))
