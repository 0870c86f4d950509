"""Where a request goes: to its transaction, its session, the registrar, or back (RFC 3261 8.2).

What is refused here is refused without keeping anything (8.2.7): whoever sends us nonsense, scans
or floods costs the time of one answer and no memory, and a repeat gets the same answer again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.address import tag_of
from cordboard.sip.callers import KnownCaller
from cordboard.sip.core import RETRY_SECONDS
from cordboard.sip.errors import SipParseError
from cordboard.sip.left_offer import keep_offer
from cordboard.sip.lines import line
from cordboard.sip.media_type import SDP, accepts, sdp_of
from cordboard.sip.methods import (
    ACCEPT_ENCODING_LINE,
    ACCEPT_LINE,
    ALLOW_LINE,
    ALLOW_WITH_REGISTER_LINE,
    SUPPORTED,
    SUPPORTED_LINE,
    SUPPORTED_WITH_REGISTER,
    refusal_of_method,
)
from cordboard.sip.replaces import find_replaced, refusal_of_replaces, replaces_of
from cordboard.sip.responses import build_response, stamp_via
from cordboard.sip.route_set import routes_of_request
from cordboard.sip.server_session import ServerSession
from cordboard.sip.transaction import Event, State
from cordboard.sip.transaction_layer import Key, server_key
from cordboard.sip.validity import METHODS, check_request

if TYPE_CHECKING:
    from cordboard.sip.bindings import Bindings
    from cordboard.sip.core import Core
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request

# Methods that mean nothing outside a dialog: 481 (RFC 3261 12.2.2).
WITHIN_DIALOGS = frozenset({"BYE", "INFO", "PRACK", "UPDATE"})
MAX_UNSUPPORTED = 8
"""Option tags that a 420 names: an answer to a stranger is never much longer than his message."""

CHALLENGED = 401
ESSENTIAL = ("to", "from", "call-id", "cseq")


class Inbound:
    """Routes requests. ``bindings`` is None where REGISTER is not served."""

    __slots__ = (
        "_allow_line",
        "_bindings",
        "_callers",
        "_core",
        "_layer",
        "_refuses_calls",
        "_strangers",
    )

    def __init__(self, core: Core, bindings: Bindings | None) -> None:
        self._core = core
        self._layer = core.layer
        self._bindings = bindings
        self._strangers = core.settings.strangers
        self._refuses_calls = core.settings.refuses_calls
        self._callers = core.settings.callers
        self._allow_line = ALLOW_LINE if bindings is None else ALLOW_WITH_REGISTER_LINE

    def receive(self, request: Request, data: bytes, flow: Flow, now: float) -> None:
        """Route one request. Raises :class:`SipParseError` for one that is to be refused with that
        error's status, if it can be answered at all."""
        headers = request.headers
        for name in ESSENTIAL:
            if len(headers.get(name, ())) != 1:
                raise SipParseError("a header is missing or doubled")
        method = request.method
        if request.cseq[1] != method:
            raise SipParseError("CSeq of another method", 400 if method in METHODS else 501)
        call_id = headers["call-id"][0]
        served_as = "INVITE" if method == "ACK" or method == "CANCEL" else method
        key = server_key(request, served_as)
        known = self._layer.servers.get(key)
        trace = self._layer.trace
        if trace is not None:
            again = known is not None and served_as == method
            trace((now, False, flow, call_id, again, data))
        if method == "ACK":
            if known is not None and known.state is not State.ACCEPTED:
                known.receive(Event.ACK, now)
            else:
                self._acknowledge(request, call_id, now)
            return
        if method == "CANCEL":
            self._cancel(request, key, flow, now)
        elif known is not None:
            known.receive(Event.REQUEST, now)
        else:
            way_back = stamp_via(request, flow)
            to_tag = tag_of(headers["to"][0])
            if to_tag is None:
                self._outside_dialog(request, key, flow, way_back, now)
            else:
                self._inside_dialog(request, key, to_tag, flow, way_back, now)

    def ignores(self, request: Request | None, flow: Flow) -> bool:
        """Whether a request (None: one that can't be read) is a stranger's and gets no answer."""
        if not self._strangers.ignore:
            return False
        if request is not None:
            session = self._core.sessions.get(request.first("call-id") or "")
            to, from_ = request.first("to") or "", request.first("from") or ""
            if session is not None and session.owns(_tag(to), _tag(from_)):
                return False
            if self._is_under_way(request):
                return False
        return self._strangers.turns_away(request, flow)

    def _is_under_way(self, request: Request) -> bool:
        """Whether a request comes again, or belongs to one that was answered: a BYE is repeated
        until its answer gets there, and its session is over by then."""
        method = "INVITE" if request.method in ("ACK", "CANCEL") else request.method
        try:
            return server_key(request, method) in self._layer.servers
        except SipParseError:
            return False

    def refuse(
        self,
        request: Request,
        way_back: Flow,
        status: int,
        now: float,
        lines: str = "",
        reason: str | None = None,
    ) -> None:
        """Answer without keeping anything; the request's Via is stamped."""
        call_id = request.first("call-id") or ""
        tag = self._core.stateless_tag(call_id, request.need("via"))
        data = build_response(request, status, tag, reason=reason, lines=lines)
        self._layer.send(way_back, data, call_id, now)

    def _acknowledge(self, request: Request, call_id: str, now: float) -> None:
        session = self._core.sessions.get(call_id)
        if session is not None and session.owns(
            tag_of(request.need("to")), tag_of(request.need("from"))
        ):
            session.on_ack(request, now)

    def _cancel(self, request: Request, key: Key, flow: Flow, now: float) -> None:
        """9.2: CANCEL is answered itself, and works only on what has no final answer yet."""
        way_back = stamp_via(request, flow)
        known = self._layer.servers.get(key)
        if known is None:
            self.refuse(request, way_back, 481, now)
            return
        data = build_response(request, 200, known.to_tag)
        self._layer.send(way_back, data, known.call_id, now)
        if known.state is State.PROCEEDING and known.user is not None:
            known.user.on_cancel(known, request, now)

    def _inside_dialog(
        self, request: Request, key: Key, to_tag: str, flow: Flow, way_back: Flow, now: float
    ) -> None:
        headers = request.headers
        call_id = headers["call-id"][0]
        session = self._core.sessions.get(call_id)
        if session is None or not session.owns(to_tag, tag_of(headers["from"][0])):
            self.refuse(request, way_back, 481, now)
        elif self._core.exhausted:
            self.refuse(request, way_back, 503, now, line("retry-after", str(RETRY_SECONDS)))
        elif not self._refused_for_extension(request, way_back, now):
            transaction = self._layer.serve(key, request, way_back, call_id, to_tag)
            session.on_request(transaction, request, flow, now)

    def _outside_dialog(
        self, request: Request, key: Key, flow: Flow, way_back: Flow, now: float
    ) -> None:
        method = request.method
        seconds = self._core.turns_away(request)
        if seconds is not None:
            self.refuse(request, way_back, 503, now, line("retry-after", str(seconds)))
            return
        check_request(request)
        if self._refused_for_extension(request, way_back, now):
            return
        if method == "INVITE":
            self._invite(request, key, flow, way_back, now)
        elif method == "OPTIONS":  # 11.2
            lines = self._allow_line + SUPPORTED_LINE + ACCEPT_LINE + ACCEPT_ENCODING_LINE
            lines += self._core.agent_line
            self.refuse(request, way_back, 200, now, lines)
        elif method == "REGISTER" and self._bindings is not None:
            self._register(request, key, flow, way_back, now)
        elif method in WITHIN_DIALOGS:
            self.refuse(request, way_back, 481, now)
        elif method == "REFER":  # only who talks with somebody can be connected with another
            self.refuse(request, way_back, 403, now)
        else:
            status, lines = refusal_of_method(method, self._allow_line)
            self.refuse(request, way_back, status, now, lines)

    def _refused_for_extension(self, request: Request, way_back: Flow, now: float) -> bool:
        """8.2.2.3: whoever requires what is not supported is told so."""
        if "require" not in request.headers:
            return False
        required = request.each("require")
        supported = SUPPORTED_WITH_REGISTER if request.method == "REGISTER" else SUPPORTED
        unsupported = [tag for tag in required if tag.lower() not in supported]
        if not unsupported:
            return False
        told = ", ".join(dict.fromkeys(unsupported[:MAX_UNSUPPORTED]))
        lines = line("unsupported", told)
        self.refuse(request, way_back, 420, now, lines)
        return True

    def _invite(self, request: Request, key: Key, flow: Flow, way_back: Flow, now: float) -> None:
        call_id = request.call_id
        origin = (call_id, tag_of(request.need("from")) or "", request.need("cseq"))
        if call_id in self._core.sessions or origin in self._layer.origins:
            self.refuse(request, way_back, 482, now)  # merged (8.2.2.2), or our own come back
            return
        if request.body and sdp_of(request) is None:
            self.refuse(request, way_back, 415, now, ACCEPT_LINE)
            return
        if request.first("content-encoding") not in (None, "identity"):
            self.refuse(request, way_back, 415, now, ACCEPT_ENCODING_LINE)
            return
        if not accepts(request, SDP):
            self.refuse(request, way_back, 406, now, ACCEPT_LINE)
            return
        replaces = replaces_of(request)
        routes_of_request(request)  # what can't be read is refused before anything is kept
        if self._refuses_calls is not None:
            # A refusal that is repeated until its ACK would come down on who never asked for it,
            # where the source is forged: the same answer to each repeat does as well (8.2.7).
            self.refuse(request, way_back, self._refuses_calls, now)
            return
        caller: KnownCaller | None = None
        if self._callers is not None:
            caller = self._known_caller(request, flow, way_back, now)
            if caller is None:
                return
        replaced: str | None = None
        if replaces is not None:
            found = find_replaced(self._core, replaces)
            status = refusal_of_replaces(replaces, found)
            if found is None or status is not None:
                self.refuse(request, way_back, status or 481, now)
                return
            replaced = found.call_id
        tag = self._core.token()
        transaction = self._layer.serve(key, request, way_back, call_id, tag)
        self._layer.claim_origin(transaction, origin)
        session = ServerSession(self._core, transaction, request, flow, caller, replaced)
        keep_offer(self._core, transaction, request)
        transaction.respond(100, build_response(request, 100, ""), now)
        self._core.sessions[call_id] = session

    def _known_caller(
        self, request: Request, flow: Flow, way_back: Flow, now: float
    ) -> KnownCaller | None:
        """Who calls; None where he was refused, or ignored."""
        assert self._callers is not None  # the caller asked
        found = self._callers.judge(request, flow, now)
        if found is None or isinstance(found, KnownCaller):
            return found
        if found.blocked is not None:
            self._core.events.append(found.blocked)
        lines = "".join([line(name, value) for name, value in found.headers])
        self.refuse(request, way_back, found.status, now, lines, found.reason)
        return None

    def _register(self, request: Request, key: Key, flow: Flow, way_back: Flow, now: float) -> None:
        assert self._bindings is not None  # the caller asked
        answer = self._bindings.register(request, flow, now)
        if answer is None:
            return
        lines = "".join([line(name, value) for name, value in answer.headers])
        if answer.status == CHALLENGED:
            # Anybody gets one, from whatever address he says: nothing is kept of that, and a repeat
            # gets another challenge, which is as good.
            self.refuse(request, way_back, answer.status, now, lines, answer.reason)
            return
        call_id = request.call_id
        transaction = self._layer.serve(key, request, way_back, call_id, self._core.token())
        data = build_response(
            request, answer.status, transaction.to_tag, reason=answer.reason, lines=lines
        )
        transaction.respond(answer.status, data, now)


def _tag(value: str) -> str | None:
    try:
        return tag_of(value)
    except SipParseError:
        return None
