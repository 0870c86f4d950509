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
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script

T1 = 0.1
"""Seconds; transactions then time out after 6.4."""

JESSICA = ("--answer-after", "0", "--tone", "1100", "--lines", "100")

PROMPT_CONTEXT = "1111"


@dataclass(frozen=True)
class Case:
    """A script and how its call is to end. ``second``: it is rung second; ``trunk`` are further
    lines of its trunk's table; ``tcp``: by TCP."""

    script: Script
    outcome: str = "completed"
    cause: str | None = "normal"
    status: int | None = None
    second: bool = True
    trunk: str = ""
    credentials: tuple[str, str] | None = None
    parameters: dict[str, Any] = field(default_factory=dict)

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


@dataclass(frozen=True)
class Stage:
    """A running server and where things are."""

    server: CordboardServer
    sipps: dict[str, Sipp]
    numbers: dict[str, str]

    def play(self, case: Case) -> Played:
        """Play one case to its end; raises what SIPp or the server have to complain of."""
        number = self.numbers[case.name]
        with self.sipps[case.name] as sipp:
            if case.second:
                placed = self.server.basix(
                    "call_user", user_name="jessica", destination=number, **case.parameters
                )
            else:
                placed = self.server.basix(
                    "call_external", target=number, destination=PROMPT_CONTEXT, **case.parameters
                )
            events = self.server.wait_ended(placed.call)
            ladder = self.server.get(f"/v1/calls/{placed.call}/ladder").body
            sipp.wait()
        return Played(sipp, events, ladder)


@contextmanager
def stage_for(folder: Path, cases: Sequence[Case], **server: Any) -> Iterator[Stage]:
    """A server that knows the number of every case, and jessica's phone."""
    numbers = {case.name: f"03{1000 + at}1234" for at, case in enumerate(cases)}
    sipps = {case.name: Sipp(folder / "sipp", case.script) for case in cases}
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
    with ExitStack() as stack:
        running = stack.enter_context(CordboardServer(folder / "server", *trunks, t1=T1, **server))
        stack.enter_context(OwnPhone("jessica-desk", running.sip, *JESSICA))
        yield Stage(running, sipps, numbers)


def play_all(stage: Stage, cases: Sequence[Case]) -> dict[str, Played | BaseException]:
    """All cases at once; what one of them raised stands in its place."""

    def play(case: Case) -> Played | BaseException:
        try:
            return stage.play(case)
        except BaseException as error:
            return error

    with ThreadPoolExecutor(max_workers=len(cases)) as pool:
        return dict(zip([case.name for case in cases], pool.map(play, cases), strict=True))
