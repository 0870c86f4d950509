"""Who follows a tenant's events, as a client of the feed would."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

from cordboard.feeds.following import Feed, Follower, Wish
from cordboard.feeds.messages import Message
from support.tenants import DOMAIN

SOON = 5.0  # s


def told(messages: list[Message]) -> list[dict[str, Any]]:
    """The bodies of messages."""
    return [json.loads(message.body) for message in messages]


class Client:
    """Keeps what it was told: the numbers of its events, and the calls that live by that."""

    def __init__(self, feed: Feed, tenant: str = DOMAIN) -> None:
        self._feed = feed
        self._tenant = tenant
        self.cursor: str | None = None
        self.events: list[dict[str, Any]] = []
        self.snapshots: list[dict[str, Any]] = []
        self.living: set[str] = set()
        self.resyncs: list[str] = []
        self.ends: list[str] = []
        self._parts: list[dict[str, Any]] = []
        self._agents: list[dict[str, Any]] = []

    @property
    def numbers(self) -> list[int]:
        """The sequence numbers seen."""
        return [event["seq"] for event in self.events]

    async def follow(self, until: int, *, cut_after: int | None = None) -> None:
        """Follow until the event with a number is seen; or, as a connection that is lost, take only
        so many messages, of which the last may be in the middle of what was sent at once."""
        if self._has(until):
            return
        follower = self._feed.follow(self._tenant, Wish(after=self.cursor))
        try:
            await self._take(follower, until, cut_after)
        finally:
            self._feed.leave(follower)

    async def _take(self, follower: Follower, until: int, cut_after: int | None) -> None:
        taken = 0
        async with asyncio.timeout(SOON), aclosing(follower.messages()) as batches:
            async for batch in batches:
                for message in batch:
                    if taken == cut_after:
                        return
                    taken += 1
                    self.take(message)
                if self.ends or self._has(until):
                    return

    def _has(self, until: int) -> bool:
        return self.cursor is not None and int(self.cursor.rpartition(":")[2]) >= until

    def take(self, message: Message) -> None:
        """One message came."""
        self._understand(json.loads(message.body))
        self.cursor = message.cursor or self.cursor

    def _understand(self, body: dict[str, Any]) -> None:
        match body["type"]:
            case "event":
                self.events.append(body)
                if body["kind"] == "call.accepted":
                    self.living.add(body["call"])
                elif body["kind"] == "call.ended":
                    self.living.discard(body["call"])
            case "snapshot":
                self._parts += body["calls"]
                self._agents += body["agents"]
                if not body["more"]:
                    whole = {**body, "calls": self._parts, "agents": self._agents}
                    self.snapshots.append(whole)
                    self.living = {call["id"] for call in self._parts}
                    self._parts, self._agents = [], []
            case "resync":
                self.resyncs.append(body["reason"])
            case "end":
                self.ends.append(body["reason"])
