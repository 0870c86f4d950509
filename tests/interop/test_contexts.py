"""A program with every kind of step, driven by the keys of a real phone and heard by its tones."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from support.baresip import BaresipPhone
from support.receiver import Callback, CallbackReceiver
from support.server import DOMAIN, CordboardServer, result_of
from support.tones import heard, recorded_seconds, seconds_of, write_tone
from support.waiting import BOUND, let_last, wait_until

pytestmark = pytest.mark.interop("baresip")

DESK_HZ, THOMAS_HZ = 620.0, 1100.0
WELCOME_HZ, PIN_HZ, NEXT_HZ = 500.0, 750.0, 900.0
PIN = "9753"
LISTENS = 1.0  # s
TALK = 0.5  # s heard of something, which no accident makes

PROGRAM = """
[tenant.demo.context.ivr]
extension = "1500"
steps = [
    {{ answer = true }},
    {{ play = "{folder}/welcome.wav", times = 5, until = "*" }},
    {{ label = "ask", gather = "PIN", play = "{folder}/pin.wav", digits = 4, valid = "35790" }},
    {{ branch = "PIN", to = {{ "{pin}" = "right" }}, otherwise = "ask" }},
    {{ label = "right", set = {{ AGENT = "thomas", SAID = "1" }} }},
    {{ say = "${{SAID}}" }},
    {{ ring = {{ user = "${{AGENT}}" }}, timeout = 1 }},
    {{ branch = "RING_RESULT", to = {{ no_answer = "on" }} }},
    {{ hangup = "busy" }},
    {{ label = "on", wait = 0.2 }},
    {{ record = true }},
    {{ message = "MESSAGE", seconds = 20, until = "#" }},
    {{ fetch = ["{url}/gone", "{url}/json"] }},
]
[tenant.demo.context.call-back]
extension = "1502"
steps = [{{ fetch = "{url}/job" }}]
[tenant.demo.context.closed]
extension = "1501"
steps = [{{ goto = "end" }}, {{ label = "end", hangup = "rejected" }}]
"""

STEPS = {
    "steps": [
        {"gather": "NEXT", "play": "next.wav", "digits": 1, "timeout": 10},
        {"fetch": "${BASE}/xml"},
    ]
}
DOCUMENT = b"""<Response>
  <SetErrorHandler>sorry</SetErrorHandler>
  <GetJSON var="agents" url="{{BASE}}/agents"/>
  <Set var="which" expr="int(NEXT) - 7"/>
  <If expr="agents.ready">
    <Then><Transfer answerTimeout="20">{{agents.extensions[which]}}</Transfer></Then>
  </If>
  <Section name="sorry"><Hangup reason="rejected"/></Section>
</Response>"""
FAULTY = b"<Response><Dance/></Response>"
AGENTS = b'{"ready": true, "extensions": [1002]}'
JOB = {
    "type": "msg_call",
    "data": {"called_number": "{{CallingNumber}}", "audio_file": "next.wav"},
    "options": {"attempts": 3, "delay": 1000},
}
CALL_BACK = (
    f"<IVR><AddJob><![CDATA[{json.dumps(JOB)}]]></AddJob><Switch var='JobAdded'>"
    "<Case val='true'><Hangup reason='busy'/></Case></Switch></IVR>"
).encode()


def answer(asked: Callback) -> bytes:
    """What the tenant's web server sends."""
    documents = {
        "/gone": FAULTY,
        "/json": json.dumps(STEPS).encode(),
        "/xml": DOCUMENT,
        "/agents": AGENTS,
        "/job": CALL_BACK,
    }
    return documents.get(asked.path, b"no steps")


class Office:
    """A server whose context is called, and two phones."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        prompts = folder / "server" / "prompts" / DOMAIN
        prompts.mkdir(parents=True)
        write_tone(folder / "welcome.wav", WELCOME_HZ, 4.0)
        write_tone(folder / "pin.wav", PIN_HZ, 2.0)
        write_tone(prompts / "next.wav", NEXT_HZ, 2.0)
        self.folder = folder
        self.web = running.enter_context(CallbackReceiver(body_for=answer))
        more = PROGRAM.format(folder=folder, pin=PIN, url=self.web.url(""))
        self.server = running.enter_context(CordboardServer(folder / "server", more=more))
        self.desk = running.enter_context(self._phone("jessica-desk", DESK_HZ))
        self.thomas = running.enter_context(self._phone("thomas", THOMAS_HZ))

    def _phone(self, terminal: str, tone_hz: float) -> BaresipPhone:
        return BaresipPhone(
            self.folder / terminal,
            terminal,
            server=self.server.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            tone_hz=tone_hz,
        )

    def listen(self) -> None:
        """Let jessica hear a bit more of what she hears now."""
        desk = self.desk
        before = recorded_seconds(desk.recording()) if desk.has_recording else 0.0
        wait_until(lambda: desk.has_heard(before + LISTENS), BOUND, "she hears more")

    def press(self, keys: str) -> None:
        for key in keys:
            self.desk.send_digit(key)

    def form(self, path: str, status: str = "in-progress") -> dict[str, list[str]]:
        """What the web server was posted there."""
        said = f"CallStatus={status}".encode()
        asked = self.web.callbacks.wait_for(
            lambda one: one.path == path and said in one.body.split(b"&"), 8.0, f"{path}: {status}"
        )
        return parse_qs(asked.body.decode())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as running:
        yield Office(tmp_path, running)


def test_a_program_with_every_kind_of_step(office: Office) -> None:
    server, desk, thomas = office.server, office.desk, office.thomas
    began = time.time()
    asked = {
        "first": {"user": {"name": "jessica"}},
        "second": {"context": "ivr"},
        "variables": {"BASE": office.web.url("")},
    }
    placed = server.request("POST", "/v1/calls", asked)
    assert placed.status == 201, placed
    call = str(placed.body["id"])
    desk.wait_ringing()
    desk.answer()
    office.listen()
    office.press("*")  # enough of that
    office.listen()
    office.press(PIN)
    thomas.wait_ringing()  # behind the 1 that is spoken
    thomas.wait_closed()  # for he does not answer
    before = len(thomas.events)
    server.wait_event(call, "call.recording_started")
    let_last(LISTENS)  # she speaks her tone, and hears nothing
    office.press("#")
    told = office.form("/json")
    assert told["PIN"] == [PIN]
    assert office.form("/gone", "error")["Error"] == ["xml: <Dance> is not understood"]
    (message,) = told["MESSAGE"]
    office.listen()
    office.press("7")
    told = office.form("/xml")
    assert (told["NEXT"], told["RING_RESULT"]) == (["7"], ["no_answer"])
    assert (told["CallStatus"], told["CalledNumber"]) == (["in-progress"], ["1500"])
    assert (told["CallingNumber"], told["UserName"]) == (["1001"], ["jessica"])
    started, answered = int(told["StartTime"][0]) / 1e6, int(told["AnswerTime"][0]) / 1e6
    assert began <= started < answered <= time.time()
    thomas.wait_ringing(8.0, after=before)
    thomas.answer()
    office.listen()
    office.listen()
    desk.hang_up()
    events = server.wait_ended(call)
    thomas.wait_closed(after=before)
    desk.wait_closed()
    last = office.form("/xml", "completed")
    assert (last["CallUUID"], last["AnswerTime"]) == (told["CallUUID"], told["AnswerTime"])
    assert "PIN" not in last
    assert seconds_of(thomas.recording(), DESK_HZ) > TALK
    tones = heard(desk.recording(), [WELCOME_HZ, PIN_HZ, NEXT_HZ, THOMAS_HZ])
    order = [tone.hertz for tone in tones if tone.seconds >= TALK]
    assert order == [WELCOME_HZ, PIN_HZ, NEXT_HZ, THOMAS_HZ]
    assert seconds_of(desk.recording(), WELCOME_HZ) < 3.9, "a key has ended it"
    result = result_of(events)
    assert (result["outcome"], result["cause"], result["leg"]) == ("completed", "normal", "first")
    assert steps_of(events) == [
        *("answer", "play", "gather", "say", "ring", "wait", "record", "message", "fetch"),
        *("gather", "fetch", "get_data", "ring"),
    ]
    # Ids and times have digits too.
    keyed_in = re.search(rf"(?<![\w.-]){PIN}(?![\w.-])", json.dumps(events))
    assert keyed_in is None, "what was keyed in is nobody's business"
    kinds = [event["kind"] for event in events]
    assert "channel.digit" not in kinds
    assert "call.recording_started" in kinds

    assert seconds_of(office.folder / f"server/recordings/{DOMAIN}/{message}.wav", DESK_HZ) > TALK

    before = len(desk.events)
    closed = server.basix("call_user", user_name="jessica", destination="1501")
    desk.wait_ringing(after=before)
    desk.answer()
    assert result_of(server.wait_ended(closed.call))["cause"] == "rejected"


def steps_of(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["does"] for event in events if event["kind"] == "program.step"]


def test_who_calls_is_called_back_and_hears_a_message(office: Office) -> None:
    server, desk = office.server, office.desk
    desk.dial(f"sip:1502@{DOMAIN}")
    desk.wait_closed()
    before = len(desk.events)
    calls = server.get("/v1/calls").body["calls"]
    (first,) = [one["id"] for one in calls if one["direction"] == "phone"]
    events = server.wait_ended(first)
    assert result_of(events)["cause"] == "busy", "he was told that he will be called"
    (job,) = [one["data"]["job"] for one in events if one["kind"] == "program.job"]
    desk.wait_ringing(8.0)  # maybe before we have looked
    desk.answer()
    told = server.wait_ended(job)
    (accepted,) = [one["data"] for one in told if one["kind"] == "call.accepted"]
    assert (accepted["method"], accepted["metadata"]) == ("add_job", {"added_by": first})
    assert accepted["again"]["left"] == 2
    assert result_of(told)["outcome"] == "completed"
    desk.wait_closed(after=before)
    assert seconds_of(desk.recording(), NEXT_HZ) > TALK
