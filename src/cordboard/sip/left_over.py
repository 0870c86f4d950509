"""Ending the calls of a process that was killed, by what it handed out (RFC 3261 9.1, 15.1.1).

Theory of operation. What still rang gets the CANCEL of its INVITE, under the old branch: to the
peer it comes from whoever sent the INVITE. It may have been answered meanwhile; that 2xx is
repeated until its ACK, finds the old INVITE in Proceeding again, and is acknowledged and hung up.
What was answered gets a BYE whose CSeq number is beyond any that the old process can have used.
Both are bounded by their transactions, 64*T1.

A connection that the peer had opened has gone with the old process. Where the peer listens at the
address that it came from, by its Contact or its proxy's Path, a new one is made to there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.sip.authentication import Authentication
from cordboard.sip.dialog import Dialog
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.lines import InviteLines
from cordboard.sip.outbound import OPENED, way_anew
from cordboard.sip.remains import CSEQ_LEAP, DialogRemains, InviteRemains, Remains
from cordboard.sip.stray import hang_up_answer, part
from cordboard.sip.uri import parse_uri

if TYPE_CHECKING:
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.core import Core
    from cordboard.sip.digest import Credentials
    from cordboard.sip.message import Response

_ROUTE = "Route: "


def end_left_over(
    core: Core,
    call_id: str,
    remains: Remains,
    credentials: Credentials | None,
    reason: str,
    done: Callable[[], None],
    now: float,
) -> None:
    """End a call of an earlier process; ``done`` is called once nothing more can be done about it,
    at the latest some 64*T1 later. ``credentials`` answer challenges, ``reason`` is a Reason value.

    Raises :class:`~cordboard.sip.errors.SipBuildError` or
    :class:`~cordboard.sip.errors.SipParseError` where nothing can be made of it.
    """
    authentication = Authentication(credentials)
    if isinstance(remains, InviteRemains):
        routes = tuple(line[len(_ROUTE) :] for line in remains.routes.split("\r\n") if line)
        flow = way_after_restart(remains.flow, remains.uri, routes)
        if flow is None:
            done()
        else:
            remains = remains._replace(flow=flow)
            LeftInvite(core, call_id, remains, authentication, reason, done, now)
        return
    flow = way_after_restart(remains.flow, remains.target, remains.routes)
    if flow is None:
        done()
    else:
        dialog = _dialog_of(core, call_id, remains._replace(flow=flow))
        dialog.keep(remains.keys, remains.phone)  # another restart is to count on from here
        part(core, dialog, authentication, reason, now, done)


def way_after_restart(flow: Flow, target: str, routes: tuple[str, ...]) -> Flow | None:
    """The flow to a peer that was reached over ``flow`` by another process; None where only the
    peer could make it. Raises SipParseError."""
    if not flow.reliable or not flow.local[1]:
        return flow
    if routes:
        return way_anew(routes, flow)
    uri = parse_uri(target)
    host, port = uri.address
    if uri.transport not in OPENED or host != flow.remote[0]:
        return None
    return Flow(uri.transport, ("", 0), (host, port))


class LeftInvite:
    """An INVITE that was not answered when its process was killed; cancelled at once."""

    __slots__ = ("_authentication", "_call_id", "_core", "_done", "_reason", "_remains")

    def __init__(
        self,
        core: Core,
        call_id: str,
        remains: InviteRemains,
        authentication: Authentication,
        reason: str,
        done: Callable[[], None],
        now: float,
    ) -> None:
        self._core = core
        self._call_id = call_id
        self._remains = remains
        self._authentication = authentication
        self._reason = reason
        self._done: Callable[[], None] | None = done
        lines = InviteLines(
            remains.uri,
            remains.via,
            remains.routes,
            remains.from_,
            remains.to,
            f"Call-ID: {call_id}\r\n",
            remains.number,
            remains.credentials,
        )
        cancel = lines.cancel(reason)
        flow, branch, layer = remains.flow, remains.branch, core.layer
        layer.request("INVITE", branch, flow, call_id, b"", self, now, lines)
        layer.request("CANCEL", branch, flow, call_id, cancel, None, now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """487 as a rule; a 2xx has crossed the CANCEL, or came while nobody was here."""
        if response.status < 200:
            return
        if response.status >= 300:
            self._is_done()
            return
        remains = self._remains
        first, self._done = self._done, None
        try:
            taken = hang_up_answer(
                self._core,
                response,
                remains.flow,
                self._authentication,
                now,
                reason=self._reason,
                credentials=remains.credentials,
                sticky=remains.sticky,
                begun=self._keep if first is not None else None,
                done=first,
            )
        except SipParseError:
            taken = False
        if not taken:
            self._done = first
            self._is_done()

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """Nobody is there, or has nothing more to say."""
        self._is_done()

    def _keep(self, dialog: Dialog) -> None:
        dialog.keep(self._remains.keys, self._remains.phone)

    def _is_done(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done()


def _dialog_of(core: Core, call_id: str, remains: DialogRemains) -> Dialog:
    return Dialog(
        core,
        call_id=call_id,
        local=remains.local,
        local_tag=remains.local_tag,
        remote=remains.remote,
        remote_tag=remains.remote_tag,
        target=remains.target,
        routes=remains.routes,
        origin=remains.flow,
        sticky=remains.sticky,
        contact_user="cordboard",
        local_number=remains.number + CSEQ_LEAP,
        remote_number=None,
    )
