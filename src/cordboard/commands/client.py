"""A small client of a running server, for the commands that place calls and look at them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

REQUEST_SECONDS = 10.0
"""How long the server may take for an answer."""

STREAM_SECONDS = 40.0
"""How long a stream may be silent; the server sends a comment every 15 s."""

# A server on this machine is never behind a proxy, whatever the environment says.
_opener = build_opener(ProxyHandler({}))


class ServerError(Exception):
    """The server can't be reached, or answered what the command can't go on with."""


@dataclass(frozen=True, slots=True)
class ApiClient:
    """Requests to a server at ``base_url`` as an account of ``domain``."""

    base_url: str
    domain: str
    token: str = field(repr=False)

    def post(self, path: str, body: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """The JSON answer, and the id of the call it is about where the server tells one."""
        request = self._request(path, json.dumps(body).encode())
        try:
            with _opener.open(request, timeout=REQUEST_SECONDS) as response:
                return json.load(response), response.headers.get("Cordboard-Call")
        except HTTPError as error:
            return _error_body(error), None
        except (URLError, OSError, ValueError) as error:
            raise ServerError(_reason(self.base_url, error)) from None

    def get(self, path: str) -> dict[str, Any]:
        """The JSON answer; raises :class:`ServerError` for a refusal."""
        try:
            with _opener.open(self._request(path), timeout=REQUEST_SECONDS) as response:
                answer = json.load(response)
        except HTTPError as error:
            body = _error_body(error)
            raise ServerError(str(body.get("detail") or body.get("title") or error.code)) from None
        except (URLError, OSError, ValueError) as error:
            raise ServerError(_reason(self.base_url, error)) from None
        if not isinstance(answer, dict):
            raise ServerError(f"{path} did not answer with an object")
        return answer

    def events(self, call: str) -> Iterator[dict[str, Any]]:
        """The events of a call, those so far first, until it has ended (server-sent events)."""
        request = self._request(f"/v1/calls/{call}/events")
        try:
            with _opener.open(request, timeout=STREAM_SECONDS) as response:
                for line in response:
                    if line.startswith(b"data:"):
                        yield json.loads(line[5:])
        except (URLError, OSError, ValueError) as error:
            raise ServerError(_reason(self.base_url, error)) from None

    def _request(self, path: str, body: bytes | None = None) -> Request:
        credentials = base64.b64encode(f"{self.domain}:{self.token}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        return Request(self.base_url.rstrip("/") + path, data=body, headers=headers)  # noqa: S310 - the operator's own URL


def _error_body(error: HTTPError) -> dict[str, Any]:
    try:
        body = json.load(error)
    except ValueError:
        raise ServerError(f"the server answered {error.code} {error.reason}") from None
    return body if isinstance(body, dict) else {}


def _reason(base_url: str, error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return f"no answer from {base_url}: {reason}. Is `cordboard serve` running there?"
