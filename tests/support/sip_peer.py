"""A peer that says exactly what a test tells it to, right or wrong."""

from __future__ import annotations

from cordboard.sip.events import SipEvent
from cordboard.sip.flow import Flow
from cordboard.sip.message import Headers, Request, Response, parse
from support.sip_network import PHONE, SERVER, End

Extra = tuple[tuple[str, str], ...]
CONTACT = ("contact", f"<sip:phone@{PHONE[0]}:{PHONE[1]}>")


class Peer:
    """Talks with one end by hand. ``now`` is moved by :meth:`wait` alone."""

    def __init__(self, end: End | None = None, transport: str = "udp") -> None:
        self.end = end or End(SERVER, "srv")
        self.stack = self.end.stack
        self.flow = Flow(transport, self.end.address, PHONE)
        self.now = 1000.0
        self.branches = 0

    def take(self) -> list[Request | Response]:
        """What the end wants to send."""
        return [parse(data) for _, data in self.stack.messages_to_send()]

    def take_requests(self, *methods: str) -> list[Request]:
        """The same where only requests of these methods, in this order, are expected."""
        taken = self.take()
        assert [m.method if isinstance(m, Request) else m.status for m in taken] == list(methods)
        return [m for m in taken if isinstance(m, Request)]

    def take_request(self, method: str) -> Request:
        """The one request that is expected."""
        (request,) = self.take_requests(method)
        return request

    def take_response(self, status: int) -> Response:
        """The one response that is expected."""
        (response,) = self.take()
        assert isinstance(response, Response)
        assert response.status == status
        return response

    def take_flows(self) -> list[Flow]:
        """Where the end wants to send."""
        return [flow for flow, _ in self.stack.messages_to_send()]

    def events(self) -> list[SipEvent]:
        """What the end tells."""
        return self.end.take_events()

    def wait(self, seconds: float) -> None:
        """Let time pass, timers included."""
        end_time = self.now + seconds
        while (due := self.stack.get_timer()) is not None and due <= end_time:
            self.now = max(self.now, due)
            self.stack.handle_timer(self.now)
        self.now = end_time

    def say(self, message: Request | Response, flow: Flow | None = None) -> None:
        """Send a message to the end."""
        self.stack.receive(bytes(message), flow or self.flow, self.now)

    def answer(
        self,
        request: Request,
        status: int,
        *,
        tag: str | None = "peer",
        extra: Extra = (CONTACT,),
        sdp: bytes | None = None,
        flow: Flow | None = None,
    ) -> None:
        """Send a response to a request of the end."""
        to = request.need("to")
        if tag is not None and status > 100 and ";tag=" not in to:
            to = f"{to};tag={tag}"
        headers: Headers = {
            "via": list(request.headers["via"]),
            "from": [request.need("from")],
            "to": [to],
            "call-id": [request.need("call-id")],
            "cseq": [request.need("cseq")],
        }
        for name, value in extra:
            headers.setdefault(name, []).append(value)
        if sdp is not None:
            headers["content-type"] = ["application/sdp"]
        self.say(Response(status, "Said", headers, sdp or b""), flow)

    def ask(
        self,
        method: str,
        *,
        call_id: str = "in-1",
        number: int = 1,
        from_: str = "<sip:phone@demo>;tag=peer",
        to: str = "<sip:server@demo>",
        uri: str = "sip:server@192.0.2.1",
        branch: str | None = None,
        extra: Extra = (CONTACT,),
        sdp: bytes | None = None,
        flow: Flow | None = None,
    ) -> Request:
        """Send a request to the end; returns it, for a repeat or a CANCEL."""
        self.branches += 1
        transport = self.flow.transport.upper()
        via = f"SIP/2.0/{transport} {PHONE[0]}:{PHONE[1]};branch=z9hG4bK"
        headers: Headers = {
            "via": [f"{via}{branch or f'peer{self.branches}'};rport"],
            "max-forwards": ["70"],
            "from": [from_],
            "to": [to],
            "call-id": [call_id],
            "cseq": [f"{number} {method}"],
        }
        for name, value in extra:
            headers.setdefault(name, []).append(value)
        if sdp is not None:
            headers.setdefault("content-type", ["application/sdp"])
        request = Request(method, uri, headers, sdp or b"")
        self.say(request, flow)
        return request

    def ask_within(self, invite: Request, method: str, number: int = 1, **more: object) -> Request:
        """Send a request within the dialog that an INVITE of the end made."""
        to = invite.need("to")
        return self.ask(
            method,
            call_id=invite.need("call-id"),
            number=number,
            from_=to if ";tag=" in to else f"{to};tag=peer",
            to=invite.need("from"),
            **more,  # type: ignore[arg-type]  # the keywords of ask
        )

    def acknowledge(self, request: Request) -> None:
        """Send the ACK of a refusal of the end."""
        ack = Request("ACK", request.uri, {**request.headers})
        ack.put("cseq", request.need("cseq").replace(request.method, "ACK"))
        self.say(ack)

    def ask_back(self, answer: Response, method: str, number: int, **more: object) -> Request:
        """Send a request within the dialog that an INVITE of the peer made."""
        return self.ask(
            method,
            call_id=answer.need("call-id"),
            number=number,
            from_=answer.need("from"),
            to=answer.need("to"),
            **more,  # type: ignore[arg-type]  # the keywords of ask
        )


def all_quiet(peer: Peer) -> bool:
    """Whether nothing is left of anything after some time."""
    peer.wait(200.0)
    return peer.stack.sessions() == peer.stack.transactions() == peer.stack.timers() == 0
