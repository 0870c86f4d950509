"""Stacks joined by a network in memory, with a clock that only the test moves."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from cordboard.sip.address import NameAddr, parse_name_addr
from cordboard.sip.digest import Credentials
from cordboard.sip.events import SipEvent
from cordboard.sip.flow import Flow
from cordboard.sip.message import Message, Request, Response, parse
from cordboard.sip.registrar import Registrar
from cordboard.sip.remains import Keeper
from cordboard.sip.stack import Invitation, SipStack, StackSettings
from cordboard.sip.strangers import EVERYBODY_WELCOME, Strangers
from cordboard.sip.timers import Timers
from cordboard.sip.trace import Traced, TraceRecord

SERVER = ("192.0.2.1", 5060)
PHONE = ("192.0.2.2", 5060)
OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
ANSWER = b"v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\ns=-\r\n"
OTHER_OFFER = b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\n"
OTHER_ANSWER = b"v=0\r\no=- 2 2 IN IP4 192.0.2.2\r\ns=-\r\n"
SECRET = b"a secret of the tests"
DELAY = 0.01
"""Seconds that a message is on its way where the network is not told otherwise."""


Told = TypeVar("Told")


def tokens(prefix: str) -> Callable[[], str]:
    """A source of tokens that a person can tell apart."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers):07d}"


class End:
    """One stack at one address; ``said`` is everything it ever told."""

    def __init__(
        self,
        address: tuple[str, int],
        name: str,
        *,
        timers: Timers | None = None,
        registrar: Registrar | None = None,
        max_sessions: int = 1000,
        max_transactions: int = 10_000,
        traced: bool = False,
        secret: bytes = SECRET,
        session_expires: int = 1800,
        min_se: int = 90,
        keepalive: float = 0.0,
        strangers: Strangers = EVERYBODY_WELCOME,
        refuses_calls: int | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self.address = address
        self.said: list[SipEvent] = []
        self.traced: list[TraceRecord] = []
        self.stack = SipStack(
            StackSettings(
                advertised=lambda _: address,
                tag_secret=secret,
                timers=timers or Timers(),
                user_agent=name,
                session_expires=session_expires,
                min_se=min_se,
                keepalive=keepalive,
                max_sessions=max_sessions,
                max_transactions=max_transactions,
                strangers=strangers,
                refuses_calls=refuses_calls,
            ),
            registrar=registrar,
            random=tokens(name),
            trace=self._note if traced else None,
            keeper=keeper,
        )

    def _note(self, message: Traced) -> None:
        self.traced.append(TraceRecord(*message))

    def flow_to(self, other: tuple[str, int], transport: str = "udp") -> Flow:
        """The flow from here to an address."""
        return Flow(transport, self.address, other)

    def take_events(self) -> list[SipEvent]:
        """What is new."""
        new = []
        while (event := self.stack.next_event()) is not None:
            new.append(event)
        self.said += new
        return new

    def heard(self, kind: type[Told]) -> list[Told]:
        """All events of a kind so far."""
        self.take_events()
        return [event for event in self.said if isinstance(event, kind)]


class Network:
    """Carries messages between ends. ``carry(flow, data)`` gives the delays of the copies that
    arrive: none for a loss, two for a duplicate."""

    def __init__(self, *ends: End) -> None:
        self.now = 1000.0
        self.ends = {end.address: end for end in ends}
        self.carry: Callable[[Flow, bytes], list[float]] = lambda _flow, _data: [DELAY]
        self.sent: list[tuple[float, Flow, bytes]] = []
        self._under_way: list[tuple[float, int, Flow, bytes]] = []
        self._order = count()

    def pump(self) -> None:
        """Put what the stacks want to send on its way."""
        for end in self.ends.values():
            for flow, data in end.stack.messages_to_send():
                source = Flow(flow.transport, end.address, flow.remote)
                self.sent.append((self.now, source, data))
                for delay in self.carry(source, data):
                    entry = (self.now + delay, next(self._order), source, data)
                    heapq.heappush(self._under_way, entry)

    def next_time(self) -> float | None:
        """When the next thing happens by itself."""
        times = [end.stack.get_timer() for end in self.ends.values()]
        if self._under_way:
            times.append(self._under_way[0][0])
        return min((time for time in times if time is not None), default=None)

    def run(self, seconds: float = 1.0) -> None:
        """Let ``seconds`` pass."""
        self.run_until(lambda: False, seconds)

    def run_until(self, done: Callable[[], bool], seconds: float = 100.0) -> None:
        """Let time pass until ``done()``, at most ``seconds``."""
        end_time = self.now + seconds
        self.pump()
        while not done():
            following = self.next_time()
            if following is None or following > end_time:
                self.now = end_time
                return
            self.now = max(self.now, following)
            self._step()

    def _step(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            _, _, flow, data = heapq.heappop(self._under_way)
            receiver = self.ends.get(flow.remote)
            if receiver is not None:
                arrived = Flow(flow.transport, receiver.address, flow.local)
                receiver.stack.receive(data, arrived, self.now)
                receiver.take_events()
                self.pump()
        for end in self.ends.values():
            end.stack.handle_timer(self.now)
            end.take_events()
        self.pump()

    def sent_by(self, end: End) -> list[Message]:
        """The messages that an end has sent."""
        return [parse(data) for _, flow, data in self.sent if flow.local == end.address]

    def requests(self, end: End, method: str) -> list[Request]:
        """The requests of one method that an end has sent, repeats included."""
        return [m for m in self.sent_by(end) if isinstance(m, Request) and m.method == method]

    def responses(self, end: End, method: str) -> list[Response]:
        """The responses that an end has sent to requests of one method."""
        sent = self.sent_by(end)
        return [m for m in sent if isinstance(m, Response) and m.cseq[1] == method]


def name_addr(text: str) -> NameAddr:
    """A NameAddr of text."""
    return parse_name_addr(text)


def invitation(
    server: End,
    phone: tuple[str, int] = PHONE,
    *,
    call_id: str = "call-1",
    transport: str = "udp",
    credentials: Credentials | None = None,
    headers: tuple[tuple[str, str], ...] = (),
    routes: tuple[str, ...] = (),
    sticky: bool = True,
    offer: bytes | None = OFFER,
) -> Invitation:
    """An invitation from the server to the phone."""
    return Invitation(
        call_id=call_id,
        uri=f"sip:jessica@{phone[0]}:{phone[1]}",
        flow=server.flow_to(phone, transport),
        caller='"Bob" <sip:bob@demo>',
        callee="<sip:jessica@demo>",
        offer=offer,
        credentials=credentials,
        headers=headers,
        routes=routes,
        sticky=sticky,
    )
