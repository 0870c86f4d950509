"""A stack that refers others (RFC 3515): it sends REFER and takes what it is told of it."""

from __future__ import annotations

from cordboard.sip.client_session import ClientSession
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request, Response
from cordboard.sip.responses import stamp_via
from cordboard.sip.stack import SipStack
from cordboard.sip.transaction_layer import server_key

FRAGMENT = b"SIP/2.0 "


class ReferringStack(SipStack):
    """Of a phone; has for each REFER a list that its answer and its news are added to."""

    told: dict[str, list[int]]

    def refer(
        self, call_id: str, refer_to: str, told: list[int], now: float, lines: str = ""
    ) -> None:
        """Send a REFER within a call."""
        self.told = {**getattr(self, "told", {}), call_id: told}

        def answered(status: int, _response: Response | None, _now: float) -> None:
            told.insert(0, status)  # the first NOTIFY may come before it

        session = self._core.sessions[call_id]
        contact = session.need_dialog().contact
        session.ask("REFER", answered, now, f"{contact}Refer-To: {refer_to}\r\n{lines}")

    def replaces(self, call_id: str) -> str:
        """The escaped Replaces by which the other end knows a call of ours."""
        session = self._core.sessions[call_id]
        if isinstance(session, ClientSession) and session.dialog is None:
            (theirs,), ours = session._early._heard, session._invite.tag
        else:
            dialog = session.need_dialog()
            theirs, ours = dialog.remote_tag, dialog.local_tag
        return f"{call_id}%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}"

    def _receive_request(self, request: Request, data: bytes, flow: Flow, now: float) -> None:
        session = self._core.sessions.get(request.call_id)
        if request.method != "NOTIFY" or session is None:
            super()._receive_request(request, data, flow, now)
            return
        key = server_key(request, "NOTIFY")
        if key in self._layer.servers:
            super()._receive_request(request, data, flow, now)
            return
        session.need_dialog().is_next(request.cseq[0])
        told = getattr(self, "told", {}).get(request.call_id)
        tag = session.need_dialog().local_tag
        transaction = self._layer.serve(
            key, request, stamp_via(request, flow), request.call_id, tag
        )
        session.respond(transaction, 481 if told is None else 200, now)
        if told is not None and request.body.startswith(FRAGMENT):
            told.append(int(request.body[len(FRAGMENT) :][:3]))
