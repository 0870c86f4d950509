"""The INVITE of an outgoing call: written from its invitation (RFC 3261 13.2.1), sent as often as
it is asked for something more, cancelled, acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.dialog import Dialog, contact_of
from cordboard.sip.errors import SipParseError
from cordboard.sip.lines import (
    SDP_LINE,
    InviteLines,
    clean,
    encode,
    lines_of,
    route_lines,
)
from cordboard.sip.methods import ALLOW_LINE, SUPPORTED_LINE, SUPPORTED_WITHOUT_OFFER_LINE
from cordboard.sip.remains import InviteRemains
from cordboard.sip.route_set import by_way_of, routes_of_response

if TYPE_CHECKING:
    from cordboard.sip.client_transaction import ClientTransaction, ClientUser
    from cordboard.sip.core import Core
    from cordboard.sip.flow import Flow
    from cordboard.sip.invitation import Invitation
    from cordboard.sip.message import Response


class InviteRequest:
    """One call's INVITE: each time with the same Call-ID, From and To and the next CSeq number.

    ``tag`` is the From tag, ``transaction`` the one of the last that was sent.
    """

    __slots__ = (
        "_acks",
        "_call_id",
        "_core",
        "_credentials",
        "_from",
        "_invitation",
        "_number",
        "tag",
        "transaction",
    )

    transaction: ClientTransaction

    def __init__(self, core: Core, invitation: Invitation, call_id: str) -> None:
        self._core = core
        self._invitation = invitation
        self._call_id = call_id
        self.tag = core.signed_tag(invitation.call_id)
        self._from = f"{invitation.caller};tag={self.tag}"
        self._number = 0
        self._credentials = ""
        # The ACK of each 2xx by its To tag, for when the 2xx comes again
        self._acks: dict[str, tuple[Flow, bytes]] = {}

    def send(self, user: ClientUser, timer_lines: str, now: float, credentials: str = "") -> None:
        """Send it; ``user`` hears what becomes of it.

        Raises :class:`~cordboard.sip.errors.SipBuildError` if a value of the invitation can't stand
        in a message; nothing has been sent then.
        """
        invitation, core = self._invitation, self._core
        self._number = number = self._number + 1
        self._credentials = credentials
        branch = core.token()
        lines, data = write_invite(
            core,
            invitation,
            call_id=self._call_id,
            from_=self._from,
            number=number,
            branch=branch,
            timer_lines=timer_lines,
            credentials=credentials,
        )
        flow = invitation.flow
        if core.keeper is not None:
            core.keeper.keep(self._call_id, self._remains(branch, lines))
        self.transaction = sent = core.layer.request(
            "INVITE", branch, flow, self._call_id, data, user, now, lines
        )
        if invitation.patience is not None:
            sent.wait(invitation.patience, now)

    def _remains(self, branch: str, lines: InviteLines) -> InviteRemains:
        invitation = self._invitation
        return InviteRemains(
            invitation.flow,
            branch,
            lines.uri,
            lines.via,
            lines.routes,
            lines.from_,
            lines.to,
            lines.number,
            lines.credentials,
            invitation.sticky,
            invitation.keys,
            invitation.phone,
        )

    @property
    def uri(self) -> str:
        """The Request-URI of the last one."""
        lines = self.transaction.invite
        assert lines is not None  # it is an INVITE
        return lines.uri

    def cancel(self, reason: str | None, now: float) -> None:
        """Send CANCEL and wait 64*T1 for the end at most (9.1)."""
        transaction = self.transaction
        lines = transaction.invite
        assert lines is not None  # it is an INVITE
        transaction.bound(now)
        branch, flow, data = transaction.key[0], transaction.flow, lines.cancel(reason)
        self._core.layer.request("CANCEL", branch, flow, self._call_id, data, None, now)

    def dialog_of(self, response: Response) -> Dialog:
        """The dialog that a response with a To tag makes (12.1.2)."""
        invitation = self._invitation
        try:
            routes = routes_of_response(response)
        except SipParseError:
            routes = ()  # an ACK that may get there is better than none
        origin, came_over = invitation.flow, self.transaction.came_over
        if came_over != origin and origin.matches(came_over):
            origin = came_over
        return Dialog(
            self._core,
            call_id=self._call_id,
            local=self._from,
            local_tag=self.tag,
            remote=response.need("to"),
            remote_tag=response.to_tag or "",
            target=contact_of(response) or invitation.uri,
            routes=routes,
            origin=origin,
            sticky=invitation.sticky,
            contact_user=invitation.contact_user,
            local_number=self._number,
            remote_number=None,
        )

    def acknowledge(self, dialog: Dialog, now: float) -> None:
        """Send the ACK of the 2xx that made a dialog, with the INVITE's credentials (13.2.2.4)."""
        if not self._acks:  # any further fork is hung up at once
            dialog.keep(self._invitation.keys, self._invitation.phone)
        ack = dialog.request("ACK", self._number, self._core.token(), self._credentials)
        self._acks[dialog.remote_tag] = (dialog.flow, ack)
        self._core.layer.send(dialog.flow, ack, self._call_id, now)

    def acknowledge_again(self, tag: str, now: float) -> bool:
        """Send the ACK of a repeated 2xx; False where none with its To tag came before."""
        known = self._acks.get(tag)
        if known is None:
            return False
        flow, ack = known
        self._core.layer.send(flow, ack, self._call_id, now, retransmission=True)
        return True

    @property
    def answers(self) -> int:
        """How many forks have answered."""
        return len(self._acks)


def write_invite(
    core: Core,
    invitation: Invitation,
    *,
    call_id: str,
    from_: str,
    number: int,
    branch: str,
    timer_lines: str,
    credentials: str,
) -> tuple[InviteLines, bytes]:
    """The INVITE, and what its ACK and CANCEL repeat of it; ``from_`` carries the tag.

    Raises :class:`~cordboard.sip.errors.SipBuildError` for a value that can't stand in a message.
    """
    flow, offer = invitation.flow, invitation.offer or b""
    to = invitation.callee
    clean("".join((invitation.uri, from_, to, *invitation.routes)))
    uri, routes = _way_to(invitation) if invitation.routes else (invitation.uri, ())
    via, contact = core.via_and_contact(flow, invitation.contact_user, uri)
    lines = InviteLines(
        uri,
        f"{via}{branch}\r\n",
        route_lines(routes) if routes else "",
        f"From: {from_}\r\n",
        f"To: {to}\r\n",
        f"Call-ID: {call_id}\r\n",
        number,
        credentials,
    )
    data = encode(
        f"INVITE {lines.uri} SIP/2.0\r\n{lines.via}{lines.routes}"
        f"Max-Forwards: {invitation.hops}\r\n{lines.from_}"
        f"{lines.to}{lines.call_id}CSeq: {number} INVITE\r\n"
        f"{contact}{core.agent_line}{ALLOW_LINE}"
        f"{SUPPORTED_LINE if offer else SUPPORTED_WITHOUT_OFFER_LINE}{timer_lines}"
        f"{lines_of(invitation.headers) if invitation.headers else ''}{credentials}"
        f"{SDP_LINE if offer else ''}",
        offer,
    )
    return lines, data


def _way_to(invitation: Invitation) -> tuple[str, tuple[str, ...]]:
    """Request-URI and Route values by its routes; such as can't be read go out as they are."""
    try:
        return by_way_of(invitation.routes, invitation.uri)
    except SipParseError:
        return invitation.uri, invitation.routes
