"""Web URLs that are told of what happens, in words that the customer chooses (015's webhooks)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class WebhookEvent(Enum):
    """What a web URL can be told of (vendor facts, 6); the values are ``#status#``."""

    CALLING = "Calling"
    ANSWER = "Answer"
    HANGUP = "Hangup"
    HANGUP_ANSWERED_ONLY = "Hangup Answered Only"
    TRANSFER = "Transfer"
    ABANDON = "Abandon"
    JOIN = "Join"
    LEAVE = "Leave"
    REJOIN = "ReJoin"
    QUEUE_CALLBACK = "Queue Callback"
    COMPLETE_AGENT = "Complete Agent"
    COMPLETE_CALLER = "Complete Caller"
    PAUSE = "Pause"
    UNPAUSE = "UnPause"
    LOGIN = "Login"
    LOGOUT = "Logout"


class WebMethod(Enum):
    """How a web URL is asked."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A web URL, and the request that it gets of each of its ``events``.

    In URL, header values and body stand placeholders such as ``#callid#``; all of them may hold
    secrets. Names of headers are in lower case. Without a ``body`` the request has none.
    """

    id: int
    name: str
    url: str = field(repr=False)
    events: frozenset[WebhookEvent]
    method: WebMethod = WebMethod.POST
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: str | None = field(default=None, repr=False)

    @property
    def content_type(self) -> str:
        """Of what kind the body is: as a header says, or as it looks."""
        said = next((value for name, value in self.headers if name == "content-type"), None)
        if said is not None:
            return said.lower()
        looks_like_json = (self.body or "").lstrip()[:1] in ("{", "[")
        return "application/json" if looks_like_json else "application/x-www-form-urlencoded"
