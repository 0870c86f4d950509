"""Dialogs: what two user agents know of each other for the length of a call (RFC 3261 12).

The lines that all requests of a dialog share are written once, when the dialog is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.addresses import family_of, is_address
from cordboard.sip.address import split_name_addr, tag_of
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import WEBSOCKET, Flow
from cordboard.sip.grammar import split_list
from cordboard.sip.lines import MAX_FORWARDS, InviteLines, clean_copy, encode
from cordboard.sip.message import Request
from cordboard.sip.remains import CSEQ_RENEWAL, DialogRemains
from cordboard.sip.route_set import by_way_of, routes_of_request
from cordboard.sip.uri import parse_uri
from cordboard.sip.way_back import way_back

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.message import Message


class Dialog:
    """One dialog. ``local`` and ``remote`` are From and To values with their tags, as a request of
    ours carries them; ``target`` is the peer's Contact URI; ``routes`` are Route values in the
    order of a request of ours; ``origin`` is the flow by which the dialog came about.

    ``sticky`` says that without a route set requests stay on ``origin`` whatever the Contact says,
    which is what reaches a phone behind NAT; otherwise they follow a Contact that is an address.
    """

    __slots__ = (
        "_contact",
        "_core",
        "_fixed",
        "_kept_as",
        "_renewal",
        "_routes",
        "_via",
        "call_id",
        "contact_user",
        "flow",
        "local",
        "local_number",
        "local_tag",
        "origin",
        "remote",
        "remote_number",
        "remote_tag",
        "request_uri",
        "routes",
        "sticky",
        "target",
    )

    def __init__(
        self,
        core: Core,
        *,
        call_id: str,
        local: str,
        local_tag: str,
        remote: str,
        remote_tag: str,
        target: str,
        routes: tuple[str, ...],
        origin: Flow,
        sticky: bool,
        contact_user: str,
        local_number: int,
        remote_number: int | None,
    ) -> None:
        self._core = core
        self.call_id = call_id
        self.local = local
        self.local_tag = local_tag
        self.remote = remote
        self.remote_tag = remote_tag
        self.local_number = local_number
        self.remote_number = remote_number
        self.origin = origin
        self.sticky = sticky
        self.contact_user = contact_user
        self.routes = routes
        self._contact: str | None = None
        self._kept_as: tuple[str | None, str | None] | None = None
        self._renewal = 0  # the CSeq number from which on it is handed out anew
        self.aim(target)

    def aim(self, target: str) -> None:
        """Make ``target`` the remote target and write the lines that follow from it (12.2.1.1)."""
        self.target = target
        uri, routes = target, self.routes
        if routes:
            self.flow = flow_towards(split_name_addr(routes[0])[1], self.origin)
            uri, routes = by_way_of(routes, uri)
            self._routes = "".join([f"Route: {route}\r\n" for route in routes])
        else:
            self.flow = self.origin if self.sticky else flow_towards(target, self.origin)
            self._routes = ""
        clean_copy("".join((uri, self.local, self.remote, *routes)))
        self.request_uri = uri
        self._contact = None  # the peer may reach us by another address of ours now
        self._via = self._core.via(self.flow)
        self._fixed = (
            f"{self._routes}{MAX_FORWARDS}From: {self.local}\r\nTo: {self.remote}\r\n"
            f"Call-ID: {self.call_id}\r\n"
        )
        if self._kept_as is not None:
            self._hand_out(*self._kept_as)

    def keep(self, keys: str | None, phone: str | None) -> None:
        """Hand out what is needed to end the dialog after a restart, now and as it changes."""
        if self._core.keeper is not None:
            self._kept_as = keys, phone
            self._hand_out(keys, phone)

    def _hand_out(self, keys: str | None, phone: str | None) -> None:
        assert self._core.keeper is not None  # who keeps it
        self._renewal = self.local_number + CSEQ_RENEWAL
        remains = DialogRemains(
            self.origin,
            self.local,
            self.local_tag,
            self.remote,
            self.remote_tag,
            self.target,
            self.routes,
            self.sticky,
            self.local_number,
            keys,
            phone,
        )
        self._core.keeper.keep(self.call_id, remains)

    def refresh(self, message: Message, flow: Flow) -> None:
        """Take over the Contact and the flow of a target refresh request or its 2xx (12.2)."""
        target = contact_of(message)
        moved = self._moves_by(message, target or self.target, flow)
        if moved or (target is not None and target != self.target):
            self.aim(target or self.target)

    def follow(self, request: Request, flow: Flow) -> None:
        """Go on over the flow by which the peer's last request came: a NAT between us may have
        given it another port, a phone may have made a new connection."""
        if self._moves_by(request, self.target, flow):
            self.aim(self.target)

    def rejoin(self, flow: Flow) -> None:
        """Go on over the flow by which the peer has registered anew; a proxy between us knows of
        that by itself."""
        if self.sticky and not self.routes and flow != self.origin:
            self.origin = flow
            self.aim(self.target)

    def _moves_by(self, message: Message, target: str, flow: Flow) -> bool:
        """Take note of where the peer is now; whether that is elsewhere. What answers us over UDP
        was reached where we sent to."""
        if not flow.reliable:
            if not self.sticky or self.routes or not isinstance(message, Request):
                return False
            flow = way_back(message, target, flow)
        if flow == self.origin:
            return False
        self.origin = flow
        return True

    def is_next(self, number: int) -> bool:
        """Take note of a request of the peer by its CSeq; whether it is in order (12.2.2)."""
        if self.remote_number is not None and number < self.remote_number:
            return False
        self.remote_number = number
        return True

    @property
    def contact(self) -> str:
        """Our Contact line in this dialog."""
        if self._contact is None:
            self._contact = self._core.contact(self.flow, self.contact_user, self.target)
        return self._contact

    def next_number(self) -> int:
        """The CSeq number of the next request."""
        self.local_number += 1
        if self._kept_as is not None and self.local_number >= self._renewal:
            self._hand_out(*self._kept_as)
        return self.local_number

    def count_on_from(self, early: Dialog) -> None:
        """Take over the CSeq numbers of the early dialog that this one comes from (12.1.2)."""
        self.local_number = early.local_number
        self.remote_number = early.remote_number

    def request(
        self, method: str, number: int, branch: str, lines: str = "", body: bytes = b""
    ) -> bytes:
        """A request of this dialog; ``branch`` is without the magic cookie."""
        return encode(
            f"{method} {self.request_uri} SIP/2.0\r\n{self._via}{branch}\r\n{self._fixed}"
            f"CSeq: {number} {method}\r\n{lines}",
            body,
        )

    def invite_lines(self, number: int, branch: str, credentials: str) -> InviteLines:
        """What ACK of a refused re-INVITE repeats of it."""
        return InviteLines(
            self.request_uri,
            f"{self._via}{branch}\r\n",
            self._routes,
            f"From: {self.local}\r\n",
            f"To: {self.remote}\r\n",
            f"Call-ID: {self.call_id}\r\n",
            number,
            credentials,
        )


def flow_towards(uri: str, default: Flow) -> Flow:
    """Where a request for ``uri`` goes: to its address, or along ``default`` where it is a name.

    Names are resolved before a session begins, never inside one. A browser is reached over the
    connection that it has made and no other way, whatever address it gives (RFC 7118 5).
    """
    try:
        parsed = parse_uri(uri)
    except SipParseError:
        return default
    host, port = parsed.address
    if not is_address(host):
        return default
    given = parsed.parameters.get("transport")
    transport = given.lower() if given else default.transport
    if transport in WEBSOCKET:
        return default
    if (host, port) == default.remote and transport == default.transport:
        return default
    same_socket = transport == default.transport == "udp"
    if same_socket and family_of(host) is family_of(default.remote[0]):
        return Flow(transport, default.local, (host, port))
    return Flow(transport, ("", 0), (host, port))


def contact_of(message: Message) -> str | None:
    """The URI of the first Contact, or None where there is none that can be read."""
    values = message.headers.get("contact")
    if not values:
        return None
    try:
        value = values[0]
        first = split_list(value)[0] if "," in value else value
        uri = split_name_addr(first)[1]
        parse_uri(uri)
    except (SipParseError, IndexError):
        return None
    return uri


def dialog_of_request(core: Core, request: Request, local_tag: str, flow: Flow) -> Dialog:
    """The dialog that an INVITE makes for its receiver (12.1.1). Raises SipParseError."""
    from_ = request.need("from")
    return Dialog(
        core,
        call_id=clean_copy(request.call_id),
        local=f"{request.need('to')};tag={local_tag}",
        local_tag=local_tag,
        remote=from_,
        remote_tag=tag_of(from_) or "",
        target=contact_of(request) or "sip:invalid.invalid",
        routes=routes_of_request(request),
        origin=flow,
        sticky=True,
        contact_user="cordboard",
        local_number=0,
        remote_number=request.cseq[0],
    )
