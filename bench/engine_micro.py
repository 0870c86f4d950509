"""CPU of the embedded engine for a two-leg call: commands, SIP, sockets, media sessions, events.

The far ends are another process that answers at once with canned responses, so only our side is
measured. Per call: two dials with 100, 180, 200 and ACK each, a tone, a bridge, two BYEs.

    python -m bench.engine_micro [CALLS] [--rate CALLS_A_SECOND] [--profile]
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import multiprocessing
import pstats
import resource
import socket
import time
from itertools import count

import uvloop

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    Bridge,
    CallerId,
    Dial,
    DialOptions,
    EngineEvent,
    Failed,
    HangUp,
    Play,
    Released,
    Tone,
    ToneKind,
    TrunkEndpoint,
)
from cordboard.directory.model import Trunk
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.transport import Listen
from cordboard.serving.service import GARBAGE_THRESHOLDS

HOST = "127.0.0.1"
TALK_SECONDS = 0.1
OPTIONS = DialOptions(CallerId("0312341234", "Jessica Jones"), "jp")
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def far_end(port_to_tell: multiprocessing.Queue[int]) -> None:
    """Answer whatever comes to one UDP port, for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        phone.bind((HOST, 0))
        port = phone.getsockname()[1]
        port_to_tell.put(port)
        contact = f"Contact: <sip:phone@{HOST}:{port}>\r\n"
        body = f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
        nothing = "Content-Length: 0\r\n\r\n"
        while True:
            data, source = phone.recvfrom(65535)
            text = data.decode()
            if text.startswith("ACK"):
                continue
            lines = text.split("\r\n")
            kept = [x for x in lines if x.startswith(("Via:", "From:", "Call-ID:", "CSeq:"))]
            to = next(line for line in lines if line.startswith("To:"))
            same = "\r\n".join(kept) + "\r\n"
            if text.startswith("INVITE"):
                tagged = f"{to};tag=far\r\n"
                answers = [
                    f"SIP/2.0 100 Trying\r\n{same}{to}\r\n{nothing}",
                    f"SIP/2.0 180 Ringing\r\n{same}{tagged}{contact}{nothing}",
                    f"SIP/2.0 200 OK\r\n{same}{tagged}{contact}{body}",
                ]
            else:
                answers = [f"SIP/2.0 200 OK\r\n{same}{to}\r\n{nothing}"]
            for answer in answers:
                phone.sendto(answer.encode(), source)


class Calls:
    """Places calls at a rate and sees them through."""

    def __init__(self, engine: EmbeddedEngine, trunk: Trunk, total: int) -> None:
        self._engine = engine
        self._trunk = trunk
        self._left = total
        self._peers: dict[str, str] = {}
        self._talking: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()
        self.done = asyncio.Event()
        self.failed = 0
        self.released = 0
        engine.connect(self._happened)

    def place(self, number: int) -> None:
        """Dial a first leg."""
        self._dial(f"call-{number}-first-0123456789")

    def _dial(self, channel: str) -> None:
        self._engine.execute(Dial(channel, TrunkEndpoint(self._trunk, "0398765432"), OPTIONS))

    def _happened(self, event: EngineEvent) -> None:
        channel = event.channel
        if isinstance(event, Answered):
            if "first" in channel:
                self._engine.execute(Play(channel, Tone(ToneKind.RINGBACK, "jp")))
                self._dial(channel.replace("first", "second"))
            else:
                first = channel.replace("second", "first")
                self._engine.execute(Bridge(first, channel))
                self._loop.call_later(TALK_SECONDS, self._hang_up, first, channel)
        elif isinstance(event, Failed):
            self.failed += 1
            self._over()
        elif isinstance(event, Released):
            self.released += 1
            if "second" in channel:
                self._over()

    def _hang_up(self, first: str, second: str) -> None:
        for channel in (first, second):
            self._engine.execute(HangUp(channel, Cause.NORMAL))

    def _over(self) -> None:
        self._left -= 1
        if not self._left:
            self.done.set()


async def measure(calls: int, rate: float, port: int) -> tuple[float, int, int]:
    """CPU seconds of so many calls, how many failed, how many datagrams were repeated."""
    settings = EngineSettings(listen=(Listen("udp", HOST, 0),))
    engine = EmbeddedEngine(settings, Directory)
    await engine.start()
    trunk = Trunk("far", f"sip:{HOST}:{port}", nat=True)
    warm = Calls(engine, trunk, 50)
    for number in range(50):
        warm.place(-number - 1)
    await warm.done.wait()
    placed = Calls(engine, trunk, calls)
    numbers = count()
    began, started = time.process_time(), time.monotonic()
    for number in numbers:
        if number >= calls:
            break
        placed.place(number)
        ahead = started + (number + 1) / rate - time.monotonic()
        if ahead > 0:
            await asyncio.sleep(ahead)
        elif number % 16 == 0:
            await asyncio.sleep(0)
    await asyncio.wait_for(placed.done.wait(), 60)
    used = time.process_time() - began
    repeated = sum(
        line.retransmission
        for number in range(max(0, calls - 200), calls)
        for line in engine.trace(f"call-{number}-first-0123456789")
    )
    await engine.stop()
    return used, placed.failed, repeated


def main() -> None:
    """Print the figure."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine_micro", description=__doc__)
    parser.add_argument("calls", type=int, nargs="?", default=3000)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    ports: multiprocessing.Queue[int] = multiprocessing.Queue()
    phone = multiprocessing.Process(target=far_end, args=(ports,), daemon=True)
    phone.start()
    port = ports.get(timeout=10)
    profile = cProfile.Profile()
    if options.profile:
        profile.enable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        used, failed, repeated = runner.run(measure(options.calls, options.rate, port))
    if options.profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    phone.terminate()
    print(
        f"{used / options.calls * 1000:.3f} ms CPU a call ({options.calls} calls of two legs at "
        f"{options.rate:g}/s; {failed} failed, {repeated} repeats in the last 200)"
    )


if __name__ == "__main__":
    main()
