"""Whether one more call may begin, and when: by how late the server is, and by what it carries.

A server that takes whatever comes falls behind everybody at once: answers come late, phones repeat
what they sent, and the repeats are more work still. So whoever wants to begin something new waits
for his turn while the server is busy with what lives, and is refused, early and cheaply, where that
would take too long.

Two counts have a limit: the legs that live and the callbacks that are owed. Where one is reached
there has to be some room below it before the next call begins.

For the rest nobody knows how many calls a second a server can bear, and nobody has to: in each turn
of the event loop a few calls begin, and the turn takes as long as all has that lives meanwhile. A
loop with little to do comes round at once and lets hundreds of calls begin in a second; one with
much to do comes round later, and fewer do. Who comes meanwhile waits, first come, first served. A
burst is worked off so, and nobody is refused for it; what is more than the server can bear makes
the queue grow (as in Facebook's "Fail at Scale", ACM Queue 13/8, which has it from CoDel, RFC
8289)::

    state   what happens                              then
    OPEN    who came first has waited for PATIENCE    FULL: the next is refused, and each that comes
                                                      while the first has waited for IMPATIENCE
    any     the loop is late for two rounds of looks  SLOWED: as FULL, and fewer a second begin than
                                                      did lately, and fewer still if that is not
                                                      enough; then a few more by and by
    FULL,   nobody was refused for a second, and
    SLOWED  the loop is on time                       OPEN

SLOWED is for what calls cost later: who answers in half a minute, and talks for three, is work that
those brought who began long before, and turns that get longer do not tell of it in time.

Nothing here reads a clock or waits; ``now`` is in monotonic seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum
from statistics import median
from typing import Final

from cordboard.calls.overload_limits import NO_LIMITS, Ceiling, OverloadLimits, Strain

LOOK_SECONDS: Final = 0.02
"""Between two looks at the loop; one costs 20 µs."""

LOOKS_A_ROUND: Final = 5
"""Looks that are judged together, by their median: one that the garbage collector or a neighbour
delayed is no overload."""

PLACES_A_TURN: Final = 4
"""Calls that begin in one turn of the loop. Each makes turns longer by the most of what a call
takes, 2 to 3 ms; with fewer those wait a little who come two at a time to a server with room for
them."""

PATIENCE: Final = 0.25
"""Seconds: the work of some 70 calls that came at once. Nobody notices whose phone rings so much
later, and no client gives up."""

IMPATIENCE: Final = 0.05
"""Seconds, while more is wanted than can be done: a queue that stands for long serves nobody, and
only makes everybody late. As much as several turns, so that there is always somebody to begin."""

MOST_WAITING: Final = 128
"""Who may wait at all: what comes within one moment makes nobody wait for PATIENCE, and may be more
than is worked off in half a second."""

LONGEST_WAIT: Final = 1.0
"""Seconds after which who waits begins in any case: he was not refused when that was in time."""

LEAST_RATE: Final = 10.0
"""Calls a second that begin however late it is: so few are not what makes it late."""

SECONDS_JUDGED: Final = 2.0
"""Over which it is seen how many began lately: longer than a short call takes with all that it
brings."""

CUT: Final = 0.9
"""What is left of the rate at which they began lately when the loop is late."""

CUT_SECONDS: Final = 1.0
"""Between two cuts: an earlier one shows by then."""

RISE: Final = 0.1
QUICK_RISE: Final = 0.5
"""By which share the rate rises in a second, and how fast where the loop is not late by half of
what it may be."""

CALM_SECONDS: Final = 1.0
"""Without a refusal before nobody is refused so soon any more: whoever refuses no one for so long
bears what is wanted."""

BURST: Final = 2.0
"""Calls that may begin at once at a limited rate. With a single one, whoever comes evenly and a
little too early would always find less than that."""

Begin = Callable[[], None]
"""Has somebody begin who waited; it is handed back, never called here."""


class State(Enum):
    """How the server stands."""

    OPEN = "open"
    FULL = "full"
    SLOWED = "slowed"


class Happening(Enum):
    """What makes it stand otherwise."""

    REFUSED = "refused"
    LATE = "late"
    CALM = "calm"


_NEXT: Final = {
    (State.OPEN, Happening.REFUSED): State.FULL,
    (State.OPEN, Happening.LATE): State.SLOWED,
    (State.FULL, Happening.LATE): State.SLOWED,
    (State.SLOWED, Happening.LATE): State.SLOWED,
    (State.FULL, Happening.CALM): State.OPEN,
    (State.SLOWED, Happening.CALM): State.OPEN,
}


class Overload:
    """Judges one server, and keeps the queue of who waits for his turn.

    It is told by :meth:`look` how late the loop is, each :data:`LOOK_SECONDS`. Who wants to begin
    is asked about by :meth:`strain`, and taken by :meth:`enter` or counted by :meth:`refuse`;
    :meth:`turn` says in each turn of the loop who begins.
    """

    __slots__ = (
        "_began",
        "_callbacks",
        "_cut_at",
        "_held",
        "_late",
        "_legs",
        "_limits",
        "_looks",
        "_places",
        "_refused_at",
        "_tokens",
        "_tokens_at",
        "_waiting",
        "rate",
        "refused",
        "state",
    )

    def __init__(self, limits: OverloadLimits = NO_LIMITS) -> None:
        self._limits = limits
        self.state = State.OPEN
        self.rate: float | None = None
        """Calls a second that may begin; None: as many as the loop lets."""
        self.refused: dict[Strain, int] = dict.fromkeys(Strain, 0)
        """Who was refused so far, by what for."""
        self._legs, self._callbacks = Ceiling(), Ceiling()
        self._waiting: deque[tuple[float, Begin | None]] = deque()
        self._places = PLACES_A_TURN
        self._began: deque[float] = deque()
        self._looks: list[float] = []
        self._late = 0.0  # in the last round, as a share of the limit
        self._held = False  # by the journal's commit
        self._refused_at = self._cut_at = self._tokens_at = 0.0
        self._tokens = 0.0

    def follow(self, limits: OverloadLimits) -> None:
        """Judge by other limits from now on."""
        self._limits = limits
        if not limits.lag:
            self.state, self.rate = State.OPEN, None
        self._held = self._held and limits.commit > 0

    @property
    def strained(self) -> bool:
        """Whether new calls are limited now."""
        held = self._held and bool(self._waiting)
        return self.state is not State.OPEN or held or self._legs.reached or self._callbacks.reached

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def look(self, now: float, lag: float, commit: float, callbacks: int) -> None:
        """The loop was ``lag`` seconds late now, the journal is at a commit for ``commit`` seconds,
        and so many callbacks are owed."""
        limits = self._limits
        self._callbacks.look(callbacks, limits.callbacks)
        self._held = 0 < limits.commit < commit
        self._looks.append(lag)
        if len(self._looks) == LOOKS_A_ROUND:
            before, self._late = self._late, _share(median(self._looks), limits.lag)
            self._looks.clear()
            if min(before, self._late) > 1.0:
                self._happens(Happening.LATE, now)
        if self._late <= 1.0 and now - self._refused_at > CALM_SECONDS:
            self._happens(Happening.CALM, now)

    def burden(self, legs: int) -> Strain | None:
        """What of all that is carried is too much for one more call, where ``legs`` live."""
        if self._legs.look(legs, self._limits.live_legs):
            return Strain.LIVE_LEGS
        return Strain.CALLBACKS if self._callbacks.reached else None

    def strain(self, now: float, legs: int) -> Strain | None:
        """What a call that wants to begin now would be refused for, where ``legs`` live; nothing is
        taken or counted by asking."""
        burden = self.burden(legs)
        if burden is not None or not self._waiting:
            return burden
        patience = PATIENCE if self.state is State.OPEN else IMPATIENCE
        if now - self._waiting[0][0] > patience or len(self._waiting) >= MOST_WAITING:
            return Strain.COMMIT if self._held else Strain.LAG
        return None

    def refuse(self, strain: Strain, now: float) -> None:
        """Somebody was refused for it."""
        self.refused[strain] += 1
        if strain in (Strain.LAG, Strain.COMMIT):
            self._refused_at = now
            self._happens(Happening.REFUSED, now)

    def enter(self, now: float, begin: Begin | None) -> bool:
        """Somebody wants to begin: whether he may at once; else :meth:`turn` hands ``begin`` back
        when it is his turn. None: he can't wait, and begins, but takes a place as others do."""
        if not self._limits.lag and not self._limits.commit:
            return True
        if self._places > 0 and not self._waiting and self.rate is None and not self._held:
            self._places -= 1
            self._begins(now)
            return True
        self._waiting.append((now, begin))
        return False

    def turn(self, now: float) -> list[Begin]:
        """A turn of the event loop begins: who may begin in it of those who wait."""
        beginning: list[Begin] = []
        self._places = PLACES_A_TURN
        for _ in range(min(self._places_now(now), len(self._waiting))):
            _, begin = self._waiting.popleft()
            self._places -= 1
            self._tokens -= 1.0
            self._begins(now)
            if begin is not None:
                beginning.append(begin)
        return beginning

    @property
    def turns(self) -> bool:
        """Whether the next turn of the loop is of interest: somebody waits, or has begun."""
        return bool(self._waiting) or self._places < PLACES_A_TURN

    @property
    def slow(self) -> bool:
        """Whether who waits does so for more than the next turn of the loop."""
        return self.rate is not None or self._held

    def _places_now(self, now: float) -> int:
        rate = LEAST_RATE if self._held else self.rate
        overdue = self._waiting and now - self._waiting[0][0] > LONGEST_WAIT
        if rate is None or overdue:
            return PLACES_A_TURN
        passed, self._tokens_at = now - self._tokens_at, now
        self._tokens = min(BURST, self._tokens + passed * rate)
        if self.rate is not None and self._late <= 1.0:
            rise = RISE if self._late > 0.5 else QUICK_RISE
            self.rate *= 1.0 + rise * min(passed, 1.0)
        return int(max(0.0, min(PLACES_A_TURN, self._tokens)))

    def _begins(self, now: float) -> None:
        began = self._began
        began.append(now)
        while began[0] < now - SECONDS_JUDGED:
            began.popleft()

    def _happens(self, happening: Happening, now: float) -> None:
        following = _NEXT.get((self.state, happening))
        if following is None:
            return
        if following is State.OPEN:
            self.rate = None
        elif happening is Happening.LATE and now - self._cut_at > CUT_SECONDS:
            if self.rate is None:
                self._tokens, self._tokens_at = BURST, now  # who comes alone is not to blame
            lately = sum(1 for at in self._began if at > now - SECONDS_JUDGED) / SECONDS_JUDGED
            self.rate, self._cut_at = max(LEAST_RATE, lately * CUT), now
        self.state = following


def _share(value: float, limit: float) -> float:
    return value / limit if limit > 0 else 0.0
