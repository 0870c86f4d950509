"""Calls that cost something, with real phones: warned and cut off at the right second, a card that
many of them can't overspend, and a server that is killed while a call is not settled."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.block import Block
from support.own_phone import OwnPhone
from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.server import DOMAIN, Answer, CordboardServer, Trunk, result_of
from support.tones import Heard, heard
from support.waiting import BOUND, wait_until

pytestmark = [pytest.mark.interop("baresip"), pytest.mark.slow]

UNIT = 1_000_000
WARNING_HZ, JESSICA_HZ, SOFT_HZ, TOKYO_HZ = 1400.0, 700.0, 620.0, 1100.0
TOKYO, OSAKA, NOBODY = "0312341234", "0612341234", "0912341234"

LONG_SECONDS, SHORT_SECONDS = 33, 6
"""What two cards pay for: 30 s before the end of the first, and at once in the second, it is heard
that the call will end."""

LATE, SLOW = 1.5, 5.0
"""Seconds that the server may be late on a busy machine, and that a phone takes there to begin to
speak once it has answered."""

CALLS, CARD = 50, 100
"""So many calls on a card with so much on it. Each holds 7 of it while it is up, and costs a little
over 1, so that it is not enough for all of them at a time."""

MONEY = f"""
[tenant.demo.tariff.standard]
prices = [
    {{ prefix = "03", per_minute = "60" }},
    {{ prefix = "06", per_minute = "6", set_up = "1" }},
    {{ prefix = "09", per_minute = "60" }},
]

[tenant.demo.card.long]
tariff = "standard"
opening_balance = "{LONG_SECONDS}"

[tenant.demo.card.short]
tariff = "standard"
opening_balance = "{SHORT_SECONDS}"

[tenant.demo.card.shared]
tariff = "standard"
opening_balance = "{CARD}"

[tenant.demo.card.killed]
tariff = "standard"
opening_balance = "125"
"""


class Outside(Block):
    """A phone of our own that stands for the network behind a trunk."""

    def __init__(self, *does: str) -> None:
        self.port = free_ports(owner=self)
        place = ("--anyone", "--local", f"{LOOPBACK}:{self.port}", "--lines", "100")
        phone = (sys.executable, "-m", "cordboard", "phone")
        self._command = [*phone, *place, "--answer-after", "0.1", *does]
        self._program: Program | None = None

    def _begin(self) -> None:
        self._program = Program(self._command)
        self._program.wait_for_line("takes calls at")

    def _end(self) -> None:
        if self._program is not None:
            self._program.stop()

    _break_off = _end


@dataclass(frozen=True)
class House:
    """A server, who is inside, and who stands for the outside network."""

    server: CordboardServer
    jessica: BaresipPhone
    heard: Path
    """Where her other phone and who is in Tokyo write down what they hear: by the clock of the
    packets, so that what a busy machine loses moves nothing."""

    def place(self, card: str, first: dict[str, Any], second: dict[str, Any]) -> Answer:
        """What comes of a request for a call."""
        body = {"first": first, "second": second, "card": card}
        return self.server.request("POST", "/v1/calls", body)

    def call(self, card: str, first: dict[str, Any], second: dict[str, Any]) -> str:
        """A call that is accepted."""
        answer = self.place(card, first, second)
        assert answer.status == 201, answer.body
        call: str = answer.body["id"]
        return call


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("charged")
    tokyo = Outside("--tone", f"{TOKYO_HZ:.0f}", "--record", str(folder / "tokyo.wav"))
    osaka, nobody = Outside("--hangup-after", "0.4"), Outside("--ring-only")
    server = CordboardServer(
        folder / "server",
        Trunk("tokyo", "03", tokyo.port),
        Trunk("osaka", "06", osaka.port),
        Trunk("nobody", "09", nobody.port),
        more=MONEY,
        media_ports=600,
        store=f"sqlite:///{folder / 'journal.db'}",
    )
    with ExitStack() as running:
        running.enter_context(server)
        for network in (tokyo, osaka, nobody):
            running.enter_context(network)
        thomas = ("--lines", "100", "--answer-after", "0")
        running.enter_context(OwnPhone("thomas", server.sip, *thomas))
        soft = ("--answer-after", "0", "--tone", f"{SOFT_HZ:.0f}", "--record", folder / "soft.wav")
        running.enter_context(OwnPhone("jessica-soft", server.sip, *soft))
        jessica = BaresipPhone(
            folder / "jessica",
            "jessica-desk",
            server=server.sip,
            domain=DOMAIN,
            secret="demo-jessica-desk",
            answer=True,
            tone_hz=JESSICA_HZ,
        )
        running.enter_context(jessica)
        yield House(server, jessica, folder)


def written(recording: Path) -> Path:
    """A recording, once its phone has written it."""
    wait_until(recording.exists, BOUND, f"{recording.name} is written")
    return recording


def beeps(recording: Path) -> list[float]:
    """When the warning is heard."""
    return [tone.start for tone in heard(recording, [WARNING_HZ])]


def talk(recording: Path, hertz: float) -> Heard:
    """From when to when the other one is heard."""
    tones = heard(recording, [hertz])
    return Heard(hertz, tones[0].start, tones[-1].end)


@pytest.mark.timeout(180)
def test_who_asks_for_it_is_warned_and_both_are_cut_off_at_the_right_second(house: House) -> None:
    """While fifty others talk for another card, so that all of it takes as long as this."""
    server = house.server
    desk, warned = {"terminal": "jessica-desk"}, {"number": TOKYO, "warning": True}
    long = house.call("long", desk, warned)
    server.wait_event(long, "channel.warned", leg="second")
    placed = fifty_on_one_card(house)
    events = server.wait_ended(long)
    result = result_of(events)
    assert (result["outcome"], result["cause"]) == ("completed", "no_credit")
    house.jessica.wait_closed(BOUND)
    in_tokyo = written(house.heard / "tokyo.wav")
    there = talk(in_tokyo, JESSICA_HZ)
    first, *others = beeps(in_tokyo)
    assert there.end - first == pytest.approx(30, abs=LATE)
    assert len(others) == 2
    assert LONG_SECONDS - SLOW < there.seconds < LONG_SECONDS + LATE
    at = {(one["kind"], one["leg"]): one["at"] for one in events}
    talked = at["call.ended", None] - at["leg.answered", "second"]
    assert talked == pytest.approx(LONG_SECONDS, abs=LATE)
    assert beeps(house.jessica.recording()) == [], "who did not ask for it hears nothing of it"
    (charged,) = [one["data"] for one in events if one["kind"] == "leg.charged"]
    assert (charged["amount"], charged["card"]) == (LONG_SECONDS * UNIT, "long")
    assert house.place("long", desk, warned).status == 402
    never_overspent(house, placed)


def fifty_on_one_card(house: House) -> list[str]:
    """Fifty calls, as many at a time as the card takes."""
    thomas, osaka = {"terminal": "thomas"}, {"number": OSAKA}
    calls: list[str] = []
    refused = 0
    with ThreadPoolExecutor(CALLS) as clients:
        while len(calls) < CALLS:
            waiting = range(CALLS - len(calls))
            answers = list(clients.map(lambda _: house.place("shared", thomas, osaka), waiting))
            accepted = [one.body["id"] for one in answers if one.status == 201]
            others = [one.body["id"] for one in answers if one.status != 201]
            assert others == ["no_credit"] * len(others)
            assert accepted, "there is money for some of them"
            calls += accepted
            refused += len(others)
            list(clients.map(house.server.wait_ended, accepted))
    assert refused, "there is not for all at a time"
    return calls


def never_overspent(house: House, calls: list[str]) -> None:
    told = [event for call in calls for event in house.server.wait_ended(call)]
    outcomes = [one["data"]["outcome"] for one in told if one["kind"] == "call.ended"]
    assert outcomes == ["completed"] * len(calls)
    left, held = CARD * UNIT, dict[str, int]()
    for event in sorted(told, key=lambda one: float(one["at"])):
        data = event["data"]
        if event["kind"] == "leg.credit_reserved":
            held[data["charge"]] = data["reserved"]
        elif event["kind"] == "leg.charged":
            assert held.pop(data["charge"]) >= data["amount"] > 0
            left -= data["amount"]
        assert left - sum(held.values()) >= 0, "no two calls had the same money"
    assert held == {}


def test_a_call_on_a_card_that_is_nearly_used_up_is_warned_at_once(house: House) -> None:
    soft = {"terminal": "jessica-soft", "warning": True}
    call = house.call("short", soft, {"number": TOKYO})
    result = result_of(house.server.wait_ended(call))
    assert result["cause"] == "no_credit"
    here = written(house.heard / "soft.wav")
    first, *others = beeps(here)
    assert talk(here, TOKYO_HZ).end - first == pytest.approx(SHORT_SECONDS, abs=LATE)
    assert len(others) == 2
    there = written(house.heard / "tokyo-2.wav")
    assert SHORT_SECONDS - SLOW < talk(there, SOFT_HZ).seconds < SHORT_SECONDS + LATE
    assert beeps(there) == []


def test_a_killed_servers_calls_are_settled_to_their_last_renewal(house: House) -> None:
    server = house.server
    talks = house.call("killed", {"terminal": "jessica-soft"}, {"number": TOKYO})
    rings = house.call("killed", {"terminal": "thomas"}, {"number": NOBODY})
    server.wait_event(talks, "call.bridged")
    server.wait_event(rings, "channel.ringing", leg="second")
    assert server.program is not None
    os.kill(server.program.pid, signal.SIGKILL)
    assert server.program.wait(10.0) == -signal.SIGKILL
    server.start()
    charged = {}
    for call in (talks, rings):
        events = server.wait_ended(call)
        assert result_of(events)["outcome"] == "interrupted"
        (charge,) = [one["data"] for one in events if one["kind"] == "leg.charged"]
        assert charge["seconds"] is None
        charged[call] = charge["amount"]
    assert charged == {talks: 60 * UNIT, rings: 0}
    again = house.call("killed", {"terminal": "jessica-soft"}, {"number": TOKYO})
    held = server.wait_event(again, "leg.credit_reserved")["data"]
    assert (held["reserved"], held["last"]) == (60 * UNIT, False)
    barred = house.place("killed", {"terminal": "jessica-soft"}, {"number": TOKYO})
    assert barred.status == 201, "for there are 5 seconds yet"
    last = server.wait_event(barred.body["id"], "leg.credit_reserved")["data"]
    assert (last["reserved"], last["last"]) == (5 * UNIT, True)
    for call in (again, barred.body["id"]):
        server.request("DELETE", f"/v1/calls/{call}")
        server.wait_ended(call)
