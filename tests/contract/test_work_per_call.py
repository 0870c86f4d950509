"""What a call makes the server do, counted: a bound of each in ``work_per_call.toml``.

Where a clock would tell more of the machine than of us, a count tells that something is done twice,
or for every call, or is kept. A call here is the whole job: request, plan, journal in SQLite, two
legs, bridge, end, callback, with a program that reads the CTI feed.
"""

from __future__ import annotations

import json
import signal
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest
from bench.harness.loop import Loop
from bench.harness.web_socket import WebSocket

from support.canned_phone import CannedPhone
from support.receiver import CallbackReceiver
from support.server import CordboardServer, Trunk
from support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

BOUNDS = tomllib.loads(Path(__file__).with_name("work_per_call.toml").read_text())
WARM_UP, CALLS = 4, 20
PORTS = 2 * 2 * (2 * WARM_UP + CALLS)  # a pair a leg: they are over before the first have rested
AUTHORIZATION = "Authorization: Basic ZGVtbzpkZW1vLXRva2Vu\r\n"  # demo:demo-token
FIRST, SECOND = "0311110000", "0322220000"


class House:
    """A server that counts, its outside network, and who takes its callbacks."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._file = folder / "counts"
        self._file.touch()
        self._far = stack.enter_context(CannedPhone(hangs_up=SECOND))
        self._receiver = stack.enter_context(CallbackReceiver())
        self._server = stack.enter_context(
            CordboardServer(
                folder / "server",
                Trunk("far", "", self._far.port),
                media_ports=PORTS,
                program=("bench.counted", str(self._file), "serve"),
                t1=2.0,  # nothing is sent again, however slow the machine is
                t2=10.0,
                store=f"sqlite:///{folder / 'journal.db'}",
            )
        )
        loop = Loop()
        reader = WebSocket(
            loop,
            self._server.http_port,
            "/basix/api/ws_cti?app_name=counts",
            lambda _: None,
            AUTHORIZATION,
        )
        stack.callback(reader.close)
        self._placed = 0

    def counts(self) -> dict[str, int]:
        """The sums until now."""
        before = self._lines()
        assert self._server.program is not None
        self._server.program.signal(signal.SIGUSR2)
        wait_until(lambda: len(self._lines()) > len(before), 10.0, "the counts are told")
        counts: dict[str, int] = json.loads(self._lines()[-1])
        return {**counts, "datagrams": self._far.datagrams}

    def calls(self, number: int) -> None:
        """So many calls, one after the other, each to its end."""
        request = {
            "first": {"number": FIRST},
            "second": {"number": SECOND},
            "callback": {"url": self._receiver.url()},
        }
        for _ in range(number):
            self._placed += 1
            answer = self._server.request("POST", "/v1/calls", request)
            assert answer.status in (201, 202), answer.body
            self._receiver.wait_for(self._placed)

    def _lines(self) -> list[str]:
        return self._file.read_text().splitlines()


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """What a call takes, on the average of some."""
    with ExitStack() as stack:
        house = House(tmp_path_factory.mktemp("work"), stack)
        for _ in range(2):  # the first look begins the count, and leaves things of its own
            house.calls(WARM_UP)
            before = house.counts()
        house.calls(CALLS)
        after = house.counts()
    return {name: (after[name] - before[name]) / CALLS for name in after}


@pytest.mark.parametrize("name", BOUNDS)
def test_a_call_does_no_more_than_it_may(work: dict[str, float], name: str) -> None:
    assert 0 < work[name] <= BOUNDS[name], f"{name} a call: {work[name]:.1f}"


def test_all_that_is_counted_is_bounded(work: dict[str, float]) -> None:
    assert work.keys() == BOUNDS.keys()
