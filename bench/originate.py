"""A whole call_user, measured: HTTP request, two SIP legs, talk, hang up, callback.

The server runs pinned to one core; SIPp (both phones), the driver, the callback receiver and the
sniffer share the other. A step of the ladder is void if a message was repeated or a call was lost.
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
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from aiohttp import BasicAuth, ClientSession, TCPConnector, web

from bench.machine import Cpu, cpu_of, quantile, resident_bytes
from bench.sniffer import Seen, Sniffer
from bench.steps import Step
from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.message import Request, Response, parse

SCENARIOS = Path(__file__).parent / "scenarios"
HTTP_PORT, SIP_PORT, FIRST_PORT, SECOND_PORT, CALLBACK_PORT = 18080, 15060, 16061, 16071, 18090
FIRST_MEDIA, SECOND_MEDIA = 16100, 16200
SERVER_CORE, HARNESS_CORE = 0, 1
TALK_SECONDS = 1.0
READY_SECONDS = 20.0
WARM_UP_SECONDS = 6.0  # then the ports of the first calls have rested and are used again

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
callbacks_inside = true
numbers = ["05068680000"]
caller_id = "05068680000"
[tenant.bench.account.main]
token = "bench-token"
[tenant.bench.user.first]
id = 1
extension = "1001"
terminal.first.secret = "bench-first"
[tenant.bench.trunk.out]
uri = "sip:127.0.0.1:{SECOND_PORT}"
[[tenant.bench.outbound]]
prefix = ""
trunks = ["out"]
"""


async def ladder(rates: list[int], seconds: float, store: str | None = None) -> list[Step]:
    """Measure every rate, up to the first that is not clean; ``store`` is the URL of the journal
    where it is not to be a SQLite file."""
    os.sched_setaffinity(0, {HARNESS_CORE % (os.cpu_count() or 1)})
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder), store) as server:
        await _until_ready()
        _register()
        with _phones():
            steps = []
            async with _callback_receiver() as received, _client() as client:
                await _measure(client, server.pid, received, rates[0], WARM_UP_SECONDS)
                for rate in rates:
                    steps.append(await _measure(client, server.pid, received, rate, seconds))
                    if not steps[-1].clean:
                        break
            return steps


@contextlib.contextmanager
def _server(folder: Path, store: str | None) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "bench.toml"
    config.write_text(CONFIG)
    command = [sys.executable, "-m", "cordboard", "serve", "--config", str(config)]
    pinned = ["taskset", "-c", str(SERVER_CORE), *command]
    chosen = {} if store is None else {"CORDBOARD_STORE_URL": store}
    log = (folder / "server.log").open("wb")  # a line for each request
    with log:
        process = subprocess.Popen(
            pinned, stdout=subprocess.DEVNULL, stderr=log, env=os.environ | chosen
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


async def _until_ready() -> None:
    async with ClientSession() as session, asyncio.timeout(READY_SECONDS):
        while True:
            with contextlib.suppress(OSError):
                async with session.get(f"http://127.0.0.1:{HTTP_PORT}/healthz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)


def _register() -> None:
    """Register the first leg's phone from the port on which SIPp will answer for it."""
    phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    phone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    phone.bind(("127.0.0.1", FIRST_PORT))
    phone.settimeout(5.0)
    with phone:
        challenge = _send_register(phone, 1, None).first("www-authenticate")
        assert challenge is not None
        authorization = answer_challenge(
            [challenge], Credentials("first", "bench-first"), "REGISTER", "sip:bench", cnonce="c0"
        )
        answer = _send_register(phone, 2, authorization)
        assert answer.start_line.startswith("SIP/2.0 200"), answer.start_line


def _send_register(
    phone: socket.socket, cseq: int, authorization: str | None
) -> Request | Response:
    request = Request("REGISTER", "sip:bench")
    request.put("via", f"SIP/2.0/UDP 127.0.0.1:{FIRST_PORT};branch=z9hG4bKbench{cseq};rport")
    request.put("from", "<sip:first@bench>;tag=bench")
    request.put("to", "<sip:first@bench>")
    request.put("call-id", "bench-register")
    request.put("cseq", f"{cseq} REGISTER")
    request.put("contact", f"<sip:first@127.0.0.1:{FIRST_PORT}>;expires=3600")
    request.put("max-forwards", "70")
    if authorization is not None:
        request.put("authorization", authorization)
    phone.sendto(bytes(request), ("127.0.0.1", SIP_PORT))
    return parse(phone.recv(65_535))


@contextlib.contextmanager
def _phones() -> Iterator[None]:
    sipp = shutil.which("sipp")
    if sipp is None:
        raise SystemExit("the benchmark needs sipp: apt-get install sip-tester")
    processes = []
    for scenario, port, media in (
        ("first_leg.xml", FIRST_PORT, FIRST_MEDIA),
        ("second_leg.xml", SECOND_PORT, SECOND_MEDIA),
    ):
        command = [sipp, "-sf", str(SCENARIOS / scenario), "-i", "127.0.0.1", "-p", str(port)]
        command += ["-mp", str(media), "-nostdin", "-t", "u1", "-buff_size", "4194304"]
        pinned = ["taskset", "-c", str(HARNESS_CORE), *command]
        processes.append(
            subprocess.Popen(pinned, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


@contextlib.asynccontextmanager
async def _callback_receiver() -> AsyncIterator[list[str]]:
    received: list[str] = []

    async def take(request: web.Request) -> web.Response:
        await request.read()
        received.append(request.headers["webhook-id"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/callback", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", CALLBACK_PORT).start()
    try:
        yield received
    finally:
        await runner.cleanup()


def _client() -> ClientSession:
    return ClientSession(auth=BasicAuth("bench", "bench-token"), connector=TCPConnector(limit=64))


async def _measure(
    client: ClientSession, pid: int, received: list[str], rate: int, seconds: float
) -> Step:
    sniffer = Sniffer(SIP_PORT)
    sniffer.start()
    received.clear()
    replies: dict[str, tuple[str, float, float]] = {}
    before = cpu_of(pid)
    calls = int(rate * seconds)
    began = time.monotonic()
    tasks = []
    for index in range(calls):
        delay = began + index / rate - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        tasks.append(asyncio.create_task(_place(client, f"03{rate:03d}{index:06d}", replies)))
    await asyncio.gather(*tasks)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(TALK_SECONDS + 8.0):
            await _until(lambda: sniffer.seen.byes_answered >= 2 * calls <= 2 * len(set(received)))
    cpu = cpu_of(pid).since(before)
    return _step(rate, calls, cpu, sniffer.stop(), replies, received, resident_bytes(pid))


async def _until(happened: Callable[[], bool]) -> None:
    """Look every 50 ms; the caller bounds it."""
    while not happened():  # noqa: ASYNC110 - the sniffer is a thread and the load a process
        await asyncio.sleep(0.05)


async def _place(
    client: ClientSession, number: str, replies: dict[str, tuple[str, float, float]]
) -> None:
    body = {
        "user_name": "first",
        "destination": number,
        "callback_url": f"http://127.0.0.1:{CALLBACK_PORT}/callback",
    }
    sent = time.time()
    url = f"http://127.0.0.1:{HTTP_PORT}/basix/api/call_user"
    async with client.post(url, json=body) as response:
        answer = json.loads(await response.read())
    if answer.get("result_code") == 0:
        replies[answer["uuids"][0]] = (number, sent, time.time())


def _step(
    rate: int,
    calls: int,
    cpu: Cpu,
    seen: Seen,
    replies: dict[str, tuple[str, float, float]],
    received: list[str],
    resident: int,
) -> Step:
    reply = [(answered - sent) * 1000 for _, sent, answered in replies.values()]
    first = [
        (seen.invites[uuid] - sent) * 1000
        for uuid, (_, sent, _) in replies.items()
        if uuid in seen.invites
    ]
    second = [
        (seen.numbers[number] - seen.answers[uuid]) * 1000
        for uuid, (number, _, _) in replies.items()
        if uuid in seen.answers and number in seen.numbers
    ]
    return Step(
        rate=rate,
        calls=calls,
        lost=calls - min(len(replies), seen.byes_answered // 2),
        retransmissions=seen.retransmissions,
        callbacks=len(set(received)),
        repeated_callbacks=len(received) - len(set(received)),
        cpu_ms_a_call=cpu.all * 1000 / max(1, calls),
        cpu_ms_in_system=cpu.system * 1000 / max(1, calls),
        cpu_ms_in_threads=cpu.threads * 1000 / max(1, calls),
        reply_p50=quantile(reply, 0.50),
        reply_p99=quantile(reply, 0.99),
        first_invite_p50=quantile(first, 0.50),
        first_invite_p99=quantile(first, 0.99),
        second_invite_p50=quantile(second, 0.50),
        second_invite_p99=quantile(second, 0.99),
        resident_mb=resident / 1e6,
    )
