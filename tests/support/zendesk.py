"""Zendesk with Talk Partner Edition, as far as its pages describe what we ask of it: a stand-in
that refuses what they do not allow."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from support.http_receiver import listening

EMAIL, TOKEN = "pbx@acme.example", "a-token-of-zendesk"
AGENT, END_USER = 28, 7236

_VIA: Final = {44, 45, 46}
_TICKET: Final = {
    *("via_id", "subject", "comment", "description", "voice_comment", "external_id"),
    *("requester_id", "requester", "submitter_id"),
}
_VOICE: Final = {"from", "to", "recording_url", "started_at", "call_duration", "answered_by_id"}
_STARTED: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000")


@dataclass
class Zendesk:
    """An account with one agent and one end user. ``down`` are the statuses of the next answers."""

    url: str = ""
    phones: dict[str, int] = field(default_factory=lambda: {"312341234": END_USER})
    agents: dict[str, int] = field(default_factory=lambda: {"jessica@demo.test": AGENT})
    asked: list[str] = field(default_factory=list)
    displayed: list[tuple[int, int]] = field(default_factory=list)
    tickets: list[dict[str, Any]] = field(default_factory=list)
    down: list[int] = field(default_factory=list)
    loses_answers: bool = False
    faults: list[str] = field(default_factory=list)
    """What a test is told of requests that Zendesk would not take."""

    async def search(self, request: web.Request) -> web.Response:
        """``GET /api/v2/search.json?query=``."""
        query = request.query["query"]
        phone = re.fullmatch(r"role:end-user phone:\*(\d+)", query)
        mail = re.fullmatch(r'type:user email:"([^" ]+)"', query)
        if phone is not None:
            known, role = self.phones.get(phone[1]), "end-user"
        elif mail is not None:
            known, role = self.agents.get(mail[1]), "agent"
        else:
            return self._fault(f"the query {query!r}")
        found = [] if known is None else [{"id": known, "role": role, "result_type": "user"}]
        return web.json_response({"results": found, "count": len(found)})

    async def display(self, request: web.Request) -> web.Response:
        """``POST .../agents/{agent_id}/users/{user_id}/display.json``: 404 for unknown ids."""
        agent, user = int(request.match_info["agent"]), int(request.match_info["user"])
        if agent not in self.agents.values() or user not in self.phones.values():
            return web.Response(status=404)
        self.displayed.append((agent, user))
        return web.Response(status=200)

    async def create(self, request: web.Request) -> web.Response:
        """``POST /api/v2/channels/voice/tickets.json``."""
        body = await request.json()
        ticket = body.get("ticket", {})
        if set(body) - {"ticket", "display_to_agent"} or set(ticket) - _TICKET:
            return self._fault(f"other keys in {body}")
        if ticket.get("via_id") not in _VIA or not isinstance(body.get("display_to_agent", 0), int):
            return self._fault(f"no via_id in {body}")
        voice = ticket.get("voice_comment")
        if voice is not None and not (
            set(voice) <= _VOICE
            and {"from", "to", "recording_url", "started_at", "call_duration"} <= set(voice)
            and isinstance(voice["call_duration"], int)
            and _STARTED.fullmatch(voice["started_at"])
        ):
            return self._fault(f"the voice comment {voice}")
        if voice is None and not ticket.get("comment", {}).get("body"):
            return self._fault("neither a comment nor a voice comment")
        self.tickets.append(body)
        if self.loses_answers:
            self.loses_answers = False
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"ticket": {"id": len(self.tickets)}}, status=201)

    async def listed(self, request: web.Request) -> web.Response:
        """``GET /api/v2/tickets.json?external_id=``."""
        wanted = request.query["external_id"]
        found = [one["ticket"] for one in self.tickets if one["ticket"]["external_id"] == wanted]
        return web.json_response({"tickets": found})

    def _fault(self, what: str) -> web.Response:
        self.faults.append(what)
        return web.json_response({"error": "RecordInvalid"}, status=422)

    @web.middleware
    async def _only_us(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path}")
        plain = f"{EMAIL}/token:{TOKEN}".encode()
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(plain).decode()}":
            self.faults.append("who is it?")
            return web.Response(status=401)
        if request.method == "POST" and request.content_type != "application/json":
            return self._fault(f"the content type {request.content_type}")
        if self.down:
            return web.Response(status=self.down.pop(0), text=json.dumps({"error": "down"}))
        answer = await handler(request)
        assert isinstance(answer, web.StreamResponse)
        return answer

    def app(self) -> web.Application:
        """What it serves."""
        app = web.Application(middlewares=[self._only_us])
        display = "/api/v2/channels/voice/agents/{agent:[0-9]+}/users/{user:[0-9]+}/display.json"
        app.router.add_get("/api/v2/search.json", self.search)
        app.router.add_get("/api/v2/tickets.json", self.listed)
        app.router.add_post(display, self.display)
        app.router.add_post("/api/v2/channels/voice/tickets.json", self.create)
        return app


@asynccontextmanager
async def zendesk() -> AsyncIterator[Zendesk]:
    """One that listens on loopback."""
    there = Zendesk()
    async with listening(there.app()) as there.url:
        yield there
