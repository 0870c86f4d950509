"""Requests to an ASGI application without a socket."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import anyio
from starlette.types import ASGIApp, Message

DEMO = base64.b64encode(b"demo:demo-token").decode()


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    body: bytes | dict[str, Any] = b"",
    *,
    authorization: str | None = f"Basic {DEMO}",
    headers: dict[str, str] | None = None,
    stays: bool = False,
) -> Reply:
    """Send one request and collect the answer: of one that is streamed the whole if the client
    ``stays``, and else what comes before it is known that he is gone."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    if authorization is not None:
        raw.append((b"authorization", authorization.encode("latin-1")))
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": raw,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    sent: list[Message] = []
    whole = False
    answered = anyio.Event()

    async def receive() -> Message:
        nonlocal whole
        if whole:
            if stays:
                await answered.wait()
            return {"type": "http.disconnect"}
        whole = True
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            answered.set()

    await app(scope, receive, send)
    start = sent[0]
    told: dict[str, str] = {}
    for name, value in start["headers"]:  # one of several stands for a list (RFC 9110 5.3)
        key, text = name.decode().lower(), value.decode()
        told[key] = f"{told[key]}, {text}" if key in told else text
    return Reply(
        status=start["status"],
        headers=told,
        body=b"".join(message.get("body", b"") for message in sent[1:]),
    )
