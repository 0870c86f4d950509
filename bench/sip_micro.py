"""CPU of the SIP core alone for a two-leg call: no socket, no loop, no media.

Two phones answer what the stack sends; what they say is written down once and then played to a
fresh stack that draws the same tokens, so that only our side is measured. Per call: two INVITEs
out with 100, 180, 200 and ACK each, one BYE in, one BYE out.

    python -m bench.sip_micro [CALLS] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time
from collections.abc import Callable, Iterable
from itertools import count

from cordboard.sip.events import InviteAnswered, InviteReceived
from cordboard.sip.flow import Flow
from cordboard.sip.stack import Invitation, SipStack, StackSettings

SERVER = ("127.0.0.1", 5060)
PHONES = (("127.0.0.1", 5071), ("127.0.0.1", 5072))
CALLS_A_SECOND = 500
TALK_SECONDS = 0.05
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
)
HEADERS = (
    ("p-asserted-identity", "<sip:0312341234@demo>"),
    ("call-info", "<sip:demo>;answer-after=0"),
    ("alert-info", "<http://demo>;info=alert-autoanswer"),
)

Step = tuple[float, str, str, bytes, Flow | None]
"""When (s), what ("invite", "hang up", "receive"), Call-ID, message, flow."""


def make_stack(address: tuple[str, int], name: str) -> SipStack:
    """A stack whose tokens are the same each time."""
    numbers = count(1)
    return SipStack(
        StackSettings(advertised=lambda _: address, tag_secret=b"bench", user_agent="Cordboard"),
        random=lambda: f"{name}{next(numbers):015x}",
    )


def invitation(call_id: str, leg: int) -> Invitation:
    """One leg's INVITE."""
    phone = PHONES[leg]
    return Invitation(
        call_id=call_id,
        uri=f"sip:phone@{phone[0]}:{phone[1]}",
        flow=Flow("udp", SERVER, phone),
        caller='"Bob Example" <sip:0312341234@demo>',
        callee="<sip:jessica@demo>",
        offer=SDP,
        headers=HEADERS,
    )


def call_ids(number: int) -> tuple[str, str]:
    """The Call-IDs of one call's legs."""
    return f"{number:08x}-1111-4111-8111-111111111111", f"{number:08x}-2222-4222-8222-222222222222"


def write_down(calls: int) -> list[Step]:
    """Play all calls with real phones and note what the server was told."""
    server = make_stack(SERVER, "s")
    phones = {address: make_stack(address, f"p{address[1]}") for address in PHONES}
    begun = [(1000.0 + number / CALLS_A_SECOND, "begin", number) for number in range(calls)]
    ended = [(start + TALK_SECONDS, "end", number) for start, _, number in begun]
    steps: list[Step] = []
    for now, what, number in sorted(begun + ended):
        first, second = call_ids(number)
        if what == "begin":
            for leg, call_id in enumerate((first, second)):
                steps.append((now, "invite", call_id, b"", None))
                server.invite(invitation(call_id, leg), now)
                settle(server, phones, steps, now)
        else:
            phones[PHONES[0]].hang_up(first, now)
            settle(server, phones, steps, now)
            steps.append((now, "hang up", second, b"", None))
            server.hang_up(second, now)
            settle(server, phones, steps, now)
    return steps


def settle(
    server: SipStack,
    phones: dict[tuple[str, int], SipStack],
    steps: list[Step],
    now: float,
) -> None:
    """Carry messages until nobody has any."""
    moved = True
    while moved:
        moved = False
        for flow, data in server.messages_to_send():
            phone = phones[flow.remote]
            phone.receive(data, Flow("udp", flow.remote, SERVER), now)
            while (event := phone.next_event()) is not None:
                if isinstance(event, InviteReceived):
                    phone.ring(event.call_id, now)
                    phone.accept(event.call_id, SDP, now)
        for address, phone in phones.items():
            for _, data in phone.messages_to_send():
                moved = True
                flow = Flow("udp", SERVER, address)
                steps.append((now, "receive", "", data, flow))
                server.receive(data, flow, now)
        while server.next_event() is not None:
            pass


def play(stack: SipStack, steps: Iterable[Step], invitations: dict[str, Invitation]) -> int:
    """Play what was written down; returns how many calls were answered."""
    answered = 0
    for now, what, call_id, data, flow in steps:
        due = stack.get_timer()
        if due is not None and due <= now:
            stack.handle_timer(now)
            stack.messages_to_send()
        if flow is not None:
            stack.receive(data, flow, now)
        elif what == "invite":
            stack.invite(invitations[call_id], now)
        else:
            stack.hang_up(call_id, now)
        stack.messages_to_send()
        while (event := stack.next_event()) is not None:
            if type(event) is InviteAnswered:
                answered += 1
    return answered


def measure(calls: int, run: Callable[[Callable[[], int]], int]) -> None:
    """Play all calls once under ``run`` and print what one cost."""
    steps = write_down(calls)
    invitations = {
        call_id: invitation(call_id, leg)
        for number in range(calls)
        for leg, call_id in enumerate(call_ids(number))
    }
    stack = make_stack(SERVER, "s")
    started = time.process_time()
    answered = run(lambda: play(stack, steps, invitations))
    spent = time.process_time() - started
    if answered != 2 * calls or stack.sessions():
        raise SystemExit(f"only {answered} of {2 * calls} legs answered")
    print(f"{spent / calls * 1e6:.0f} us CPU a two-leg call ({calls} calls, {len(steps)} steps)")
    print(f"{stack.transactions()} transactions remembered, {stack.timers()} timers")


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("calls", nargs="?", type=int, default=5000)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    arguments = parser.parse_args()
    if not arguments.profile:
        for _ in range(3):
            measure(arguments.calls, lambda work: work())
        return
    profile = cProfile.Profile()
    measure(arguments.calls, lambda work: profile.runcall(work))
    pstats.Stats(profile).sort_stats("tottime").print_stats(35)


if __name__ == "__main__":
    main()
