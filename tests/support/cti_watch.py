"""Somebody who follows a house by CTI frames, and checks after every event that what he has made of
them is what v1 says of the same moment."""

from __future__ import annotations

from typing import Any

from cordboard.api.basix.cti.projection import Projection
from cordboard.api.basix.cti.telling import greeting, told
from cordboard.calls.events import EventKind, Json, Recorded
from cordboard.feeds.live_call import live_call
from cordboard.journal.port import CallRecord
from support.cti_store import CtiStore
from support.quick_house import QuickHouse
from support.tenants import DOMAIN

AT_ONCE = 10_000


class CtiWatch:
    """A projection, and a store that is fed by its frames alone."""

    def __init__(self, house: QuickHouse) -> None:
        self._house = house
        self.projection = self.anew()
        self.store = CtiStore()
        for frame in greeting(self.projection):
            self.store.take(frame)
        self._reader = house.journal.read(DOMAIN, self.projection.cursor)
        self._passing: set[str] = set()
        self.merged = False
        """Whether a party has ever gone from one call to another."""
        self._calls: dict[str, list[Recorded]] = {
            record.id: list(events) for record, events in house.journal.snapshot(DOMAIN).calls
        }

    def anew(self) -> Projection:
        """What somebody knows who comes now."""
        tenant = self._house.directory.tenant(DOMAIN)
        assert tenant is not None
        journal = self._house.journal
        return Projection(tenant, journal.snapshot(DOMAIN), journal.forwardings(DOMAIN))

    async def catch_up(self) -> None:
        """Take all that is committed, one event after the other."""
        await self._house.journal.flush()
        for recorded in self._reader.at_hand(AT_ONCE):
            for delta in self.projection.take(recorded):
                self.store.take(told(delta))
            self._remember(recorded)
            self.agrees_with_v1()

    def _remember(self, recorded: Recorded) -> None:
        call, named = recorded.event.call, recorded.event.data.get("channels")
        if recorded.event.kind in (EventKind.CALL_MERGED, EventKind.CALL_TRANSFERRING):
            channels = map(str, named) if isinstance(named, list) else ()
            self.merged = self.merged or recorded.event.kind is EventKind.CALL_MERGED
            merged = recorded.event.kind is EventKind.CALL_MERGED
            self._passing = set(channels) if merged else set()
        if recorded.event.kind is EventKind.CALL_ENDED:
            del self._calls[call]
        elif call:
            self._calls.setdefault(call, []).append(recorded)

    def agrees_with_v1(self) -> None:
        """The same channels are alive, those that answered have, at the same endpoints."""
        alive: dict[str, dict[str, Json]] = {}
        for call, events in self._calls.items():
            record = CallRecord(call, DOMAIN, "", "", "", 0.0, ())
            shown = live_call(record, events)["channels"]
            assert isinstance(shown, list)
            alive |= {str(one["id"]): one for one in shown if isinstance(one, dict)}
        # What passes from one call to another, v1 shows in neither until the next event.
        assert self.store.channels.keys() - self._passing == alive.keys()
        for uuid, channel in self.store.channels.items():
            known = alive.get(uuid, {"endpoint": None})
            if known["endpoint"] is not None:  # else it came from another call
                answered = channel["answer_timestamp"] is not None
                assert answered == (known["state"] == "answered"), known
                outside = channel["peer_location"] == "external"
                assert outside == (known["trunk"] is not None)

    def of(self, uuid: Any) -> list[tuple[str, str]]:
        """What was told of a channel: event, and what happened."""
        told_of = [one for one in self.store.events if one[2].get("uuid") == uuid]
        return [(name, row["last_event"]) for element, name, row in told_of if element == "channel"]
