"""Calls that talk: how many G.711 calls one core relays without losing a packet.

Each call is two streams of 50 packets a second into the server and out of it again. A delay is from
the phone's packet to the other phone's, as the kernel saw it come.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from bench.figures import BUSIEST_HARNESS
from bench.harness.audio import Voices, talk
from bench.harness.phones import AUDIO_ABOVE, OURS
from bench.machine import cpu_of, quantile
from bench.rig import rig
from bench.spread import table
from bench.talkers import SETTLE_SECONDS, bring_up

COUNTS = (100, 200, 350, 500, 700, 1000, 1500, 2000)
SECONDS = 4.0
ANSWER_SECONDS = 10.0
LATEST_MS = 100.0
"""At the 99th percentile: what a phone's jitter buffer makes up for at most."""
TRIES = 5
TALK_SECONDS = 600.0
"""Longer than the suite: nobody hangs up."""
HEAD = ["calls", "packets", "lost", "us CPU a packet", "core", "delay p50", "p99", "void because"]


@dataclass(frozen=True, slots=True)
class Relayed:
    """So many calls talking at once; delays in milliseconds."""

    calls: int
    packets: int
    lost: int
    us_a_packet: float
    core_share: float
    delay_p50: float
    delay_p99: float
    harness_share: float

    @property
    def line(self) -> str:
        """The same for a person who waits for the table."""
        return (
            f"{self.calls:4} calls  {self.lost} of {self.packets} packets lost  "
            f"{self.us_a_packet:4.1f} us CPU a packet  delay p99 {self.delay_p99:5.1f} ms"
        )

    @property
    def fault(self) -> str:
        """Why it does not count, if it does not."""
        if self.lost:
            return f"{self.lost} packets lost"
        if self.delay_p99 > LATEST_MS:
            return "too late to be heard"
        return "the harness was busy" if self.harness_share > BUSIEST_HARNESS else ""


def run() -> dict[str, Any]:
    """More and more calls, until packets are lost."""
    found: list[Relayed] = []
    first, second = (Voices(port + AUDIO_ABOVE) for port in (OURS.first_port, OURS.second_port))
    ports: list[list[int]] = [[], []]
    with rig(readers=0, talk=TALK_SECONDS) as one:
        for count in COUNTS:
            bring_up(one, count - len(ports[0]), ports)
            first.speak_to(ports[0])
            second.speak_to(ports[1])
            talk(first, second, SETTLE_SECONDS)  # the server learns where the phones are
            before, began, mine = cpu_of(one.server.pid), time.monotonic(), time.process_time()
            heard = talk(first, second, SECONDS)
            elapsed = time.monotonic() - began
            spent = cpu_of(one.server.pid).since(before).all
            found.append(
                Relayed(
                    calls=len(ports[0]),
                    packets=heard.sent,
                    lost=heard.sent - heard.received,
                    us_a_packet=spent / heard.sent * 1e6,
                    core_share=spent / elapsed,
                    delay_p50=quantile(heard.delays, 0.50),
                    delay_p99=quantile(heard.delays, 0.99),
                    harness_share=(time.process_time() - mine) / elapsed,
                )
            )
            print(f"  {found[-1].line}", flush=True)
            if found[-1].fault:
                break
    print("\n" + table(HEAD, [_row(each) for each in found]))
    held = max((each.calls for each in found if not each.fault), default=0)
    print(f"\nheld: {held} calls")
    return {"held": held, "steps": [asdict(each) for each in found]}


def _row(one: Relayed) -> list[str]:
    return [
        f"{one.calls}",
        f"{one.packets}",
        f"{one.lost}",
        f"{one.us_a_packet:.1f}",
        f"{one.core_share:.0%}",
        f"{one.delay_p50:.1f}",
        f"{one.delay_p99:.1f}",
        one.fault,
    ]
