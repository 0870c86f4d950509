"""One connection of a client as uvicorn serves it, with a door before the application: who has to
wait does so before there is a task for his request, and who is refused is answered in the turn of
the event loop that his request is seen in.

With a task of its own a refusal would take one turn more, just when each is long. Whoever is let
in may be answered by one write, and asked for a body that is there already
(:mod:`cordboard.api.at_once`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast
from weakref import ref

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from cordboard.api.answer import Answer
from cordboard.api.at_once import EXTENSION, Fields

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

Entering = Callable[[Scope, Callable[[], None]], Answer | None]
"""Lets a request begin, now or later; or gives what it is told that is not let in."""


class HttpConnection(HttpToolsProtocol):
    """``enter`` is asked of each request when its head has been read; see :func:`connections`."""

    enter: Entering

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Uvicorn's, called for each request when its turn on the connection has come."""
        if self.transport.is_closing():
            return  # after a request that was the last one (RFC 9112 9.6)
        begin = partial(self._begin, cycle, app)
        answer = self.enter(cast("Scope", cycle.scope), begin)
        if answer is None:
            return
        if self.flow.write_paused or not cycle.more_body:
            # Who does not read his answers, or has sent many requests at once, waits as always.
            super()._start_asgi_task(cycle, cast("ASGI3Application", answer))
        else:
            self._refuse(cycle, answer)

    def _begin(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if not cycle.disconnected:
            cast("Scope", cycle.scope)["extensions"] = {EXTENSION: {"request": _AtOnce(cycle)}}
            super()._start_asgi_task(cycle, app)

    def _refuse(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        """Answer now; what is still to come of the request is read and forgotten."""
        if cycle.waiting_for_100_continue:
            cycle.keep_alive = False  # whether its body comes nobody knows (RFC 9110 10.1.1)
        octets = _written(cycle, answer.status, answer.fields(), answer.body)
        cycle.response_started = cycle.response_complete = True
        self.server_state.total_requests += 1
        self.transport.write(octets)
        self.flow.resume_reading()
        if cycle.waiting_for_100_continue:
            self.transport.close()

    def on_message_complete(self) -> None:
        """The last of a request was read: one that is answered already is over."""
        super().on_message_complete()
        cycle = self.cycle
        if cycle is None or not cycle.response_complete or self.transport.is_closing():
            return
        if not cycle.keep_alive:
            self.transport.close()
            return
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )


class _AtOnce:
    """The :class:`~cordboard.api.at_once.AtOnce` of one request, which it does not keep alive: its
    scope has this, and would be left to the garbage collector."""

    __slots__ = ("_cycle",)

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = ref(cycle)

    def body(self) -> bytes | None:
        """What has come, if that is all."""
        cycle = self._cycle()
        return None if cycle is None or cycle.more_body or cycle.disconnected else bytes(cycle.body)

    def answer(self, status: int, fields: Fields, body: bytes) -> bool:
        """What uvicorn's ``send`` does with the two messages of a whole answer."""
        cycle = self._cycle()
        if cycle is None or cycle.disconnected or cycle.flow.write_paused or cycle.response_started:
            return False
        without = cycle.scope["method"] == "HEAD"
        cycle.transport.write(_written(cycle, status, fields, b"" if without else body))
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True


def _written(cycle: RequestResponseCycle, status: int, fields: Fields, body: bytes) -> bytes:
    """An answer as it goes over the wire (RFC 9112 4); raises :class:`RuntimeError`."""
    lines = [b"%b: %b\r\n" % field for field in (*cycle.default_headers, *fields)]
    if not cycle.keep_alive:
        lines.append(b"connection: close\r\n")
    head = b"".join(lines)
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines):
        raise RuntimeError("a field of an answer's header is more than one line")
    return b"".join((STATUS_LINE[status], head, b"\r\n", body))


def connections(enter: Entering) -> type[HttpConnection]:
    """The class of a server's connections: uvicorn wants one, and gives it nothing of ours."""

    class Connection(HttpConnection):
        pass

    Connection.enter = staticmethod(enter)
    return Connection


def come_in(_scope: Scope, begin: Callable[[], None]) -> None:
    """There is never too much to do."""
    begin()
