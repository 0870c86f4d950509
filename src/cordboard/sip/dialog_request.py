"""A request within a dialog on its way: sent, sent again with credentials where asked, answered.

INVITE is not among them: its answer needs an ACK (:mod:`~cordboard.sip.reinvite`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.sip.lines import reason_line

if TYPE_CHECKING:
    from cordboard.sip.authentication import Authentication
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.core import Core
    from cordboard.sip.dialog import Dialog
    from cordboard.sip.message import Response

Done = Callable[[int, "Response | None", float], None]
"""Takes the final status, the response (None where none came: 408 or 503) and ``now``."""


class DialogRequest:
    """One request and its answer; ``done`` is called once, with what ended it.

    A 401 or 407 is met with credentials as often as that makes sense, each time by a request of the
    next CSeq number (RFC 3261 22.1).
    """

    __slots__ = (
        "_authentication",
        "_body",
        "_core",
        "_dialog",
        "_done",
        "_lines",
        "_method",
        "_rounds",
        "_transaction",
    )

    def __init__(
        self,
        core: Core,
        dialog: Dialog,
        authentication: Authentication,
        method: str,
        done: Done,
        now: float,
        *,
        lines: str = "",
        body: bytes = b"",
    ) -> None:
        self._core = core
        self._dialog = dialog
        self._authentication = authentication
        self._method = method
        self._done = done
        self._lines = lines
        self._body = body
        self._rounds = 0
        self._transaction = self._send(now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """Answer a challenge; any other final response is the end."""
        status = response.status
        if status < 200:
            return
        if status in (401, 407) and self._authentication.accept(response, self._rounds):
            self._rounds += 1
            self._transaction = self._send(now)
        else:
            self._done(status, response, now)

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """No final response will come."""
        self._done(status, None, now)

    def _send(self, now: float) -> ClientTransaction:
        dialog, method = self._dialog, self._method
        branch = self._core.token()
        credentials = self._authentication.lines(method, dialog.request_uri, self._core.token)
        data = dialog.request(
            method, dialog.next_number(), branch, self._lines + credentials, self._body
        )
        layer = self._core.layer
        return layer.request(method, branch, dialog.flow, dialog.call_id, data, self, now)


def say_goodbye(
    core: Core,
    dialog: Dialog,
    authentication: Authentication,
    reason: str | None,
    done: Callable[[], None],
    now: float,
) -> DialogRequest:
    """Send a BYE. ``done`` is called once nothing more will come of it, whatever the peer says: a
    session is over the moment its BYE is sent (15.1.1)."""

    def over(_status: int, _response: Response | None, _now: float) -> None:
        done()

    lines = reason_line(reason)
    return DialogRequest(core, dialog, authentication, "BYE", over, now, lines=lines)
