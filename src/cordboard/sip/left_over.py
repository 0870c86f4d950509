"""Ending the calls of a process that was killed, by what it handed out (RFC 3261 9.1, 15.1.1).

Theory of operation. What still rang gets the CANCEL of its INVITE, under the old branch: to the
peer it comes from whoever sent the INVITE. It may have been answered meanwhile; that 2xx is
repeated until its ACK, finds the old INVITE in Proceeding again, and is acknowledged and hung up.
What was answered gets a BYE whose CSeq number is beyond any that the old process can have used.
Both are bounded by their transactions, 64*T1.

A connection that the peer had opened has gone with the old process. Where the peer listens at the
address that it came from, by its Contact or its proxy's Path, a new one is made to there; else, or
where it does not listen, the call is ended when the phone registers anew, if it does so soon.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from cordboard.sip.authentication import Authentication
from cordboard.sip.dialog import Dialog
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.left_offer import refuse_left_offer
from cordboard.sip.lines import InviteLines
from cordboard.sip.outbound import OPENED, way_anew
from cordboard.sip.remains import CSEQ_LEAP, DialogRemains, InviteRemains, OfferRemains, Remains
from cordboard.sip.stray import hang_up_answer, part
from cordboard.sip.uri import parse_uri

if TYPE_CHECKING:
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.core import Core
    from cordboard.sip.digest import Credentials
    from cordboard.sip.message import Response
    from cordboard.sip.wheel import Timer

RETURN_SECONDS = 120.0
"""How long a phone that can't be connected to is waited for; those that keep connections notice
within moments that one is gone, and browsers try again at least twice a minute."""

_ROUTE = "Route: "
_FAILED = 503


def end_left_over(
    core: Core,
    call_id: str,
    remains: Remains,
    credentials: Credentials | None,
    reason: str,
    done: Callable[[], None],
    now: float,
) -> bool:
    """End a call of an earlier process. ``done`` is called once nothing more can be done about it:
    some 64*T1 later, or after RETURN_SECONDS where its phone has to come back first. Whether
    anything is under way, so that the network should not be given too many of them at once.

    ``credentials`` answer challenges, ``reason`` is a Reason value. Raises
    :class:`~cordboard.sip.errors.SipBuildError` or :class:`~cordboard.sip.errors.SipParseError`
    where nothing can be made of it.
    """
    if isinstance(remains, OfferRemains):
        return refuse_left_offer(core, call_id, remains, reason, done, now)
    authentication = Authentication(credentials)
    if isinstance(remains, InviteRemains):
        return LeftInvite(core, call_id, remains, authentication, reason, done).begin(now)
    return LeftDialog(core, call_id, remains, authentication, reason, done).begin(now)


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


class LeftCall(ABC):
    """One call, and whether its phone is there."""

    __slots__ = ("_authentication", "_call_id", "_core", "_done", "_reason", "_waiting")

    def __init__(
        self,
        core: Core,
        call_id: str,
        authentication: Authentication,
        reason: str,
        done: Callable[[], None],
    ) -> None:
        self._core = core
        self._call_id = call_id
        self._authentication = authentication
        self._reason = reason
        self._done: Callable[[], None] | None = done
        self._waiting: Timer | None = None

    @property
    @abstractmethod
    def phone(self) -> str | None:
        """The phone that the call is with."""

    @abstractmethod
    def way(self) -> Flow | None:
        """The flow to the peer, where it does not have to come back first."""

    @abstractmethod
    def end(self, flow: Flow, now: float) -> None:
        """End the call over a flow."""

    def begin(self, now: float) -> bool:
        """End it now, or when the phone is back; whether it is now."""
        flow = self.way()
        if flow is None:
            self._wait(now)
            return False
        self.end(flow, now)
        return True

    def over(self, status: int, now: float) -> None:
        """What was sent has been answered by a final status, or 408 and 503 where nobody did."""
        if status == _FAILED:
            self._wait(now)
        else:
            self._is_done()

    def _wait(self, now: float) -> None:
        if self.phone is None or self._waiting is not None:
            self._is_done()
            return
        self._waiting = self._core.wheel.schedule(now + RETURN_SECONDS, self._give_up)
        self._core.phone_calls.expect(self.phone, self._returned)

    def _returned(self, flow: Flow, now: float) -> None:
        """The phone has registered anew: end the call once that is answered. It is not waited for a
        second time."""
        self._core.wheel.cancel(self._waiting)
        self._core.wheel.schedule(now, partial(self._end_there, flow))

    def _end_there(self, flow: Flow, now: float) -> None:
        try:
            self.end(flow, now)
        except (SipBuildError, SipParseError):
            self._is_done()  # nothing can be made of it

    def _give_up(self, now: float) -> None:
        assert self.phone is not None  # who was waited for
        self._core.phone_calls.expect_no_more(self.phone, self._returned)
        self._is_done()

    def _is_done(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done()


class LeftDialog(LeftCall):
    """An answered call."""

    __slots__ = ("_remains",)

    def __init__(
        self,
        core: Core,
        call_id: str,
        remains: DialogRemains,
        authentication: Authentication,
        reason: str,
        done: Callable[[], None],
    ) -> None:
        super().__init__(core, call_id, authentication, reason, done)
        self._remains = remains

    @property
    def phone(self) -> str | None:
        """The phone that the call is with."""
        return self._remains.phone

    def way(self) -> Flow | None:
        """The flow to the peer, where it does not have to come back first."""
        return way_after_restart(self._remains.flow, self._remains.target, self._remains.routes)

    def end(self, flow: Flow, now: float) -> None:
        """Send the BYE."""
        remains = self._remains
        dialog = Dialog(
            self._core,
            call_id=self._call_id,
            local=remains.local,
            local_tag=remains.local_tag,
            remote=remains.remote,
            remote_tag=remains.remote_tag,
            target=remains.target,
            routes=remains.routes,
            origin=flow,
            sticky=remains.sticky,
            contact_user="cordboard",
            local_number=remains.number + CSEQ_LEAP,
            remote_number=None,
        )
        dialog.keep(remains.keys, remains.phone)  # another restart is to count on from here
        part(self._core, dialog, self._authentication, self._reason, now, self.over)


class LeftInvite(LeftCall):
    """An INVITE that was not answered when its process was killed."""

    __slots__ = ("_answered", "_remains")

    def __init__(
        self,
        core: Core,
        call_id: str,
        remains: InviteRemains,
        authentication: Authentication,
        reason: str,
        done: Callable[[], None],
    ) -> None:
        super().__init__(core, call_id, authentication, reason, done)
        self._remains = remains
        self._answered = False

    @property
    def phone(self) -> str | None:
        """The phone that the call is with."""
        return self._remains.phone

    def way(self) -> Flow | None:
        """The flow to the peer, where it does not have to come back first."""
        remains = self._remains
        routes = tuple(line[len(_ROUTE) :] for line in remains.routes.split("\r\n") if line)
        return way_after_restart(remains.flow, remains.uri, routes)

    def end(self, flow: Flow, now: float) -> None:
        """Have the INVITE again, and send its CANCEL."""
        remains = self._remains
        lines = InviteLines(
            remains.uri,
            remains.via,
            remains.routes,
            remains.from_,
            remains.to,
            f"Call-ID: {self._call_id}\r\n",
            remains.number,
            remains.credentials,
        )
        cancel = lines.cancel(self._reason)
        branch, call_id, layer = remains.branch, self._call_id, self._core.layer
        layer.request("INVITE", branch, flow, call_id, b"", self, now, lines)
        layer.request("CANCEL", branch, flow, call_id, cancel, None, now)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """487 as a rule; a 2xx has crossed the CANCEL, or came while nobody was here."""
        if response.status < 200:
            return
        if response.status >= 300:
            self._is_done()
            return
        remains, first = self._remains, not self._answered
        self._answered = True
        try:
            taken = hang_up_answer(
                self._core,
                response,
                transaction.flow,
                self._authentication,
                now,
                reason=self._reason,
                credentials=remains.credentials,
                sticky=remains.sticky,
                begun=self._keep if first else None,
                done=self._parted if first else None,
            )
        except SipParseError:
            taken = False
        if not taken:
            self._is_done()

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """Nobody is there, or has nothing more to say."""
        self.over(status, now)

    def _keep(self, dialog: Dialog) -> None:
        dialog.keep(self._remains.keys, self._remains.phone)

    def _parted(self, _status: int, _now: float) -> None:
        self._is_done()
