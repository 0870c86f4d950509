"""Which calls overhear which: who is told when others talk in one, or nobody does."""

from __future__ import annotations

from dataclasses import dataclass, field

from cordboard.calls.planning.overhearing import too_many
from cordboard.calls.planning.talkers import Conversation
from cordboard.media.overhearing import MOST_EAVESDROPPERS


@dataclass(slots=True)
class Watched:
    talkers: Conversation | None
    by: dict[str, None] = field(default_factory=dict)


class Eavesdroppers:
    """By the ids of calls; ``watched`` are those that are overheard."""

    def __init__(self) -> None:
        self.watched: dict[str, Watched] = {}
        self._watching: dict[str, str] = {}

    def begin(self, by: str, watched: str, talkers: Conversation) -> None:
        """One call overhears another one, in which these talk, and no other any more; raises
        :class:`~cordboard.calls.refusals.Refused` where too many do."""
        before = self._watching.get(by)
        known = self.watched.get(watched)
        if before != watched and self.count(watched) >= MOST_EAVESDROPPERS:
            raise too_many()
        if before is not None and before != watched:
            self.forget(by)
        if known is None:
            known = self.watched[watched] = Watched(talkers)
        known.by[by] = None
        self._watching[by] = watched

    def count(self, call: str) -> int:
        """How many overhear a call."""
        known = self.watched.get(call)
        return 0 if known is None else len(known.by)

    def news(self, call: str, talkers: Conversation | None, *, over: bool) -> tuple[str, ...]:
        """Who is to be told, now that these talk in a call, or nobody does; once it is over nobody
        overhears it any more."""
        known = self.watched.get(call)
        if known is None or (talkers == known.talkers and not over):
            return ()
        known.talkers = talkers
        told = tuple(known.by)
        if over:
            for by in told:
                self.forget(by)
        return told

    def forget(self, by: str) -> None:
        """A call overhears nobody any more."""
        watched = self._watching.pop(by, None)
        if watched is None:
            return
        known = self.watched[watched]
        known.by.pop(by, None)
        if not known.by:
            del self.watched[watched]
