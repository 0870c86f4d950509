"""Outgoing sessions: an INVITE of ours and what it leads to (RFC 3261 13.2, 9.1).

What an input leads to is the table in :mod:`~cordboard.sip.outgoing`; here is how it is done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from cordboard.sip.address import tag_of
from cordboard.sip.authentication import MAX_ROUNDS, NO_CREDENTIALS, Authentication
from cordboard.sip.dialog_request import DialogRequest, say_goodbye
from cordboard.sip.early_dialog import MAX_FORKS, EarlyDialog, EarlyDialogs
from cordboard.sip.events import EndedBy, InviteAnswered, InviteFailed, InviteRinging, InviteTrying
from cordboard.sip.invite_request import InviteRequest
from cordboard.sip.lines import clean
from cordboard.sip.media_type import sdp_of
from cordboard.sip.outgoing import OUTGOING, Input, Stage
from cordboard.sip.reason_header import reason_value_of
from cordboard.sip.reliable import number_of
from cordboard.sip.responses import reason_of, redirects_of, retry_after_of
from cordboard.sip.session import Session
from cordboard.sip.table import compile_table

if TYPE_CHECKING:
    from cordboard.sip.client_transaction import ClientTransaction
    from cordboard.sip.core import Core
    from cordboard.sip.dialog import Dialog
    from cordboard.sip.flow import Flow
    from cordboard.sip.invitation import Invitation
    from cordboard.sip.message import Request, Response
    from cordboard.sip.server_transaction import ServerTransaction


class ClientSession(Session):
    """One outgoing session; sends its INVITE at once.

    Raises :class:`~cordboard.sip.errors.SipBuildError` if a value of the invitation can't stand in
    a message; nothing has been sent then.
    """

    __slots__ = (
        "_early",
        "_invite",
        "_offer",
        "_reason",
        "_rounds",
        "_row",
        "_stage",
    )

    is_owner = True

    def __init__(self, core: Core, invitation: Invitation, now: float) -> None:
        credentials = invitation.credentials
        authentication = Authentication(credentials) if credentials else NO_CREDENTIALS
        super().__init__(core, clean(invitation.call_id), authentication)
        self._offer = invitation.offer
        self._invite = InviteRequest(core, invitation, self.call_id)
        self._rounds = 0
        self._reason: str | None = None
        self._early = EarlyDialogs()
        self._stage = Stage.CALLING
        self._row = _ROWS[Stage.CALLING]
        self._invite.send(self, self.timer.request_lines(), now)
        if invitation.phone is not None:
            core.phone_calls.add(invitation.phone, self)

    # What happens

    def cancel(self, now: float, reason: str | None = None) -> None:
        """Give the call up; ``reason`` is the Reason value for the CANCEL or BYE (RFC 3326)."""
        if reason is not None:
            clean(reason)
        if self._stage is Stage.ANSWERED:
            self.leave(now, EndedBy.LOCAL, reason)
        else:
            self._reason = reason
            self._happen(Input.CANCEL, None, 0, now)

    def hang_up(self, now: float, reason: str | None = None) -> None:
        """BYE where there is a call, CANCEL where there is none yet."""
        self.cancel(now, reason)

    def on_response(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        """A response to the INVITE came."""
        status = response.status
        if status < 200:
            self._happen(Input.PROGRESS, response, status, now)
        elif status < 300:
            self._happen(Input.ANSWER, response, status, now)
        elif self._can_meet(response, status):
            self._happen(Input.DEMAND, response, status, now)
        else:
            self._happen(Input.REFUSAL, response, status, now)

    def _can_meet(self, response: Response, status: int) -> bool:
        """Whether another INVITE may succeed: with credentials, or with a longer interval."""
        if status in (401, 407):
            return self.authentication.accept(response, self._rounds)
        return (
            status == 422 and self._rounds < MAX_ROUNDS and self.timer.is_asked_for_more(response)
        )

    def on_no_response(self, transaction: ClientTransaction, status: int, now: float) -> None:
        """No final response will come."""
        self._happen(Input.SILENCE, None, status, now)

    def _happen(self, what: Input, response: Response | None, status: int, now: float) -> None:
        step = self._row.get(what)
        if step is None:
            return
        self._stage, self._row, action = step
        action(self, response, status, now)

    # What is done about it; named by the table

    def tell_progress(self, response: Response, status: int, now: float) -> None:
        """Tell the user that the far end works on it or rings."""
        if status == 100:
            self.core.events.append(InviteTrying(self.call_id))
            return
        tag = response.to_tag
        if "rseq" in response.headers and not self._acknowledge_progress(response, tag, now):
            return
        if status == 199:
            self._early.hear_the_end_of(tag)
            return
        forks = self._early.hear_of(tag, response)
        sdp = sdp_of(response)
        self.core.events.append(
            InviteRinging(self.call_id, status, response.reason, sdp, tag, forks)
        )

    def _acknowledge_progress(self, response: Response, tag: str | None, now: float) -> bool:
        """Send the PRACK of a reliable response; False for one that was here before, or that comes
        before its predecessor (RFC 3262 4)."""
        number = number_of(response)
        if number is None:
            return True
        if tag is None:
            return False
        early = self._early.open(tag, lambda: self._invite.dialog_of(response))
        if early is None or not early.is_next(number):
            return False
        if early.answer is None:
            early.answer = sdp_of(response)
        lines = f"RAck: {number} {response.cseq[0]} INVITE\r\n"
        DialogRequest(
            self.core, early.dialog, self.authentication, "PRACK", _ignore, now, lines=lines
        )
        return True

    def establish(self, response: Response, status: int, now: float) -> None:
        """The first 2xx makes the dialog; its answer may have come before it (RFC 3262 5)."""
        early = self._early.get(response.to_tag)
        self.dialog = self._acknowledge(response, early, now)
        self.up = True
        answer = sdp_of(response) or (early.answer if early is not None else None)
        if self._early.asked is not None and (early is None or self._early.asked != early.dialog):
            self.negotiation.reject(481, now)  # the offer of a fork that did not win
        self._early.clear()
        self.ours, self.theirs = self._offer, answer
        self.timer.learn(response)
        self.timer.take_answer(response, now, now)
        agents = response.headers.get("user-agent") or response.headers.get("server")
        agent = agents[0] if agents else None
        self.core.events.append(InviteAnswered(self.call_id, answer, agent))

    def acknowledge_further_answer(self, response: Response, status: int, now: float) -> None:
        """Send the ACK of a repeated 2xx again; hang up one of another fork (13.2.2.4)."""
        tag = response.to_tag or ""
        if not self._invite.acknowledge_again(tag, now) and self._invite.answers < MAX_FORKS:
            dialog = self._acknowledge(response, self._early.get(tag), now)
            say_goodbye(self.core, dialog, self.authentication, self._reason, _nothing_more, now)

    def hang_up_late_answer(self, response: Response, status: int, now: float) -> None:
        """A 2xx crossed our CANCEL: nobody wants this call any more."""
        self.dialog = self._acknowledge(response, self._early.get(response.to_tag), now)
        self._fail(487, True)
        self.send_bye(now, self._reason)

    def invite_again(self, response: Response, status: int, now: float) -> None:
        """Send another INVITE that has what was asked for."""
        self._rounds += 1
        credentials = self.authentication.lines("INVITE", self._invite.uri, self.core.token)
        self._early.clear()
        self._invite.send(self, self.timer.request_lines(), now, credentials)

    def wait_for_progress(self, response: None, status: int, now: float) -> None:
        """CANCEL can't be sent yet."""

    def send_cancel(self, response: Response | None, status: int, now: float) -> None:
        """Give up what rings."""
        self._invite.cancel(self._reason, now)

    def fail_as_told(self, response: Response, status: int, now: float) -> None:
        """The peer refused."""
        self._fail(status, False, response)
        self.core.forget_session(self)

    def fail_in_silence(self, response: None, status: int, now: float) -> None:
        """Timer B (408) or a transport error (503)."""
        self._fail(status, True)
        self.core.forget_session(self)

    def fail_cancelled(self, response: Response | None, status: int, now: float) -> None:
        """It came to nothing after the call was cancelled."""
        self._fail(487, True)
        self.core.forget_session(self)

    def _fail(self, status: int, local: bool, response: Response | None = None) -> None:
        self.over = True
        if response is None:
            failed = InviteFailed(self.call_id, status, reason_of(status), local=local)
        else:
            failed = InviteFailed(
                self.call_id,
                status,
                response.reason,
                redirects_of(response) if status < 400 else (),
                retry_after_of(response),
                reason_value_of(response),
                local,
            )
        self.core.events.append(failed)

    def _acknowledge(self, response: Response, early: EarlyDialog | None, now: float) -> Dialog:
        """Make the dialog of a 2xx, which was ``early`` before, and send its ACK."""
        dialog = self._invite.dialog_of(response)
        if early is not None:
            dialog.count_on_from(early.dialog)
        self._invite.acknowledge(dialog, now)
        return dialog

    # Requests of the peer before its answer

    def need_dialog(self) -> Dialog:
        """The dialog, or the early one whose request is being answered."""
        dialog = self.dialog or self._early.asked
        assert dialog is not None
        return dialog

    def owns(self, local_tag: str | None, remote_tag: str | None) -> bool:
        """Whether a request belongs to the dialog, or to one that is still early."""
        if self.dialog is not None:
            return super().owns(local_tag, remote_tag)
        return local_tag == self._invite.tag and (remote_tag or "") in self._early

    def on_request(
        self, transaction: ServerTransaction, request: Request, flow: Flow, now: float
    ) -> None:
        """A request within the dialog; of an early one only UPDATE (RFC 3311 5.2)."""
        if self.dialog is not None:
            super().on_request(transaction, request, flow, now)
            return
        early = self._early.of_request(tag_of(request.need("from")) or "", self._invite.dialog_of)
        if early is None or request.method != "UPDATE":
            self.respond(transaction, 481, now)
        elif early.answer is None and sdp_of(request) is not None:
            self.respond(transaction, 491, now)  # our own offer is still open
        else:
            self._early.asked = early.dialog
            super().on_request(transaction, request, flow, now)


Action = Callable[[ClientSession, "Response | None", int, float], None]


_ROWS = compile_table(OUTGOING, lambda name: cast("Action", getattr(ClientSession, name)))


def _nothing_more() -> None:
    """The dialog of a fork leaves nothing behind."""


def _ignore(status: int, response: Response | None, now: float) -> None:
    """What becomes of a PRACK: if it was lost its response comes again, and so does the PRACK."""
