"""Calls that are there to talk, beside whatever else is measured."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from bench.contenders.cordboard import SECRET, SIP_PORT
from bench.contenders.registering import register
from bench.dialects import BASIX, Dialect
from bench.harness.audio import PACKET_SECONDS, SLICES, Heard, Voices, listen_until_silent
from bench.harness.capture import Capture
from bench.harness.load import Placed
from bench.harness.loop import Loop
from bench.harness.phones import AUDIO_ABOVE, OURS, THEIRS, Legs, phones
from bench.quiet import HARNESS_CORE
from bench.rig import Failed, Rig

SETUP_RATE = 100.0
SETTLE_SECONDS = 1.0
ANSWER_SECONDS = 10.0
TRIES = 5

TALKERS = 20
LONG_SECONDS = 300.0
"""Longer than any suite: nobody hangs up."""
LEGS = Legs(OURS.first, OURS.second, THEIRS.first_port, THEIRS.second_port)
MORE = f"""
[tenant.bench.user.talker]
id = 2
extension = "9002"
terminal.talker.secret = "{SECRET}"
[tenant.bench.trunk.far]
uri = "sip:127.0.0.1:{LEGS.second_port}"
[[tenant.bench.outbound]]
prefix = "04"
trunks = ["far"]
"""
"""What the server's configuration says of them."""

LONG_CALL = Dialect(
    "Basix",
    BASIX.path,
    BASIX.headers,
    lambda number: f'{{"user_name":"talker","destination":"04{number[2:]}"}}',
    BASIX.first,
    callbacks=False,
)


class Talk:
    """Both legs of some calls, which speak on the harness's loop until they are told to stop."""

    def __init__(self, loop: Loop, ports: list[list[int]]) -> None:
        self._loop = loop
        legs = (LEGS.first_port, LEGS.second_port)
        self._voices = [Voices(port + AUDIO_ABOVE) for port in legs]
        for voices, heard_by in zip(self._voices, ports, strict=True):
            voices.speak_to(heard_by)
        self._goes_on = True
        self._at = 0
        self._began = time.monotonic()
        self.heard = Heard()
        self._tick()

    def begin(self) -> None:
        """Count from now on."""
        self.heard = Heard()

    def stop(self) -> Heard:
        """What came of it."""
        self._goes_on = False
        first, second = self._voices
        listen_until_silent(first, second, self.heard)
        for voices in self._voices:
            voices.close()
        return self.heard

    def _tick(self) -> None:
        if not self._goes_on:
            return
        for voices in self._voices:
            voices.speak(self._at % SLICES, self.heard)
        for voices in self._voices:
            while voices.listen(self.heard):
                pass
        self._at += 1
        self._loop.at(self._began + self._at * PACKET_SECONDS / SLICES, self._tick)


@contextlib.contextmanager
def talking(one: Rig) -> Iterator[Talk]:
    """Some calls that talk, on a server whose configuration has :data:`MORE`."""
    ports: list[list[int]] = [[], []]
    register(["talker"], SECRET, SIP_PORT, LEGS.first_port)
    with phones(LEGS, HARNESS_CORE, LONG_SECONDS):
        usual, one.server.dialect = one.server.dialect, LONG_CALL
        bring_up(one, TALKERS, ports)
        one.server.dialect = usual
        talk = Talk(one.loop, ports)
        one.loop.run(lambda: False, SETTLE_SECONDS)
        talk.begin()
        yield talk


def bring_up(one: Rig, more: int, ports: list[list[int]]) -> None:
    """Place so many calls more, and note the server's audio ports on both legs."""
    capture = Capture(one.loop, one.server.sip_port)
    placed: list[Placed] = []
    missing = more
    for _ in range(TRIES):  # a machine that others use may have it refuse some
        for _ in range(missing):
            placed.append(one.server.place(len(ports[0]) + len(placed)))
            one.loop.run(lambda: False, 1 / SETUP_RATE)
        one.loop.run(lambda: all(call.replied for call in placed), ANSWER_SECONDS)
        missing = sum(1 for call in placed if call.refused) + more - len(placed)
        if not missing:
            break
    one.loop.run(lambda: capture.acks >= 2 * more, ANSWER_SECONDS)
    one.loop.run(lambda: False, SETTLE_SECONDS)
    seen = capture.stop()
    if len(seen.acknowledged) < 2 * more:
        reasons = {call.refused for call in placed if call.refused}
        raise Failed(f"only {len(seen.acknowledged)} of {2 * more} legs answered {reasons or ''}")
    for call_id, port in seen.offers.items():
        outside = seen.number_of(call_id).startswith("0")
        ports[outside].append(port)
