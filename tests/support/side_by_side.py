"""Many SIPp scenarios against one server at the same time: together they take as long as one.

Each case is an outside number with a trunk of its own, behind which its SIPp plays its script. It
is either rung first and then played a prompt, after which the server hangs up, or it is what
jessica, whose phone answers at once, is connected with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.own_phone import OwnPhone
from support.server import Answer, CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script
from support.tones import write_tone

T1 = 0.1
"""Seconds; transactions then time out after 6.4."""

JESSICA = ("--answer-after", "0", "--tone", "1100", "--lines", "100")

SECONDS = 20.0
"""The longest that a script may take."""

PROMPTS = {"short": "1111", "long": "1112"}
"""Extensions of the contexts that play one: half a second, and a few."""

LONG_SECONDS, LONG_HZ = 3.4, 500.0
LONG_CONTEXT = """
[tenant.demo.context.long]
extension = "1112"
steps = [{{ play = "{prompt}" }}, {{ hangup = true }}]
"""


@dataclass(frozen=True)
class Case:
    """A script and how its call is to end. ``second``: it is rung second; ``trunk`` are further
    lines of its trunk's table; ``prompt`` is what it is played if it is rung first."""

    script: Script
    outcome: str = "completed"
    cause: str | None = "normal"
    status: int | None = None
    second: bool = True
    trunk: str = ""
    credentials: tuple[str, str] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    prompt: str = "short"

    @property
    def name(self) -> str:
        """The script's name."""
        return self.script.name


@dataclass(frozen=True)
class Played:
    """What became of a case."""

    sipp: Sipp
    events: list[dict[str, Any]]
    ladder: dict[str, Any]

    @property
    def result(self) -> dict[str, Any]:
        """The call's one result."""
        return result_of(self.events)

    def received(self, start: str) -> list[str]:
        """The messages that SIPp received whose first line begins so."""
        return self.sipp.received(start)


Outcomes = dict[str, Played | BaseException]
"""By case: what became of it, or what it raised."""


@dataclass(frozen=True)
class Stage:
    """A running server and where things are."""

    server: CordboardServer
    sipps: dict[str, Sipp]
    numbers: dict[str, str]

    def play(self, case: Case) -> Played:
        """Play one case to its end; raises what SIPp or the server have to complain of."""
        with self.sipps[case.name] as sipp:
            placed = self._place(case)
            sipp.wait()  # first, for it has a bound and a call that went astray may have none
            events = self.server.wait_ended(placed.call)
            ladder = self.server.get(f"/v1/calls/{placed.call}/ladder").body
        return Played(sipp, events, ladder)

    def _place(self, case: Case) -> Answer:
        number, basix = self.numbers[case.name], self.server.basix
        if case.second:
            return basix("call_user", user_name="jessica", destination=number, **case.parameters)
        prompt = PROMPTS[case.prompt]
        return basix("call_external", target=number, destination=prompt, **case.parameters)


@contextmanager
def stage_for(folder: Path, cases: Sequence[Case], **server: Any) -> Iterator[Stage]:
    """A server that knows the number of every case, and jessica's phone."""
    numbers = {case.name: f"03{1000 + at}1234" for at, case in enumerate(cases)}
    sipps = {
        case.name: Sipp(
            folder / "sipp", case.script, seconds=SECONDS, keys={"number": numbers[case.name]}
        )
        for case in cases
    }
    trunks = [
        Trunk(
            f"trunk{at}",
            f"03{1000 + at}",
            sipps[case.name].port,
            username=case.credentials[0] if case.credentials else None,
            password=case.credentials[1] if case.credentials else "",
            lines=case.trunk,
        )
        for at, case in enumerate(cases)
    ]
    prompt = folder / "long.wav"
    write_tone(prompt, LONG_HZ, LONG_SECONDS)
    server["more"] = server.get("more", "") + LONG_CONTEXT.format(prompt=prompt)
    with ExitStack() as stack:
        running = stack.enter_context(CordboardServer(folder / "server", *trunks, t1=T1, **server))
        stack.enter_context(OwnPhone("jessica-desk", running.sip, *JESSICA))
        yield Stage(running, sipps, numbers)


def check(case: Case, outcomes: Outcomes) -> Played:
    """The case went as it should; returns what there is to look at further."""
    played = outcomes[case.name]
    if isinstance(played, BaseException):
        raise played
    result = played.result
    assert (result["outcome"], result["cause"]) == (case.outcome, case.cause)
    assert case.status is None or result["sip_status"] == case.status
    return played


def play_all(stage: Stage, cases: Sequence[Case]) -> Outcomes:
    """All cases at once; what one of them raised stands in its place."""

    def play(case: Case) -> Played | BaseException:
        try:
            return stage.play(case)
        except BaseException as error:
            return error

    with ThreadPoolExecutor(max_workers=len(cases)) as pool:
        return dict(zip([case.name for case in cases], pool.map(play, cases), strict=True))


def header_of(message: str, name: str) -> str:
    """The value of a header of a message that SIPp has logged."""
    lines = (line for line in message.splitlines() if line.lower().startswith(f"{name.lower()}:"))
    return next(lines).partition(":")[2].strip()
