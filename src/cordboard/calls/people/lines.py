"""Who waits for which group: the lines of all groups, in the order in which the callers came.

Theory of operation. A call joins the line of a group when its caller reaches it, keeps its place
while somebody is rung for it, and leaves when it is answered or over. Somebody who becomes free is
for whoever has waited longest and for whom nobody is rung just now, over all lines of a tenant that
he belongs to. Nobody who comes later gets him: who is not first in his line finds nobody free while
another one before him waits idle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

from cordboard.calls.events import Json

_Line = tuple[str, int]
"""A tenant and the id of a group of his."""


@dataclass(slots=True)
class Caller:
    """A call in a line, and the ``party`` of it that waits, as events show it, on its ``channel``
    (None: not answered yet). ``since`` is in monotonic seconds, ``order`` counts all who ever came,
    ``served`` tells whether somebody is rung for it."""

    call: str
    tenant: str
    group: int
    since: float
    order: int
    party: Json = None
    channel: str | None = None
    served: bool = False


class Lines:
    """The lines of all tenants."""

    def __init__(self) -> None:
        self._lines: dict[_Line, dict[str, Caller]] = {}
        self.callers: dict[str, Caller] = {}
        self._order = count()

    def join(
        self,
        tenant: str,
        group: int,
        call: str,
        places: int,
        now: float,
        *,
        party: Json = None,
        channel: str | None = None,
    ) -> int | None:
        """A call joins a line; its place, from 1, or None where all ``places`` are taken."""
        line = self._lines.get((tenant, group))
        if line is not None and len(line) >= places:
            return None
        caller = Caller(call, tenant, group, now, next(self._order), party, channel)
        self.callers[call] = self._lines.setdefault((tenant, group), {})[call] = caller
        return len(self._lines[tenant, group])

    def leave(self, call: str) -> Caller | None:
        """A call waits no longer; who it was, None for one that was in no line."""
        caller = self.callers.pop(call, None)
        if caller is not None:
            key = (caller.tenant, caller.group)
            del self._lines[key][call]
            if not self._lines[key]:
                del self._lines[key]
        return caller

    def serve(self, call: str, served: bool) -> None:
        """Somebody is rung for a call now, or no longer."""
        caller = self.callers.get(call)
        if caller is not None:
            caller.served = served

    def place(self, call: str) -> int | None:
        """The place of a call in its line, from 1."""
        caller = self.callers.get(call)
        if caller is None:
            return None
        line = self._lines[caller.tenant, caller.group]
        return next(place for place, one in enumerate(line, 1) if one == call)

    def must_stand_back(self, call: str) -> bool:
        """Whether somebody waits idle before a call."""
        caller = self.callers.get(call)
        if caller is None:
            return False
        for one in self._lines[caller.tenant, caller.group].values():
            if one is caller:
                return False
            if not one.served:
                return True
        return False

    def idle(self, tenant: str) -> list[Caller]:
        """The callers of a tenant for whom nobody is rung, who came first first."""
        found = [one for line in self._of(tenant) for one in line.values() if not one.served]
        return sorted(found, key=lambda one: one.order)

    def serve_idle(self, tenant: str, wake: Callable[[str], None]) -> bool:
        """Have the calls look whether somebody is free for whom nobody is rung, who came first
        first; whether anybody goes on waiting so. ``wake`` has one call look."""
        in_vain: set[int] = set()
        for caller in self.idle(tenant):
            if caller.group not in in_vain:
                wake(caller.call)
                if not caller.served:
                    in_vain.add(caller.group)
        return bool(in_vain)

    def line(self, tenant: str, group: int) -> tuple[Caller, ...]:
        """Who is in a line, in its order."""
        return tuple(self._lines.get((tenant, group), {}).values())

    def each(self) -> Iterator[tuple[str, int, tuple[Caller, ...]]]:
        """The lines in which anybody is: tenant, group, callers."""
        for (tenant, group), line in self._lines.items():
            yield tenant, group, tuple(line.values())

    def _of(self, tenant: str) -> list[dict[str, Caller]]:
        return [line for (whose, _), line in self._lines.items() if whose == tenant]
