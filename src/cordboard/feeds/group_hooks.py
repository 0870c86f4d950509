"""The hooks of groups: a URL is told of each event that it wants to know, signed as callbacks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from cordboard.calls.owing import Owed
from cordboard.directory.snapshot import Directory
from cordboard.feeds.delivery import Courier, Terms
from cordboard.feeds.outbound import UnusableUrl, usable_url
from cordboard.journal.outbox import Attempt


class GroupHooks:
    """Delivers by ``courier`` what hooks are owed. Their secrets are those that the directory of
    the moment has; one that is there no more gets nothing."""

    def __init__(
        self,
        courier: Courier,
        directory: Callable[[], Directory],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._courier = courier
        self._directory = directory
        self._wall = wall

    async def deliver(self, one: Owed, _attempts: int) -> Attempt:
        """Try once; raises :class:`~cordboard.feeds.slots.NoRoom`."""
        tenant = self._directory().tenant(one.tenant)
        group = None if tenant is None else tenant.group_by_name(one.account)
        hook = None if group is None else group.integrations.hook
        if tenant is None or hook is None:
            return Attempt(self._wall(), None, "the group has no hook any more", -1.0)
        try:
            url = usable_url(one.url)
        except UnusableUrl as error:
            return Attempt(self._wall(), None, f"the URL {error}", -1.0)
        terms = Terms(hook.secrets, tenant.policy.callbacks_inside)
        return await self._courier.attempt(one.id, url, rendered(one), terms)


def rendered(one: Owed) -> bytes:
    """What a hook is told: the event as feeds tell it, and whose it is."""
    event = one.event
    told = {
        "type": event.kind.value,
        "group": one.account,
        "seq": one.seq,
        "at": one.at,
        "call": one.call,
        "external_id": one.external_id,
        "leg": None if event.leg is None else event.leg.value,
        "channel": event.channel,
        "data": dict(event.data),
    }
    return json.dumps(told, separators=(",", ":")).encode("ascii")
