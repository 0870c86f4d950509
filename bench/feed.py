"""What CTI readers cost the calls: the time from the first leg's 200 to the second one's INVITE
with and without them, by turns, on a server that is the same throughout.

10 programs read all events and 190 those of one user each, at 50 calls a second that go round the
190 users. The server has one core; phones, driver, readers and sniffer share the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from aiohttp import BasicAuth, ClientSession, TCPConnector

from bench.feed_readers import FIRST_USER
from bench.machine import cpu_of, describe, quantile
from bench.sniffer import Seen, Sniffer
from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.message import Request, Response, parse

RATE, USERS, FULL = 50, 190, 10
SECONDS, TURNS = 8.0, 5
WARM_UP_SECONDS = 6.0
READY_SECONDS, DRAIN_SECONDS = 30.0, 10.0
MOST_ADDED_MS = 2.0
"""By which readers may raise the 99th percentile."""

SERVER_CORE, HARNESS_CORE = 0, 1
HTTP_PORT, SIP_PORT, FIRST_PORT, SECOND_PORT = 18280, 15760, 16761, 16771
MEDIA = {FIRST_PORT: 16800, SECOND_PORT: 16900}
SCENARIOS = Path(__file__).parent / "scenarios"

CONFIG = f"""
[http]
listen = "127.0.0.1:{HTTP_PORT}"
[sip]
listen = ["udp:127.0.0.1:{SIP_PORT}"]
[media]
host = "127.0.0.1"
ports = "20000-29999"
[tenant.bench]
country = "jp"
numbers = ["05068680000"]
caller_id = "05068680000"
[tenant.bench.account.main]
token = "bench-token"
[tenant.bench.trunk.out]
uri = "sip:127.0.0.1:{SECOND_PORT}"
[[tenant.bench.outbound]]
prefix = ""
trunks = ["out"]
"""
USER = """
[tenant.bench.user.u{id}]
id = {id}
extension = "{id}"
terminal.t{id}.secret = "bench"
"""


@dataclass
class Side:
    """What was measured with readers, or without."""

    turns: list[list[float]] = field(default_factory=list)
    """Of each turn, from the first leg's 200 to the second leg's INVITE, in milliseconds."""
    cpu_seconds: float = 0.0
    calls: int = 0
    lost: int = 0
    read: list[dict[str, int]] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Times in milliseconds, medians of the turns: what else the machine does spoils some."""
        return {
            "calls": self.calls,
            "lost": self.lost,
            "p50": median(quantile(one, 0.50) for one in self.turns),
            "p99": median(quantile(one, 0.99) for one in self.turns),
            "p99_of_turns": [quantile(one, 0.99) for one in self.turns],
            "cpu_ms_a_call": self.cpu_seconds * 1000 / max(1, self.calls),
            "read": self.read,
        }


def main() -> None:
    """Measure, print, and write the figures."""
    parser = ArgumentParser(prog="python -m bench.feed", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long each turn lasts")
    parser.add_argument("--turns", type=int, default=TURNS, help="with readers, and without")
    parser.add_argument("--json", type=Path, default=Path("build/bench-feed.json"))
    options = parser.parse_args()
    os.sched_setaffinity(0, {HARNESS_CORE % (os.cpu_count() or 1)})
    without, readers = asyncio.run(measured(options.seconds, options.turns))
    told = {"without": without.figures(), "with": readers.figures()}
    added = told["with"]["p99"] - told["without"]["p99"]
    print(f"{time.strftime('%Y-%m-%d')}  {describe()}")
    print(f"{RATE} calls/s, {FULL} readers of everybody and {USERS} of one user each\n")
    print(f"{'readers':>8} {'calls':>6} {'lost':>5} {'200 to INVITE 2 p50/p99':>24} {'CPU ms':>7}")
    for name, one in told.items():
        times = f"{one['p50']:.2f}/{one['p99']:.2f}"
        cpu = one["cpu_ms_a_call"]
        print(f"{name:>8} {one['calls']:>6} {one['lost']:>5} {times:>24} {cpu:>7.2f}")
    verdict = "as it should be" if added <= MOST_ADDED_MS else "MORE THAN IT MAY BE"
    print(f"\nthey add {added:.2f} ms to the 99th percentile ({MOST_ADDED_MS} at most): {verdict}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**told, "added_ms": added}, indent=1))


async def measured(seconds: float, turns: int) -> tuple[Side, Side]:
    """Turns without readers and with them, one after the other."""
    without, readers = Side(), Side()
    auth, connector = (
        BasicAuth("bench", "bench-token"),
        TCPConnector(limit=64, keepalive_timeout=2.0),
    )
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as server:
        async with ClientSession(auth=auth, connector=connector) as client:
            await _until_ready(client)
            _register()
            with _phones():
                await _turn(client, server.pid, Side(), 0, WARM_UP_SECONDS)
                for turn in range(1, turns + 1):
                    await _turn(client, server.pid, without, 2 * turn, seconds)
                    with _readers(readers):
                        await _turn(client, server.pid, readers, 2 * turn + 1, seconds)
    return without, readers


async def _turn(client: ClientSession, pid: int, side: Side, turn: int, seconds: float) -> None:
    sniffer = Sniffer(SIP_PORT)
    sniffer.start()
    before, began, calls = cpu_of(pid), time.monotonic(), int(RATE * seconds)
    placed: dict[str, str] = {}
    tasks = []
    for index in range(calls):
        delay = began + index / RATE - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        user = FIRST_USER + (turn * calls + index) % USERS
        tasks.append(asyncio.create_task(_place(client, user, f"03{turn:02d}{index:06d}", placed)))
    await asyncio.gather(*tasks)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            await _all_ended(sniffer, calls)
    side.cpu_seconds += cpu_of(pid).since(before).all
    seen = sniffer.stop()
    side.calls += calls
    side.lost += calls - min(len(placed), seen.byes_answered // 2)
    side.turns.append(_setups(seen, placed))


async def _all_ended(sniffer: Sniffer, calls: int) -> None:
    while sniffer.seen.byes_answered < 2 * calls:  # noqa: ASYNC110 - the sniffer is a thread
        await asyncio.sleep(0.05)


def _setups(seen: Seen, placed: dict[str, str]) -> list[float]:
    """From the first leg's 200 to the second leg's INVITE, in milliseconds."""
    return [
        (seen.numbers[number] - seen.answers[uuid]) * 1000
        for uuid, number in placed.items()
        if uuid in seen.answers and number in seen.numbers
    ]


async def _place(client: ClientSession, user: int, number: str, placed: dict[str, str]) -> None:
    body = {"user_id": user, "destination": number}
    url = f"http://127.0.0.1:{HTTP_PORT}/basix/api/call_user"
    async with client.post(url, json=body) as response:
        answer = json.loads(await response.read())
    if answer.get("result_code") == 0:
        placed[answer["uuids"][0]] = number


@contextlib.contextmanager
def _readers(side: Side) -> Iterator[None]:
    """All of them, as one process."""
    command = [sys.executable, "-m", "bench.feed_readers", str(HTTP_PORT), str(FULL), str(USERS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit("the readers could not connect")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        side.read.append(json.loads(process.communicate(timeout=30)[0]))


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "bench.toml"
    users = (USER.format(id=FIRST_USER + number) for number in range(USERS))
    config.write_text(CONFIG + "".join(users))
    words = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "cordboard", "serve"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*words, "--config", str(config)], stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


async def _until_ready(client: ClientSession) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while True:
            with contextlib.suppress(OSError):
                async with client.get(f"http://127.0.0.1:{HTTP_PORT}/healthz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)


def _register() -> None:
    """Register every user's phone from the port on which SIPp answers for all of them."""
    phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    phone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    phone.bind(("127.0.0.1", FIRST_PORT))
    phone.settimeout(5.0)
    with phone:
        for user in range(FIRST_USER, FIRST_USER + USERS):
            challenge = _send_register(phone, user, 1, None).first("www-authenticate")
            assert challenge is not None
            secret = Credentials(f"t{user}", "bench")
            known = answer_challenge([challenge], secret, "REGISTER", "sip:bench", cnonce="c0")
            answer = _send_register(phone, user, 2, known)
            assert answer.start_line.startswith("SIP/2.0 200"), f"{user}: {answer.start_line}"


def _send_register(
    phone: socket.socket, user: int, cseq: int, authorization: str | None
) -> Request | Response:
    request = Request("REGISTER", "sip:bench")
    branch = f"z9hG4bKbench{user}x{cseq}"
    request.put("via", f"SIP/2.0/UDP 127.0.0.1:{FIRST_PORT};branch={branch};rport")
    request.put("from", f"<sip:t{user}@bench>;tag=bench")
    request.put("to", f"<sip:t{user}@bench>")
    request.put("call-id", f"bench-register-{user}")
    request.put("cseq", f"{cseq} REGISTER")
    request.put("contact", f"<sip:t{user}@127.0.0.1:{FIRST_PORT}>;expires=3600")
    request.put("max-forwards", "70")
    if authorization is not None:
        request.put("authorization", authorization)
    phone.sendto(bytes(request), ("127.0.0.1", SIP_PORT))
    return parse(phone.recv(65_535))


@contextlib.contextmanager
def _phones() -> Iterator[None]:
    """SIPp as everybody's phone, and as the trunk."""
    sipp = shutil.which("sipp")
    if sipp is None:
        raise SystemExit("the benchmark needs sipp: apt-get install sip-tester")
    processes: list[subprocess.Popen[bytes]] = []

    def start(scenario: str, port: int) -> None:
        words = ["-sf", str(SCENARIOS / scenario), "-i", "127.0.0.1", "-p", str(port)]
        words += ["-mp", str(MEDIA[port]), "-nostdin", "-t", "u1", "-buff_size", "4194304"]
        processes.append(
            subprocess.Popen([sipp, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    try:
        start("second_leg.xml", SECOND_PORT)
        start("first_leg.xml", FIRST_PORT)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
