"""Following a tenant's events: a snapshot, then every event once and in order.

A follower is no more than a place in the log. Nothing is queued for it, so that a slow one costs
the others nothing; one that does not keep up is told so and goes on from its cursor when it can.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cordboard.calls.events import EventKind, Json, Recorded
from cordboard.calls.people.agents import AgentState, Place
from cordboard.feeds.live_call import live_call
from cordboard.feeds.messages import (
    Encoder,
    Message,
    Reason,
    alive_message,
    end_message,
    number_in,
    resync_message,
    snapshot_message,
)
from cordboard.journal.port import CallRecord, Journal, Reader, ResyncNeeded, Snapshot

HEARTBEAT_SECONDS: Final = 15.0
"""A word now and then keeps proxies from closing a silent stream (WHATWG HTML 9.2.7: 15 s)."""

AT_ONCE: Final = 64
"""Messages that are sent together: some 30 KB."""

CALLS_A_MESSAGE: Final = 50
"""Calls in one part of a snapshot: some 50 KB, which any WebSocket client takes."""

AGENTS_A_MESSAGE: Final = 500
"""Agents in one part of it: some 50 KB as well."""

MAX_BEHIND: Final = 5_000
"""Events that somebody who follows live may be behind: seconds of the heaviest load."""

MAX_FOLLOWERS: Final = 1_000
MAX_FOLLOWERS_OF_TENANT: Final = 200
"""Each takes a connection, a task and some 100 KB in the worst case."""


class TooManyFollowers(Exception):
    """There is no room for one more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a follower wants to know: of one call or all, some kinds or all, behind a cursor or from
    a snapshot on."""

    call: str | None = None
    kinds: frozenset[EventKind] | None = None
    after: str | None = None

    def wants(self, recorded: Recorded) -> bool:
        """Whether an event is asked for."""
        event = recorded.event
        return self.call in (None, event.call) and (self.kinds is None or event.kind in self.kinds)

    def wants_call(self, record: CallRecord) -> bool:
        """Whether a call is."""
        return self.call in (None, record.id)


def always() -> bool:
    """For a follower who may read whatever comes."""
    return True


class Follower:
    """One who follows a tenant; to be iterated once, by one task."""

    def __init__(
        self,
        journal: Journal,
        encoder: Encoder,
        tenant: str,
        wish: Wish,
        allowed: Callable[[], bool] = always,
        heartbeat: float = HEARTBEAT_SECONDS,
        max_behind: int = MAX_BEHIND,
    ) -> None:
        self._journal = journal
        self._encoder = encoder
        self.tenant = tenant
        self._wish = wish
        self._allowed = allowed
        self._heartbeat = heartbeat
        self._max_behind = max_behind
        self._seen: int | None = None
        self._caught_up = False
        self._checked = self._told_at = 0.0
        self._is_more_at_hand = False
        self._patience: asyncio.Timeout | None = None
        self._ending: Reason | None = None
        self.told: Reason | None = None
        """The reason of its last word, once that was said."""

    @property
    def cursor(self) -> str | None:
        """Where it goes on behind what it was told; None before it was told anything."""
        return None if self._seen is None else f"{self._journal.epoch}:{self._seen}"

    def end(self, reason: Reason) -> None:
        """Let it come to its last word soon."""
        self._ending = self._ending or reason
        if self._patience is not None and not self._patience.expired():
            self._patience.reschedule(asyncio.get_running_loop().time())

    async def messages(self) -> AsyncGenerator[list[Message], None]:
        """What to send, as much at once as there is; its last word is the end."""
        after = self._wish.after
        resync = None if after is None else self._unusable(after)
        if after is not None and resync is None:
            try:
                async for batch in self._deltas(self._read(after)):
                    yield batch
            except ResyncNeeded:
                resync = Reason.TOO_OLD
                if self._caught_up:
                    self.end(Reason.TOO_SLOW)
        if self._ending is None:
            if resync is not None:
                yield [resync_message(resync)]
            snapshot = self._journal.snapshot(self.tenant)
            reader = self._read(snapshot.cursor)  # at once, so that nothing comes between
            for part in self._parts(snapshot):
                yield [part]
            self._caught_up = True
            try:
                async for batch in self._deltas(reader):
                    yield batch
            except ResyncNeeded:
                self.end(Reason.TOO_SLOW)
        self.told = self._ending or Reason.GOING_DOWN
        yield [end_message(self.told, self.cursor)]

    def _unusable(self, cursor: str) -> Reason | None:
        """Why a cursor can't be continued, as far as that is plain at once."""
        epoch, number = number_in(cursor)
        if epoch != self._journal.epoch:
            return Reason.OTHER_EPOCH
        return Reason.IN_THE_FUTURE if number > self._journal.last_seq(self.tenant) else None

    def _read(self, cursor: str) -> Reader:
        self._seen = number_in(cursor)[1]
        return self._journal.read(self.tenant, cursor)

    def _parts(self, snapshot: Snapshot) -> Iterator[Message]:
        """A snapshot, in parts: whoever is cut between them has no cursor to go on from."""
        calls = [one for one in snapshot.calls if self._wish.wants_call(one[0])]
        agents = snapshot.agents if self._wish.call is None else ()
        parts = max(1, -(-len(calls) // CALLS_A_MESSAGE), -(-len(agents) // AGENTS_A_MESSAGE))
        for part in range(parts):
            first = part * CALLS_A_MESSAGE
            shown: list[Json] = [live_call(*one) for one in calls[first : first + CALLS_A_MESSAGE]]
            first = part * AGENTS_A_MESSAGE
            acted: list[Json] = [_agent(*one) for one in agents[first : first + AGENTS_A_MESSAGE]]
            yield snapshot_message(shown, acted, snapshot.cursor, more=part + 1 < parts)

    async def _deltas(self, reader: Reader) -> AsyncIterator[list[Message]]:
        """Events as they come, until there is a reason to end."""
        try:
            while not self._is_over():
                told = self._messages_of(await self._news(reader))
                if told:
                    yield told
        finally:
            await reader.aclose()

    def _is_over(self) -> bool:
        """Whether the follower is to be told its last word."""
        behind = self._journal.last_seq(self.tenant) - (self._seen or 0)
        if behind == 0:
            self._caught_up = True
        elif self._caught_up and behind > self._max_behind:
            self.end(Reason.TOO_SLOW)
        now = asyncio.get_running_loop().time()
        if now - self._checked >= self._heartbeat:
            self._checked = now
            if not self._allowed():
                self.end(Reason.NOT_ALLOWED)
        return self._ending is not None

    async def _news(self, reader: Reader) -> list[Recorded]:
        """The next events; none where there were none for a while, or it is to end."""
        if self._is_more_at_hand:
            await asyncio.sleep(0)  # others are to live as well
        try:
            async with asyncio.timeout(self._heartbeat) as self._patience:
                first = await anext(reader)
        except TimeoutError:
            return []
        finally:
            self._patience = None
        found = [first, *reader.at_hand(AT_ONCE - 1)]
        self._is_more_at_hand = len(found) == AT_ONCE
        self._seen = found[-1].seq
        return found

    def _messages_of(self, news: list[Recorded]) -> list[Message]:
        """What to tell of it. Who wants little is told now and then how far he is all the same, so
        that his cursor does not grow old."""
        told = [self._encoder.message(one) for one in news if self._wish.wants(one)]
        now = asyncio.get_running_loop().time()
        quiet = not told and self._ending is None
        if quiet and self.cursor and (not news or now - self._told_at >= self._heartbeat):
            told = [alive_message(self.cursor)]
        if told:
            self._told_at = now
        return told


class Feed:
    """All who follow: counted, bounded, and told when the server stops."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._encoder = Encoder()
        self._followers: set[Follower] = set()
        self._closed = False
        self.ended: Counter[Reason] = Counter()
        """How many came to their end for which reason."""

    def __len__(self) -> int:
        return len(self._followers)

    def follow(self, tenant: str, wish: Wish, allowed: Callable[[], bool] = always) -> Follower:
        """Let somebody follow a tenant until :meth:`leave`; raises :class:`TooManyFollowers`, or
        :class:`~cordboard.feeds.messages.MalformedCursor`."""
        if wish.after is not None:
            number_in(wish.after)
        of_tenant = sum(one.tenant == tenant for one in self._followers)
        if len(self._followers) >= MAX_FOLLOWERS or of_tenant >= MAX_FOLLOWERS_OF_TENANT:
            raise TooManyFollowers
        follower = Follower(self._journal, self._encoder, tenant, wish, allowed)
        self._followers.add(follower)
        if self._closed:
            follower.end(Reason.GOING_DOWN)
        return follower

    def leave(self, follower: Follower) -> None:
        """It follows no longer."""
        self._followers.discard(follower)
        self.ended[follower.told or Reason.LEFT] += 1

    def close(self) -> None:
        """Tell everybody that the server stops."""
        self._closed = True
        for follower in tuple(self._followers):
            follower.end(Reason.GOING_DOWN)


def _agent(place: Place, state: AgentState) -> dict[str, Json]:
    """An agent as he stands."""
    group, user = place
    told: dict[str, Json] = {"group": group, "user": user, "state": state.word}
    return {**told, "reason": state.reason, "since": state.since}
