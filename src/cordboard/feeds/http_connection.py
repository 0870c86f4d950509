"""One connection to an HTTP server: a request goes out, its answer comes in (RFC 9112).

Just what telling others of calls needs, for that is done once a call: one request at a time, no
pipelining, answers of bounded size. The octets are parsed by llhttp.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MAX_HEAD_OCTETS: Final = 64 * 1024
"""Of what precedes an answer's body, and of all that says that an answer is still to come."""

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_SWITCHING: Final = 101


@dataclass(slots=True)
class Answer:
    """What a server said: its status, and what came of the body. ``cut`` says why that is not
    whole, where it is not."""

    status: int
    body: bytes
    cut: str | None = None


class NoAnswer(ConnectionError):
    """The connection ended, or what came over it is no HTTP."""


class HttpConnection(asyncio.Protocol):
    """A connection whose answers have at most ``most`` octets: of longer ones the rest is not
    waited for."""

    __slots__ = (
        *("_answer", "_body", "_complete", "_framed", "_keep", "_most", "_parser", "_read"),
        *("_status", "_transport", "idle_until", "is_open"),
    )

    def __init__(self, most: int) -> None:
        self._most = most
        self._transport: asyncio.Transport | None = None
        self._parser: HttpResponseParser | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._begin()
        self.is_open = False
        """Whether it can take a request, once the last one is answered."""
        self.idle_until = 0.0
        """Until when it is kept without being used (by the loop's clock)."""

    def _begin(self) -> None:
        """Expect the head of an answer."""
        self._status: int | None = None
        self._framed = self._keep = self._complete = False
        self._body: list[bytes] = []
        self._read = 0

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a request, and give what will be its answer; fails with :class:`NoAnswer` or what
        the system says."""
        assert self._transport is not None
        self._begin()
        self._parser = HttpResponseParser(self)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def out_of_time(self) -> None:
        """Wait no longer: what has been said, counts."""
        self._end("no answer in time", TimeoutError())

    def close(self) -> None:
        """End it at once, whatever is on its way."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # what the loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It can be used."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's only behave like one
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Some octets of an answer."""
        if self._parser is None:  # nobody has asked
            self.close()
            return
        self._read += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._keep = False
            if not self._complete:
                self._end("the answer is no HTTP", NoAnswer(type(error).__name__))
                return
        if self._complete:
            self._answered(None)
            if not self._keep:
                self.close()
        elif self._status is None:
            if self._read > MAX_HEAD_OCTETS:
                self._end("", NoAnswer("the head of the answer is too long"))
        elif sum(map(len, self._body)) > self._most:
            self._end(f"the answer is longer than {self._most} octets", NoAnswer())

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over: with it an answer that only its end delimits (RFC 9112 6.3)."""
        self.is_open = False
        if self._status is not None and not self._framed:
            self._answered(None)
        else:
            self._end("the connection ended", exc or NoAnswer("the connection ended"))

    # what the parser says

    def on_message_begin(self) -> None:
        """An answer; behind the one that was expected it is too many."""
        if self._complete:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: ARG002 - as parsers call it
        """Some header."""
        if name.lower() in _FRAMING:
            self._framed = True

    def on_headers_complete(self) -> None:
        """All of them."""
        assert self._parser is not None
        if not self._complete:
            self._status = self._parser.get_status_code()
            self._keep = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        if not self._complete:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """The whole answer, unless it says that there is one to come (RFC 9110 15.2)."""
        if self._status is not None and 100 <= self._status < 200 and self._status != _SWITCHING:
            self._status = None
            self._framed = False
        else:
            self._complete = True

    def _end(self, cut: str, error: Exception) -> None:
        """Give up on the rest of an answer; where there is not even a status, it fails."""
        if self._status is not None:
            self._answered(cut)
        elif self._answer is not None:
            answer, self._answer, self._parser = self._answer, None, None
            if not answer.done():
                answer.set_exception(error)
        self.close()

    def _answered(self, cut: str | None) -> None:
        answer, self._answer, self._parser = self._answer, None, None
        if answer is not None and not answer.done() and self._status is not None:
            whole = b"".join(self._body)
            if len(whole) > self._most:
                whole, cut = b"", f"the answer is longer than {self._most} octets"
            answer.set_result(Answer(self._status, whole, cut))
