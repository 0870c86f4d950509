"""A server that is killed again and again while clients call and phones ring, and what must hold.

Clients do as clients should: a request that got no answer is sent again under the same key. Phones
and the receiver of the callbacks live on. What the server promises is then counted from outside:
every accepted request has one result and one callback, the feed of events misses and repeats none,
nothing was dialled twice, and no phone rang or talked on for longer than :data:`QUIET_SECONDS`
after a restart.
"""

from __future__ import annotations

import http.client
import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from typing import Final

from support.feed_reader import FeedReader
from support.kill_requests import ANSWER_SECONDS, Request, request_of
from support.phone_dialogs import Dialog, PhoneDialogs
from support.receiver import CallbackReceiver
from support.server import CordboardServer, result_of
from support.together import together
from support.waiting import wait_until

QUIET_SECONDS: Final = 5.0
"""After a restart, until nothing of before rings or talks."""

STARTING: Final = 0.3
"""Seconds in which no server can have started and called somebody; what a phone tells has come."""

RATE: Final = 8.0
"""Calls a second while the server is there, and requests a second while it is not."""

CLIENTS: Final = 48
PATIENCE: Final = 30.0
"""Seconds that a client goes on asking for an answer."""

PAUSE: Final = 0.05
"""Seconds until a client asks again."""

LIFE: Final = (0.2, 2.0)
"""Seconds between a start and the next kill, at least and at most."""

KILLED_EARLY: Final = 0.2
"""The part of the kills that come while the server starts, within a second."""

REPEATED: Final = 0.2
"""The part of the requests that are sent once more although they were answered."""

FAILING: Final = 10
"""Each so many-th delivery of a callback is answered with 500."""

MOST_COMPLAINTS: Final = 30


@dataclass(frozen=True, slots=True)
class Restart:
    """A kill, and when the server was there again (monotonic seconds); never before the next
    kill: None."""

    killed: float
    ready: float | None

    def concerns(self, dialog: Dialog) -> bool:
        """Whether the process that was killed began a dialog; the next one can't have so soon."""
        return dialog.began < self.killed + STARTING


class KillLoop:
    """Kills ``server`` at instants that a ``seed`` decides; ``phones`` ring meanwhile."""

    def __init__(self, server: CordboardServer, phones: PhoneDialogs, seed: int) -> None:
        self._server = server
        self._phones = phones
        self._dice = Random(seed)
        self._receiver = CallbackReceiver(lambda number: 500 if number % FAILING == 0 else 200)
        self._feed = FeedReader(server)
        self._restarts: list[Restart] = []
        self._stop = threading.Event()
        self._noting = threading.Lock()
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        self.outcomes: Counter[str] = Counter()

    def __str__(self) -> str:
        ended = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        return f"{len(self._restarts)} kills, {len(self.requests)} requests: {ended}"

    def run(self, kills: int) -> None:
        """Kill it so many times under load, let it come to rest, and look at everything."""
        with ExitStack() as stack:
            stack.enter_context(self._receiver)
            stack.enter_context(self._server)
            stack.enter_context(together(self._phones.phones))
            stack.enter_context(self._feed)
            load = threading.Thread(target=self._load)
            load.start()
            try:
                for number in range(kills):
                    self._kill(last=number == kills - 1)
            finally:
                self._stop.set()
                load.join(PATIENCE + 10.0)
            self._look()

    # Killing

    def _kill(self, *, last: bool) -> None:
        dice = self._dice
        time.sleep(dice.uniform(*LIFE))
        killed = self._kill_now()
        while not last and dice.random() < KILLED_EARLY:
            self._server.spawn()
            time.sleep(dice.uniform(0.0, 1.0))
            self._restarts.append(Restart(killed, None))
            killed = self._kill_now()
        self._server.start()
        self._restarts.append(Restart(killed, time.monotonic()))

    def _kill_now(self) -> float:
        program = self._server.program
        assert program is not None
        assert program.exit_code is None, f"the server ended by itself:\n{program.output}"
        os.kill(program.pid, signal.SIGKILL)
        killed = time.monotonic()
        program.wait(10.0)
        return killed

    # Load

    def _load(self) -> None:
        began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as pool:
            while not self._stop.is_set():
                number = len(self.requests)
                request = request_of(number)
                self.requests.append(request)
                pool.submit(self._place, request)
                self._stop.wait(max(0.0, began + number / RATE - time.monotonic()))

    def _place(self, request: Request) -> None:
        try:
            self._ask(request)
            dice = Random(-request.number)
            if dice.random() < REPEATED:
                time.sleep(dice.uniform(0.0, 3.0))
                self._ask(request)
        except Exception as error:
            self._complain(f"{request.mark}: {error!r}")

    def _ask(self, request: Request) -> None:
        """Ask until there is an answer, as a client with a key may."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                told = self._receiver.url(f"/{request.number}")
                path, body = request.asked(told)
                key = {"Idempotency-Key": f"key-{request.number}"}
                answer = self._server.request("POST", path, body, key)
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"no answer in {PATIENCE} s") from error
                time.sleep(PAUSE)
                continue
            if request.answered(answer):
                return
            assert time.monotonic() < deadline, f"overloaded for {PATIENCE} s"
            time.sleep(PAUSE)

    # Looking

    def _look(self) -> None:
        self._look_at_the_phones()
        accepted = [request for request in self.requests if request.accepted is not None]
        for request in accepted:
            self._server.request("DELETE", f"/v1/calls/{request.accepted}")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self._look_at_the_result, accepted))
        self._look_at_the_replies()
        self._look_at_the_callbacks(accepted)
        self._look_at_the_feed(accepted)

    def _look_at_the_phones(self) -> None:
        try:
            wait_until(
                lambda: not any(self._is_late(dialog) is None for dialog in self._phones.open()),
                ANSWER_SECONDS + 2 * QUIET_SECONDS,
                "the phones are quiet",
            )
        except AssertionError as error:
            self._complain(str(error))
        for dialog in self._phones.all():
            if self._is_late(dialog):
                self._complain(f"{dialog} went on for too long after a restart: {self._restarts}")
        rung = Counter((d.phone, d.name) for d in self._phones.all() if d.name.startswith("call "))
        for (phone, mark), times in rung.items():
            if times > 1:
                self._complain(f"{phone} was rung {times} times for {mark}")

    def _is_late(self, dialog: Dialog) -> bool | None:
        """Whether a dialog outlived a restart by too much; None while that is not known."""
        for number, restart in enumerate(self._restarts):
            ready = restart.ready
            if ready is None or not restart.concerns(dialog):
                continue
            following = self._restarts[number + 1 :]
            deadline = ready + QUIET_SECONDS
            if following and following[0].killed < deadline:
                continue
            if dialog.ended is not None:
                return dialog.ended > deadline
            return True if time.monotonic() > deadline else None
        return False

    def _look_at_the_result(self, request: Request) -> None:
        call = request.accepted
        assert call is not None
        try:
            events = self._server.wait_ended(call)
            self._note(result_of(events)["outcome"])
        except Exception as error:
            self._complain(f"{request.mark} ({call}): {error!r}")
            return
        dialled = Counter(e["channel"] for e in events if e["kind"] == "channel.dialled")
        for channel, times in dialled.items():
            if times > 1:
                self._complain(f"{request.mark}: {channel} was dialled {times} times")

    def _look_at_the_replies(self) -> None:
        for request in self.requests[-CLIENTS:]:
            self._place(request)
        for request in self.requests:
            if len(set(request.replies)) > 1:
                self._complain(f"{request.mark} got different replies: {request.replies}")
            if request.refusals:
                self._complain(f"{request.mark} was refused: {request.refusals}")
            elif not request.replies:
                self._complain(f"{request.mark} got no reply")

    def _look_at_the_callbacks(self, accepted: list[Request]) -> None:
        def told() -> dict[str, set[str]]:
            found: dict[str, set[str]] = {}
            for callback in self._receiver.callbacks.all():
                found.setdefault(callback.path, set()).add(callback.headers["webhook-id"])
            return found

        try:
            wait_until(lambda: len(told()) >= len(accepted), 15.0, "all callbacks")
        except AssertionError:
            missing = [r.mark for r in accepted if f"/{r.number}" not in told()]
            self._complain(f"no callback came for {missing}")
        for path, ids in told().items():
            if len(ids) > 1:
                self._complain(f"{path} was told {len(ids)} different callbacks: {ids}")

    def _look_at_the_feed(self, accepted: list[Request]) -> None:
        feed = self._feed
        wanted = {request.accepted for request in accepted}
        try:
            wait_until(lambda: wanted <= feed.ended.keys(), 5.0, "the feed tells of all ends")
        except AssertionError:
            self._complain(f"the feed did not tell of the end of {wanted - feed.ended.keys()}")
        for complaint in feed.complaints():
            self._complain(complaint)

    def _note(self, outcome: str) -> None:
        with self._noting:
            self.outcomes[outcome] += 1

    def _complain(self, complaint: str) -> None:
        with self._noting:
            if len(self.complaints) < MOST_COMPLAINTS:
                self.complaints.append(complaint)
