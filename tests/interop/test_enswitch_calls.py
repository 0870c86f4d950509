"""What calls/make asks for, in calls with phones: screening with keys sent by RFC 4733, and what is
heard then; and each other parameter of the vendor's page, and what webhooks are told."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import time
import wave
from array import array
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cordboard.engines.embedded.prompt_files import OWN_PROMPTS
from cordboard.feeds.enswitch.call_ids import callid
from cordboard.media import g711
from support.baresip import BaresipPhone
from support.own_phone import OwnPhone
from support.receiver import CallbackReceiver
from support.server import DOMAIN, Answer, CordboardServer, result_of
from support.tones import heard, read_samples, seconds_of
from support.waiting import BOUND, wait_until

pytestmark = [pytest.mark.interop("baresip"), pytest.mark.slow, pytest.mark.timeout(180)]

DESK_HZ, THOMAS_HZ, RINGBACK_HZ = 700.0, 1100.0, 400.0
LOGIN = "auth_username=user;auth_password=password"
PIECE = 160
"""Samples by which a prompt is known: 20 ms of speech, as a packet has them."""

LOUD = 2000
"""From which peak on a piece is like no other."""

APART = 6000
"""Octets between two of the same prompt: the shortest ones are 0.38 s long."""

MORE = """
[node]
name = "server07"
[tenant.demo.person.user]
password = "password"
[tenant.demo.record_group.quality]
id = 4
beep = true
[tenant.demo.webhook.crm]
url = "{crm}?call=#callid#"
events = ["Calling", "Answer", "Hangup"]
body = '{{"status": "#status#", "snumber": "#snumber#", "dnumber": "#dnumber#"}}'
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
        self.crm = running.enter_context(CallbackReceiver())
        more = MORE.format(crm=self.crm.url("/crm"))
        server = CordboardServer(folder / "server", tenant_lines="customer = 5", more=more)
        self.server = running.enter_context(server)
        self._folder = folder
        self.desk = running.enter_context(self._phone("jessica-desk", DESK_HZ))
        self.thomas = running.enter_context(self._phone("thomas", THOMAS_HZ))
        machine = OwnPhone("helen", self.server.sip, "--answer-after", "0.1")
        self.machine = running.enter_context(machine)
        soft = OwnPhone("jessica-soft", self.server.sip, "--answer-after", "30")
        self.soft = running.enter_context(soft)

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
        code = "200" if "wait" in more else "204"
        assert answer.body["responses"] == [{"code": code, "key": "", "message": "OK"}]
        call: str = answer.headers["cordboard-call"]
        if "wait" in more:
            assert answer.body["data"] == {"server": "server07", "callid": callid(call)}
        return call

    def hang_up(self, call: str) -> list[dict[str, Any]]:
        """End a call by its callid; all its events."""
        ended = self.asked("calls/hangup", callid=callid(call))
        assert ended.body["responses"][0]["code"] == "204"
        return self.server.wait_ended(call)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with ExitStack() as running:
        yield Office(tmp_path_factory.mktemp("office"), running)


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
    assert result_of(office.hang_up(call))["outcome"] == "completed"
    desk.wait_closed()
    thomas.wait_closed()

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


def test_each_parameter_does_in_the_call_what_the_page_says(office: Office) -> None:
    before, told = time.time(), len(office.crm.callbacks.all())
    call = office.make(
        snumber="jessica-soft",
        cnumber="1003",
        ctype="",
        cdialplan="auto",
        customer="5",
        answer1="1",
        answer2="1",
        callerid1="0506868002",
        callerid2='"Sales"%20%3C05068680000%3E'.replace('"', "%22"),
        recordgroup="4",
        screen1="0",
        screen2="0",
        warn1="0",
        warn2="1",
        delay="1",
        wait="10",
    )
    assert time.time() >= before + 1.0, "it is named when it has begun"
    office.server.wait_event(call, "call.recording_started")
    rows = office.asked("calls/active/list", callid=callid(call)).body["data"]
    assert {row["dnumber"] for row in rows} == {"jessica-soft", "helen"}

    first = office.soft.wait_for("ringing")
    channels = office.server.wait_event(call, "call.bridged")["data"]
    second = office.machine.wait_for("ringing", call_id=channels["second"])
    assert (first["caller"], first["auto_answer"]) == ("0506868002", True)
    shown = (second["caller"], second["name"], second["auto_answer"])
    assert shown == ("05068680000", "Sales", True)

    events = office.hang_up(call)
    (begun,) = [one for one in events if one["kind"] == "call.recording_started"]
    assert begun["data"]["record_group"] == "quality"
    (kept,) = office.asked("recordings/list", recordgroup="4").body["data"]
    named = {name: kept[name] for name in ("recordgroup", "uniqueid", "recordid")}
    got = office.asked("recordings/get", **named, encoding="base64", sha1="1").body["data"]
    audio = base64.b64decode(got["data"])
    assert audio.startswith(b"RIFF")
    assert hashlib.sha1(audio, usedforsecurity=False).hexdigest() == got["sha1"]
    cdrs = office.asked("cdrs/list", callid=callid(call)).body["data"]
    assert [(row["status"], row["machine"]) for row in cdrs] == [("answer", "server07")] * 2

    office.crm.wait_for(told + 3)
    mine = [one for one in office.crm.callbacks.all() if one.path.endswith(callid(call))]
    by_status = {one.json["status"]: one.json for one in mine}
    assert len(mine) == 3
    assert by_status.keys() == {"Calling", "Answer", "Hangup"}
    assert by_status["Answer"]["dnumber"] == "helen"


def test_a_call_for_later_that_is_hung_up_rings_nobody(office: Office) -> None:
    events = len(office.desk.events)
    call = office.make(snumber="jessica-desk", cnumber="1003", delay="60")
    assert result_of(office.hang_up(call))["outcome"] == "cancelled"
    assert len(office.desk.events) == events


def test_a_call_for_later_and_what_is_to_be_told_outlast_a_killed_server(tmp_path: Path) -> None:
    with ExitStack() as running:
        crm = running.enter_context(CallbackReceiver(lambda number: 503 if number == 1 else 200))
        more = MORE.format(crm=crm.url("/crm"))
        store = f"sqlite:///{tmp_path / 'journal.db'}"
        server = CordboardServer(tmp_path / "server", more=more, store=store)
        running.enter_context(server)
        phone = running.enter_context(OwnPhone("helen", server.sip, "--answer-after", "0"))

        def asked(function: str, **more: str) -> Answer:
            query = "".join(f";{name}={value}" for name, value in more.items())
            return server.request("GET", f"/api/json/{function}/?{LOGIN}{query}")

        asked_for = {"snumber": "helen", "cnumber": "1111"}
        told = str(asked("calls/make", **asked_for).headers["cordboard-call"])
        crm.wait_for(1)  # which it has not taken
        phone.wait_for("talking")  # else it is busy until it has sent its answer once more
        later = str(asked("calls/make", **asked_for, delay="3").headers["cordboard-call"])
        never = str(asked("calls/make", **asked_for, delay="90").headers["cordboard-call"])
        assert server.program is not None
        os.kill(server.program.pid, signal.SIGKILL)
        assert server.program.wait(10.0) == -signal.SIGKILL
        server.start()

        ended = asked("calls/hangup", callid=callid(never))
        assert ended.body["responses"][0]["code"] == "204"
        assert result_of(server.wait_ended(later))["outcome"] == "completed"
        assert result_of(server.wait_ended(never))["outcome"] == "cancelled"
        rung = phone.happened().count("ringing")
        assert rung == 2, "the first one, and the one for later"
        # In no order: what was not taken comes again after what has happened since.
        wait_until(
            lambda: statuses(crm, told).count("Calling") == 2 and "Hangup" in statuses(crm, told),
            BOUND,
            lambda: f"what was left is told, and what was not taken again: {statuses(crm, told)}",
        )
        wait_until(
            lambda: sorted(statuses(crm, later)) == ["Answer", "Calling", "Hangup"],
            BOUND,
            lambda: f"the later one is told: {statuses(crm, later)}",
        )


def statuses(crm: CallbackReceiver, call: str) -> list[str]:
    """What was told of a call, attempt by attempt."""
    came = (one for one in crm.callbacks.all() if one.path.endswith(callid(call)))
    return [one.json["status"] for one in came]
