"""Screening as calls/make has it, with phones that send keys by RFC 4733, and what they hear."""

from __future__ import annotations

import wave
from array import array
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cordboard.engines.embedded.prompt_files import OWN_PROMPTS
from cordboard.media import g711
from support.baresip import BaresipPhone
from support.own_phone import OwnPhone
from support.server import DOMAIN, CordboardServer, result_of
from support.tones import heard, read_samples, seconds_of
from support.waiting import wait_until

pytestmark = [pytest.mark.interop("baresip"), pytest.mark.slow]

DESK_HZ, THOMAS_HZ, RINGBACK_HZ = 700.0, 1100.0, 400.0
PIECE = 160
"""Samples by which a prompt is known: 20 ms of speech, as a packet has them."""

LOUD = 2000
"""From which peak on a piece is like no other."""

APART = 6000
"""Octets between two of the same prompt: the shortest ones are 0.38 s long."""

MORE = """
[tenant.demo.person.user]
password = "password"
[tenant.demo.user.helen]
id = 1003
extension = "1003"
terminal.helen.secret = "demo-helen"
"""


def spoken(recording: Path, names: Iterable[str]) -> list[str]:
    """The prompts that are heard in a recording, in order, each as often as it is: a phone may have
    lost or stretched a part of one, but not each of its loud pieces."""
    samples, _ = read_samples(recording)
    whole = samples.tobytes()
    found: list[tuple[int, str]] = []
    for name in names:
        begun = -len(whole)
        for place in sorted(_places(whole, _prompt(name))):
            if place > begun + APART:
                begun = place
                found.append((place, name))
    return [name for _, name in sorted(found)]


def _prompt(name: str) -> array[int]:
    with wave.open(str(OWN_PROMPTS / "en" / f"{name}.wav")) as file:
        prompt = array("h", file.readframes(file.getnframes()))
    return g711.decode(g711.encode(prompt, "PCMU"), "PCMU")


def _places(whole: bytes, prompt: array[int]) -> Iterator[int]:
    """Where pieces of a prompt are in a recording, by the octet at which the prompt began."""
    for at in range(0, len(prompt) - PIECE, PIECE):
        piece = prompt[at : at + PIECE]
        place = whole.find(piece.tobytes()) if max(map(abs, piece)) > LOUD else -1
        while place >= 0:
            yield place - 2 * at
            place = whole.find(piece.tobytes(), place + 2)


class Office:
    """Jessica and thomas at baresips, who press keys; helen's line is an answering machine, and
    nobody is to ring jessica's other phone."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.server = running.enter_context(CordboardServer(folder / "server", more=MORE))
        self._folder = folder
        self.desk = running.enter_context(self._phone("jessica-desk", DESK_HZ))
        self.thomas = running.enter_context(self._phone("thomas", THOMAS_HZ))
        machine = OwnPhone("helen", self.server.sip, "--answer-after", "0.1")
        self.machine = running.enter_context(machine)
        self.soft = running.enter_context(OwnPhone("jessica-soft", self.server.sip))

    def _phone(self, account: str, hertz: float) -> BaresipPhone:
        return BaresipPhone(
            *(self._folder / account, account),
            server=self.server.sip,
            domain=DOMAIN,
            secret=f"demo-{account}",
            tone_hz=hertz,
        )

    def asked(self, function: str, **more: str) -> Any:
        """What a function of Enswitch's API replies."""
        fields = {"auth_username": "user", "auth_password": "password", **more}
        query = ";".join(f"{name}={value}" for name, value in fields.items())
        return self.server.request("GET", f"/api/json/{function}/?{query}")

    def make(self, **more: str) -> str:
        """Place a call; its id."""
        answer = self.asked("calls/make", stype="phone", **more)
        assert answer.body["responses"][0]["code"] == "204", answer.body
        call: str = answer.headers["cordboard-call"]
        return call

    def callid(self, line: str) -> str:
        """How the call is called in which a line was called first."""
        (row, *_) = self.asked("calls/active/list", snumber=line).body["data"]
        named: str = row["callid"]
        return named


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as running:
        yield Office(tmp_path, running)


def test_both_legs_are_screened_and_who_refuses_or_says_nothing_is_not_there(
    office: Office,
) -> None:
    desk, thomas, server = office.desk, office.thomas, office.server
    # A machine answers the first leg of this one, and says nothing until the end.
    silent = office.make(snumber="helen", screen1="1", ctype="phone", cnumber="jessica-soft")

    call = office.make(snumber="jessica-desk", cnumber="1002", screen1="1", screen2="1")
    desk.wait_ringing()
    desk.answer()
    server.wait_event(call, "channel.screening", "first")
    wait_until(lambda: desk.has_heard(4.5), 20.0, "the prompt")
    assert not thomas.happened("CALL_INCOMING"), "nobody has taken the call yet"
    desk.send_digit("1")
    server.wait_event(call, "leg.answered", "first")
    thomas.wait_ringing()
    thomas.answer()
    server.wait_event(call, "channel.screening", "second")
    wait_until(lambda: thomas.has_heard(2.2), 20.0, "some of the prompt")
    thomas.send_digit("1")
    server.wait_event(call, "call.bridged")
    asked = thomas.recording()
    before = asked.stat().st_size
    wait_until(lambda: asked.stat().st_size > before + 8_000, 10.0, "they talk")
    ended = office.asked("calls/hangup", callid=office.callid("jessica-desk"))
    assert ended.body["responses"][0]["code"] == "204"
    desk.wait_closed()
    thomas.wait_closed()
    assert result_of(server.wait_ended(call))["outcome"] == "completed"

    known = ("call-from", "0", "1", "2", "press-1", "call")
    said = spoken(desk.recording(), known)
    assert said[:6] == ["call-from", "1", "0", "0", "2", "press-1"], "who it is about"
    ringback = [tone for tone in heard(desk.recording(), [RINGBACK_HZ]) if tone.seconds > 0.4]
    bridged = next(tone for tone in heard(desk.recording(), [THOMAS_HZ]) if tone.seconds > 0.2)
    assert ringback[-1].end < bridged.start, "he hears ringback until thomas has taken the call"
    assert spoken(asked, known)[:2] == ["call-from", "1"]
    assert seconds_of(asked, DESK_HZ) > 0.3

    # Any other key refuses.
    events = len(thomas.events)
    refused = office.make(snumber="jessica-desk", cnumber="1002", screen1="1")
    rung = len(desk.events)
    desk.wait_ringing(after=rung - 1)
    desk.answer()
    server.wait_event(refused, "channel.screening", "first")
    desk.send_digit("2")
    result = result_of(server.wait_ended(refused))
    assert (result["outcome"], result["cause"]) == ("first_leg_failed", "rejected")
    assert len(thomas.events) == events

    result = result_of(server.wait_ended(silent))
    assert (result["outcome"], result["cause"]) == ("first_leg_failed", "no_answer")
    assert "ringing" not in office.soft.happened()
