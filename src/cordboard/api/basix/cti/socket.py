"""``/basix/api/ws_cti``: the WebSocket (RFC 6455) that the vendor's web apps live on.

Who asks is found out before anything is accepted, by HTTP Basic as for the methods. Then it is told
the messages of :mod:`~cordboard.api.basix.cti.telling`, in order; texts of the client are commands.
The server asks by protocol pings whether the client is there.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from cordboard.api.answer import compact
from cordboard.api.auth import CHALLENGE, GuessedTooOften, Principal, Unauthenticated
from cordboard.api.basix import fields
from cordboard.api.basix.cti.commands import CtiCommands
from cordboard.api.basix.cti.desk import Desks, TooManyReaders
from cordboard.api.basix.cti.figures import LEFT
from cordboard.api.basix.cti.parking import Parking
from cordboard.api.basix.cti.readers import CtiReader, Parting
from cordboard.api.cors import origin_of
from cordboard.api.framed import outlet_of
from cordboard.api.requests import note
from cordboard.api.services import Services
from cordboard.calls.planning.parties import find_user
from cordboard.calls.ports import Contact
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.model import Terminal
from cordboard.directory.scopes import ApiScope
from cordboard.directory.snapshot import TenantDirectory

PATH: Final = "/basix/api/ws_cti"

MAX_QUERY_FIELDS: Final = 20
LONGEST_APP_NAME: Final = 128

CHECK_SECONDS: Final = 15.0
"""Between two looks whether a client still may read, as for v1's events."""

GONE_SECONDS: Final = 1.0
"""Within which a client has to take its last word."""

_YES: Final = frozenset({"true", "1", "yes"})


class Refusal(Exception):
    """A handshake is refused, in the vendor's words and with a status."""

    def __init__(
        self,
        status: int,
        fault: str,
        message: str,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.fault = fault
        error = {"id": fault, "message": message}
        body = compact({"result_code": 500, "error": error})
        self.answer = Response(body, status, headers, media_type="application/json")


class CtiSocket:
    """The ASGI application behind it."""

    def __init__(self, services: Services, check_seconds: float = CHECK_SECONDS) -> None:
        self._services = services
        self._check_seconds = check_seconds
        self._parking = Parking()
        self._desks = Desks(services.journal, services.directory, self._contacts_of)

    def _contacts_of(self, tenant: TenantDirectory, terminal: Terminal) -> tuple[Contact, ...]:
        return self._services.exchange.contacts(tenant, terminal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        note(scope, dialect="basix", method="ws_cti")
        try:
            principal = self._admitted(scope)
            reader = self._reader(principal, scope)
        except Refusal as refusal:
            await _refuse(refusal, scope, receive, send)
            return
        figures = self._services.cti
        figures.readers += 1
        try:
            await self._serve(principal, reader, scope, receive, send)
        finally:
            self._desks.leave(principal.tenant.domain, reader)
            figures.readers -= 1
            figures.ended[LEFT if reader.parting is None else reader.parting.name.lower()] += 1

    def _admitted(self, scope: Scope) -> Principal:
        """Who asks; raises :class:`Refusal`."""
        try:
            principal = self._services.gate.admit(scope)
        except Unauthenticated:
            message = "user and password must be a domain and its API token"
            challenge = {CHALLENGE[0].decode(): CHALLENGE[1].decode()}
            raise Refusal(
                401, RefusalId.AUTHENTICATION_REQUIRED.value, message, challenge
            ) from None
        except GuessedTooOften as guessed:
            wait = {"retry-after": str(guessed.seconds)}
            raise Refusal(429, "too_many_requests", str(guessed), wait) from None
        if not principal.may(ApiScope.EVENTS_READ):
            raise Refusal(403, "scope_missing", "the account lacks the scope events:read")
        origin = origin_of(scope)
        if origin is not None and origin not in principal.account.origins:
            message = "the account does not name the origin of this page"
            raise Refusal(403, "origin_not_allowed", message)
        return principal

    def _reader(self, principal: Principal, scope: Scope) -> CtiReader:
        """The reader that is asked for; raises :class:`Refusal`."""
        asked = _asked(scope)
        try:
            app = fields.text(asked.get("app_name") or "", "app_name", LONGEST_APP_NAME)
            if not app:
                raise fields.missing("app_name")
            keys = None if _is_true(asked, "full_events") else fields.user_keys(asked)
            user = (
                None
                if keys is None
                else find_user(
                    principal.tenant,
                    keys,
                    "user",
                )[0].id
            )
        except Refused as refused:
            raise Refusal(400, refused.id.value, refused.message) from None
        force = _is_true(asked, "force") or _is_true(asked, "forced")
        try:
            return self._desks.join(principal.tenant, app, user, force=force)
        except TooManyReaders:
            raise Refusal(503, "too_many_readers", "others read already: as many as may") from None

    async def _serve(
        self, principal: Principal, reader: CtiReader, scope: Scope, receive: Receive, send: Send
    ) -> None:
        outlet = outlet_of(scope)
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        reader.open(outlet)
        commands = None
        if principal.may(ApiScope.CALLS_WRITE):
            domain = principal.tenant.domain
            may = principal.may(ApiScope.CALLS_EAVESDROP)
            commands = CtiCommands(
                self._services.exchange, self._desks, domain, self._parking, may_eavesdrop=may
            )
        tasks = {
            asyncio.create_task(_listen(commands, receive)),
            asyncio.create_task(reader.parted()),
        }
        try:
            while not await self._is_over(tasks):
                if not self._still_allowed(scope):
                    reader.part(Parting.NOT_ALLOWED)
            if reader.parting is not None:
                await _close(reader.parting, send)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _is_over(self, tasks: set[asyncio.Task[None]]) -> bool:
        """Whether a client has gone or is to go, as soon as it is so or after a while."""
        over, _ = await asyncio.wait(
            tasks, timeout=self._check_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        return bool(over)

    def _still_allowed(self, scope: Scope) -> bool:
        known = self._services.gate.known(scope)
        return known is not None and known.may(ApiScope.EVENTS_READ)


async def _close(why: Parting, send: Send) -> None:
    """Say why; whoever does not read can't be told."""
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(GONE_SECONDS):
            await send({"type": "websocket.close", "code": why.value})


async def _listen(commands: CtiCommands | None, receive: Receive) -> None:
    """Obey a client until it goes."""
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        text = message.get("text")
        if commands is not None and isinstance(text, str):
            commands.obey(text)


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the handshake as any request, where the server can; else close it."""
    await receive()
    note(scope, result=refusal.fault)
    if "websocket.http.response" in scope.get("extensions", {}):
        await refusal.answer(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


def _asked(scope: Scope) -> dict[str, str]:
    """The parameters, the last of each name; raises :class:`Refusal`."""
    try:
        found = parse_qs(
            scope["query_string"].decode("ascii"), max_num_fields=MAX_QUERY_FIELDS, errors="strict"
        )
    except ValueError:
        raise Refusal(400, RefusalId.INVALID_PARAMETER.value, "the query can't be read") from None
    return {name: values[-1] for name, values in found.items()}


def _is_true(asked: dict[str, str], name: str) -> bool:
    return asked.get(name, "").lower() in _YES


def routes(services: Services) -> list[WebSocketRoute]:
    """Where the WebSocket is found, with and without a slash at the end."""
    socket = CtiSocket(services)
    return [WebSocketRoute(PATH, socket), WebSocketRoute(f"{PATH}/", socket)]
