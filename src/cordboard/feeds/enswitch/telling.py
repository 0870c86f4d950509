"""Tells customers of their calls: web URLs by the requests that they describe, ``events_url`` by a
form for each event (vendor facts, 6). What happened is told as it was when it did."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from cordboard.calls.events import EventKind, Json
from cordboard.calls.owing import Owed
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.webhooks import Webhook
from cordboard.feeds.delivery import Courier, Manner, Terms
from cordboard.feeds.enswitch.happenings import TOLD_AS
from cordboard.feeds.enswitch.sides import PHONE
from cordboard.feeds.enswitch.templates import filled, in_body, in_header, in_url
from cordboard.feeds.enswitch.told_call import Row, ToldCall, unix
from cordboard.feeds.outbound import UnusableUrl, usable_url
from cordboard.journal.outbox import Attempt
from cordboard.journal.port import Journal

FORM: Final = Manner("POST", {"Content-Type": "application/x-www-form-urlencoded"})


class Telling:
    """Delivers by ``courier``; what happened is asked of ``journal``, and ``node`` is the server's
    name."""

    def __init__(
        self,
        courier: Courier,
        journal: Journal,
        directory: Callable[[], Directory],
        node: str,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._courier = courier
        self._journal = journal
        self._directory = directory
        self._node = node
        self._wall = wall

    async def tell_webhook(self, one: Owed, _attempts: int) -> Attempt:
        """Make the request that a web URL describes; raises
        :class:`~cordboard.feeds.slots.NoRoom`."""
        tenant = self._directory().tenant(one.tenant)
        hook = None if tenant is None else tenant.webhook(one.account)
        fields = None if tenant is None else await self._fields(tenant, one)
        if tenant is None or hook is None or fields is None:
            return self._never("the webhook or its call is gone")
        name = str(one.event.data.get(TOLD_AS))
        fields |= {"status": name, "event": name, "timestamp": f"{one.at:.6f}"}
        manner = Manner(hook.method.value, _headers(hook, fields))
        body = filled(hook.body or "", fields, in_body(hook.content_type)).encode(
            "utf-8", "replace"
        )
        return await self._try(one, tenant, filled(one.url, fields, in_url), body, manner)

    async def tell_customer(self, one: Owed, _attempts: int) -> Attempt:
        """Post an event's fields, where any reply is as good; raises
        :class:`~cordboard.feeds.slots.NoRoom`."""
        tenant = self._directory().tenant(one.tenant)
        fields = None if tenant is None else await self._fields(tenant, one)
        if tenant is None or fields is None:
            return self._never("the customer or its call is gone")
        said = {
            "class": "call",
            "event": str(one.event.data.get(TOLD_AS)),
            "timestamp": f"{one.at:.6f}",
            **fields,
        }
        body = urlencode(said, errors="replace").encode("ascii")
        attempt = await self._try(one, tenant, one.url, body, FORM)
        return replace(attempt, taken=attempt.status is not None)

    async def _try(
        self, one: Owed, tenant: TenantDirectory, text: str, body: bytes, manner: Manner
    ) -> Attempt:
        try:
            url = usable_url(text)
        except UnusableUrl as error:
            return self._never(f"the URL {error}")
        terms = Terms(inside=tenant.policy.callbacks_inside)
        return await self._courier.attempt(one.id, url, body, terms, manner)

    def _never(self, why: str) -> Attempt:
        return Attempt(self._wall(), None, why, -1.0)

    async def _fields(self, tenant: TenantDirectory, one: Owed) -> Row | None:
        """What is known of the call or the agent at the time of the event."""
        event = one.event
        if not event.call:
            return self._of_agent(tenant, one)
        record = await self._journal.call(one.tenant, event.call)
        if record is None:
            return None
        events = await self._journal.events_of(one.tenant, event.call)
        if event.kind is not EventKind.CALL_ENDED:
            record = replace(record, ended_at=None, result=None)
        known = [told for told in events if one.seq is None or told.seq <= one.seq]
        call = ToldCall(record, known, tenant, self._node)
        fields = call.fields()
        if event.leg is not None:
            leg = call.row(event.leg)
            fields |= {name: leg[name] for name in _OF_LEG}
        return fields | self._of_queue(tenant, one)

    def _of_queue(self, tenant: TenantDirectory, one: Owed) -> Row:
        """The queue, the agent and the reason that an event names."""
        group, agent = _named(one.event.data.get("group")), one.event.data.get("agent")
        user = tenant.user_by_name(_named(agent))
        found = {
            "queue": group,
            "agent": _named(agent),
            "agent_extension": "" if user is None else user.extension or user.name,
            "reason": str(one.event.data.get("reason") or ""),
        }
        return {name: said for name, said in found.items() if said}

    def _of_agent(self, tenant: TenantDirectory, one: Owed) -> Row:
        """What is told of an agent who has logged in, or made a pause."""
        name = _named(one.event.data.get("user"))
        user = tenant.user_by_name(name)
        extension = name if user is None else user.extension or user.name
        customer = str(tenant.policy.customer)
        return {
            "start": unix(one.at),
            "server": self._node,
            "machine": self._node,
            "stype": PHONE,
            "snumber": extension,
            "snumber_name": name,
            "extension": extension,
            "agent": name,
            "agent_extension": extension,
            "callername": name if user is None else user.label,
            "customer": customer,
            "scustomer": customer,
            **self._of_queue(tenant, one),
        }


_OF_LEG: Final = ("uniqueid", "channel", "peer", "dtype", "dnumber", "dnumber_name")
"""What an event of a leg tells of that leg."""


def _headers(hook: Webhook, fields: Row) -> dict[str, str]:
    headers = {name: filled(said, fields, in_header) for name, said in hook.headers}
    if hook.body is not None:
        headers.setdefault("content-type", hook.content_type)
    return headers


def _named(thing: Json) -> str:
    return str(thing.get("name") or "") if isinstance(thing, dict) else ""
