"""A web server for one test, which takes callbacks, or sends programs their steps."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.block import Block
from support.ports import LOOPBACK
from support.waiting import BOUND, Observed

LONGEST_BODY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Callback:
    """One POST that came. Header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A server that was killed resets its connections: nothing to print."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class CallbackReceiver(Block):
    """Listens on a port of its own and answers every POST with ``status_for`` its number (from 1)
    and what ``body_for`` makes of it.

    :attr:`callbacks` holds what came, with the time of each.
    """

    def __init__(
        self,
        status_for: Callable[[int], int] = lambda _: 200,
        body_for: Callable[[Callback], bytes] = lambda _: b"",
    ) -> None:
        self.callbacks: Observed[Callback] = Observed()
        received = self.callbacks

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY)
                body = self.rfile.read(length)
                names = {name.lower(): value for name, value in self.headers.items()}
                came = Callback(self.path, names, body)
                received.add(came)
                answer = body_for(came)
                self.send_response(status_for(len(received)))
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def url(self, path: str = "/callback") -> str:
        """What to give as ``callback_url``."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}{path}"

    def wait_for(self, number: int = 1, seconds: float = BOUND) -> list[Callback]:
        """All callbacks, as soon as there are so many."""
        return self.callbacks.wait_for_count(number, seconds, "callbacks")

    def _begin(self) -> None:
        self._thread.start()

    def _end(self) -> None:
        self._server.shutdown()
        self._thread.join(5.0)
        self._server.server_close()
