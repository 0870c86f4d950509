"""One connection of a client as uvicorn serves it, with a door before the application: who is
refused there is answered in the turn of the event loop that his request is seen in.

Otherwise he would wait for a task to begin, which is one turn more, just when each is long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from cordboard.api.answer import Answer

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

Refusing = Callable[[Scope], Answer | None]
"""What a request is told that is not let in; None: it is."""


class HttpConnection(HttpToolsProtocol):
    """``refusal`` is asked of each request when its head has been read; see
    :func:`connections`."""

    refusal: Refusing

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Uvicorn's, called for each request when its turn on the connection has come."""
        if self.transport.is_closing():
            return  # after a request that was the last one (RFC 9112 9.6)
        answer = self.refusal(cast("Scope", cycle.scope))
        if answer is None:
            super()._start_asgi_task(cycle, app)
        elif self.flow.write_paused or not cycle.more_body:
            # Who does not read his answers, or has sent many requests at once, waits as always.
            super()._start_asgi_task(cycle, cast("ASGI3Application", answer))
        else:
            self._refuse(cycle, answer)

    def _refuse(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        """Answer now; what is still to come of the request is read and forgotten."""
        if cycle.waiting_for_100_continue:
            cycle.keep_alive = False  # whether its body comes nobody knows (RFC 9110 10.1.1)
        head = [*self.server_state.default_headers, *answer.fields()]
        lines = [STATUS_LINE[answer.status], *(b"%b: %b\r\n" % field for field in head)]
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        cycle.response_started = cycle.response_complete = True
        self.server_state.total_requests += 1
        self.transport.write(b"".join((*lines, b"\r\n", answer.body)))
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


def connections(refusal: Refusing) -> type[HttpConnection]:
    """The class of a server's connections: uvicorn wants one, and gives it nothing of ours."""

    class Connection(HttpConnection):
        pass

    Connection.refusal = staticmethod(refusal)
    return Connection


def nobody_is_refused(_scope: Scope) -> None:
    """There is never too much to do."""
