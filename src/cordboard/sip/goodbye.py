"""A BYE on its way: sent, repeated, authenticated where asked, and then done with (RFC 3261 15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.sip.lines import reason_line

if TYPE_CHECKING:
    from cordboard.sip.authentication import Authentication
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.core import Core
    from cordboard.sip.dialog import Dialog
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Response


class Goodbye:
    """Ends one dialog; ``done`` is called once nothing more will come of it, whatever the peer
    says: a session is over the moment its BYE is sent (15.1.1)."""

    __slots__ = (
        "_authentication",
        "_core",
        "_dialog",
        "_done",
        "_reason",
        "_rounds",
        "_transaction",
    )

    def __init__(
        self,
        core: Core,
        dialog: Dialog,
        authentication: Authentication,
        reason: str | None,
        done: Callable[[], None],
        now: float,
    ) -> None:
        self._core = core
        self._dialog = dialog
        self._authentication = authentication
        self._reason = reason_line(reason)
        self._rounds = 0
        self._done = done
        self._transaction = self._send("", now)

    def flow_lost(self, flow: Flow, now: float) -> None:
        """The BYE did not get there, or its answer will not come back."""
        if self._transaction.flow.matches(flow):
            self._transaction.transport_failed(now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """Answer a challenge; any other final response is the end."""
        if response.status < 200:
            return
        if response.status in (401, 407) and self._authentication.accept(response, self._rounds):
            self._rounds += 1
            uri = self._dialog.request_uri
            credentials = self._authentication.lines("BYE", uri, self._core.token())
            self._transaction = self._send(credentials, now)
            return
        self._done()

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """The peer is gone, which is all a BYE wants."""
        self._done()

    def _send(self, credentials: str, now: float) -> ClientTransaction:
        dialog = self._dialog
        branch = self._core.token()
        data = dialog.request("BYE", dialog.next_number(), branch, self._reason + credentials)
        layer = self._core.layer
        return layer.request("BYE", branch, dialog.flow, dialog.call_id, data, self, now)
