"""A soak from its start to its verdict: the load in two halves, each with a rest behind it."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fuzz.__main__ import NAMES

from soak.calls import MOST_COMPLAINTS, PHONES, Calls
from soak.figures import MB, Sample, grown, growth, left_over, memory
from soak.garbage import Garbage
from soak.kills import killed
from soak.registering import NAME, Registering
from soak.watched import MARK
from support.certificates import Certificates, make_certificates
from support.own_phone import OwnPhone
from support.program import Program
from support.receiver import CallbackReceiver
from support.server import CordboardServer
from support.together import together
from support.waiting import wait_until

ROOT: Final = Path(__file__).parents[1]

T1: Final = 0.1
"""Seconds; what is remembered of a transaction is then forgotten after 6.4."""

REST_SECONDS: Final = 40.0
"""Until nothing is left: those 6.4, ports that rest, and on a busy machine some more."""

MEDIA_PORTS: Final = 800
FUZZ_GRACE: Final = 120.0
"""Seconds that the fuzzer may take longer, to be installed and to start."""

LOG: Final = ROOT / "build" / "soak.log"

USERS: Final = "".join(
    f'[tenant.demo.user.{name}]\nterminal.{name}.secret = "demo-{name}"\n'
    for name in (*PHONES, NAME)
)


class Watch:
    """The looks at the server so far."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def samples(self) -> list[Sample]:
        """All of them."""
        lines = [line for line in self._program.lines.all() if line.startswith(MARK)]
        return [Sample.read(json.loads(line.removeprefix(MARK))) for line in lines]

    def latest(self) -> Sample:
        """The last one."""
        lines = reversed(self._program.lines.all())
        line = next(line for line in lines if line.startswith(MARK))
        return Sample.read(json.loads(line.removeprefix(MARK)))

    def registered(self, phones: int) -> Sample:
        """The first look at which all phones are there."""

        there = "all phones are registered"
        wait_until(lambda: self.latest().bindings == phones, REST_SECONDS, there)
        return self.latest()

    def rest(self) -> Sample:
        """Let the server come to rest and count its objects; the last look where it does not."""
        try:
            wait_until(lambda: self.latest().is_quiet, REST_SECONDS, "the server is quiet")
        except AssertionError:
            return self.latest()
        self._program.signal(signal.SIGUSR1)
        counted = "the server counts its objects"
        wait_until(lambda: self.latest().objects, REST_SECONDS, counted)
        return next(sample for sample in reversed(self.samples()) if sample.objects)


@dataclass(frozen=True)
class Soaked:
    """What came of the live load."""

    before: Sample
    middle: Sample
    end: Sample
    second_half: list[Sample]
    placed: tuple[int, int]
    calls: Calls
    thrown: int
    answers: list[str]
    callbacks: int
    registered: int

    def complaints(self) -> list[str]:
        """Everything that is not as it should be."""
        found = self.calls.complaints + left_over(self.before, self.middle)
        found += left_over(self.before, self.end)
        found += grown(self.middle, self.end, self.placed[1])
        found += memory(self.second_half, self.placed[1])
        if self.callbacks != sum(self.placed):
            found.append(f"{self.callbacks} callbacks of {sum(self.placed)} calls")
        if not self.registered:
            found.append("nobody could register and unregister")
        return found + self.answers[:MOST_COMPLAINTS]

    def report(self) -> None:
        """Print the figures."""
        ended = ", ".join(f"{count} {outcome}" for outcome, count in self.calls.ended.most_common())
        print(f"calls: {self.placed[0]} and {self.placed[1]}: {ended}")
        print(
            f"callbacks: {self.callbacks}; registered and unregistered {self.registered} times; "
            f"garbage {self.thrown} times"
        )
        looks = (self.before, self.middle, self.end)
        print(f"{'':>14} {'before':>8} {'middle':>8} {'end':>8}")
        for name in ("files", "tasks", "timers", "bindings", "connections"):
            print(f"{name:>14}" + "".join(f" {getattr(look, name):>8}" for look in looks))
        print(f"{'memory, MB':>14}" + "".join(f" {look.rss / MB:>8.1f}" for look in looks))
        print(f"memory over the second half: {growth(self.second_half) / MB:+.2f} MB")


@dataclass(frozen=True)
class Plan:
    """How a server is soaked: for how many ``seconds`` at which ``rate``, after how many
    ``kills``."""

    seconds: float
    rate: float
    kills: int
    seed: int
    fuzzing: bool


def soak(plan: Plan) -> list[str]:
    """Soak, print the figures, and give what there is to complain of."""
    LOG.parent.mkdir(exist_ok=True)
    print(
        f"{plan.kills} kills, then {plan.seconds:g} s of load, {plan.rate:g} calls a second; "
        f"all output in {LOG}",
        flush=True,
    )
    complaints: list[str] = []
    fuzzed, kills = 0, "not killed"
    with LOG.open("w") as log, redirect_stdout(log), ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        if plan.kills:
            kills, complaints = killed(folder / "kills", plan.kills, plan.seed)
        a_target = str(max(1, int(plan.seconds / len(NAMES))))
        fuzz = (str(ROOT / "scripts" / "fuzz"), "--seconds", a_target)
        fuzzer = stack.enter_context(Program(fuzz, cwd=ROOT)) if plan.fuzzing else None
        soaked = live(folder, plan.seconds, plan.rate, plan.seed)
        if fuzzer is not None:
            fuzzed = fuzzer.wait(plan.seconds + FUZZ_GRACE)
    print(kills)
    soaked.report()
    complaints += soaked.complaints()
    if fuzzed != 0:
        complaints.append("the fuzzer found a fault, see fuzz/crashes")
    return complaints


def live(folder: Path, seconds: float, rate: float, seed: int) -> Soaked:
    """The live load, in two halves with a rest after each."""
    certificates = make_certificates(folder / "certificates")
    server = CordboardServer(
        folder,
        t1=T1,
        t4=T1,
        more=USERS,
        media_ports=MEDIA_PORTS,
        certificate=certificates.server,
        store=f"sqlite:///{folder}/calls.db",
        program=("soak.watched",),
    )
    with ExitStack() as stack:
        receiver = stack.enter_context(CallbackReceiver())
        stack.enter_context(server)
        program = server.program
        assert program is not None
        stack.enter_context(together(phones_of(server, certificates)))
        watch = Watch(program)
        before = watch.registered(len(PHONES))
        calls = Calls(server, receiver.url("/told"), rate, seed)
        registered = 0
        halves: list[tuple[int, list[Sample], Sample, Garbage]] = []
        for half in range(2):
            looks = len(watch.samples())
            with Garbage(server, seed + half) as garbage, Registering(server) as registering:
                placed = calls.make(seconds / 2, lambda: program.exit_code is None)
            registered += registering.done
            samples = watch.samples()[looks:]
            halves.append((placed, samples, watch.rest(), garbage))
    (first, _, middle, one), (second, samples, end, other) = halves
    return Soaked(
        *(before, middle, end, samples, (first, second), calls),
        thrown=one.thrown + other.thrown,
        answers=one.answers + other.answers,
        # One that is slow to be answered comes again, under the same id.
        callbacks=len({one.headers["webhook-id"] for one in receiver.callbacks.all()}),
        registered=registered,
    )


def phones_of(server: CordboardServer, certificates: Certificates) -> list[OwnPhone]:
    """The phones, not started."""
    trusting = ("--authorities", str(certificates.authority))
    phones = []
    for name, options in PHONES.items():
        by_tls = "tls" in options
        at, more = (server.tls, trusting) if by_tls else (server.sip, ())
        phones.append(OwnPhone(name, at, *options, *more))
    return phones
