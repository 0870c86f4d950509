"""What tracks and moves calls over Enswitch's API, and what lists show, against a whole server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from cordboard.api.enswitch.faults import Code
from cordboard.calls.events import EventKind
from cordboard.calls.ports import Dial, Play, Prompt, Record, TerminalEndpoint
from cordboard.calls.request import Leg
from cordboard.directory.feature_codes import Feature, FeatureCode
from cordboard.directory.forwarding import NOT_FORWARDED
from cordboard.directory.model import OutboundRule
from cordboard.directory.passwords import held_password
from cordboard.directory.persons import ALL_PRIVILEGES, Person, Privilege
from cordboard.directory.recording import RecordGroup
from cordboard.directory.snapshot import Directory
from cordboard.engines.far_end import ANSWERS, IS_BUSY
from cordboard.feeds.enswitch.call_ids import callid, uniqueid
from support.asgi import Reply, ask
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio

LOGIN = "auth_username=user;auth_password=password"
PERSONS = (
    Person("user", held_password("password"), ALL_PRIVILEGES),
    Person("cook", held_password("password"), frozenset()),
)
OK = [{"code": "204", "key": "", "message": "OK"}]


class Talking(Served):
    """Jessica's desk phone, thomas and helen answer; below is a customer of demo's."""

    def __init__(self) -> None:
        house = tenant(customer=1)
        group = RecordGroup(5, "quality", "Quality", beep=True, keep_days=30)
        seldom = RecordGroup(6, "seldom", "Seldom", fraction=0.0)
        below = tenant(customer=7, parent="demo")
        below = replace(below, policy=replace(below.policy, domain="below", sip_realm="below"))
        codes = (FeatureCode("*78", Feature.DO_NOT_DISTURB),)
        house = replace(house, persons=PERSONS, record_groups=(group, seldom), feature_codes=codes)
        super().__init__(house, below)
        for phone in ("jessica-desk@demo", "thomas@demo", "helen@demo"):
            self.engine.when_dialled(phone, ANSWERS)

    async def call(self, **more: str) -> str:
        """Place a call in which both parties talk; its callid."""
        given = {"stype": "phone", "snumber": "jessica-desk", "cnumber": "thomas", "wait": "5"}
        reply = await self.asked("calls/make", **(given | more))
        await self.later()
        made: str = reply["data"]["callid"]
        return made

    async def later(self) -> None:
        """Let phones answer, and events be committed."""
        for _ in range(3):
            self.engine.advance(1.0)
        await self.journal.flush()

    async def reply(self, function: str, login: str = LOGIN, **parameters: str) -> Reply:
        """What a function replies."""
        fields = (f"{name}={quote(value, safe='')}" for name, value in parameters.items())
        path = f"/api/json/{function}/?{';'.join((login, *fields))}"
        reply = await ask(self.app, "GET", path, authorization=None)
        assert reply.status == 200
        return reply

    async def asked(self, function: str, **parameters: str) -> Any:
        """The same as JSON."""
        return (await self.reply(function, **parameters)).json

    async def rows(self, function: str, **parameters: str) -> list[dict[str, str]]:
        """The rows of a list."""
        answer = await self.asked(function, **parameters)
        assert answer["responses"] == [{"code": "200", "key": "", "message": "OK"}]
        rows: list[dict[str, str]] = answer["data"]
        assert all(isinstance(one, str) for row in rows for one in row.values())
        return rows

    async def fault(self, function: str, **parameters: str) -> tuple[str, str]:
        """Code and key of the one response of what can't be done."""
        answer = await self.asked(function, **parameters)
        (response,) = answer["responses"]
        assert response["message"]
        assert "data" not in answer
        return response["code"], response["key"]

    def dialled(self) -> list[str]:
        """Who was dialled, by account or number."""
        dialled = (one.endpoint for one in self.engine.commands if isinstance(one, Dial))
        return [
            one.contact.account if isinstance(one, TerminalEndpoint) else one.number
            for one in dialled
        ]


async def test_live_calls_are_listed_leg_by_leg() -> None:
    served = Talking()
    assert await served.rows("calls/active/list") == []
    call = await served.call()
    first, second = await served.rows("calls/active/list", sort="uniqueid")
    assert first["callid"] == second["callid"] == call == first["uniqueid"]
    assert second["uniqueid"] != call
    assert (first["stype"], first["snumber"]) == (second["stype"], second["snumber"])
    assert (first["dnumber"], second["dnumber"]) == ("jessica-desk", "thomas"), "lines by account"
    assert (first["snumber"], second["cnumber"]) == ("jessica-desk", "1002")
    assert first["machine"] == "server01"
    assert (first["direction"], first["customer"]) == ("internal", "1")
    assert all(int(row["answered"]) >= int(row["start"]) > 0 for row in (first, second))
    assert first["channel"].startswith("jessica-desk@")


async def test_a_list_of_live_calls_is_cut_down_as_wanted() -> None:
    served = Talking()
    one, other = await served.call(), await served.call(snumber="helen", cnumber="0312341234")
    assert len(await served.rows("calls/active/list", callid=one)) == 2
    assert len(await served.rows("calls/active/list", cnumber="0312341234")) == 2
    (leg,) = await served.rows("calls/active/list", dtype="external", stype="phone")
    assert (leg["callid"], leg["dnumber"]) == (other, "0312341234")
    assert await served.rows("calls/active/list", snumber="0312341234") == []
    assert {row["callid"] for row in await served.rows("calls/active/list", direction="out")} == {
        other
    }
    assert len(await served.rows("calls/active/list", direction="internal")) == 3
    assert await served.rows("calls/active/list", direction="in") == []
    assert len(await served.rows("calls/active/list", limit="1", offset="1")) == 1
    assert (await served.asked("calls/active/list", count="1"))["data"] == {"count": "4"}
    assert await served.rows("calls/active/list", customer="7") == []
    assert len(await served.rows("calls/active/list", customer="recursive")) == 4
    up = await served.rows("calls/active/list", sort="uniqueid")
    down = await served.rows("calls/active/list", sort="uniqueid", descending="1")
    assert [row["uniqueid"] for row in down] == [row["uniqueid"] for row in up][::-1]


async def test_the_panel_has_it_in_short() -> None:
    served = Talking()
    await served.call()
    row, _ = await served.rows("calls/active/list/panel")
    assert set(row) == {
        *("uniqueid", "callid", "start", "answered", "stype", "snumber", "ctype", "cnumber")
    }


@pytest.mark.parametrize("by", ["callid", "uniqueid"])
async def test_a_call_is_hung_up_by_its_id_or_that_of_a_leg(by: str) -> None:
    served = Talking()
    call = await served.call()
    rows = await served.rows("calls/active/list", sort="uniqueid")
    name = {by: call if by == "callid" else rows[1]["uniqueid"]}
    assert (await served.asked("calls/hangup", **name))["responses"] == OK
    await served.later()
    assert await served.rows("calls/active/list") == []
    assert await served.fault("calls/hangup", **name) == ("404", by)


async def test_a_call_whose_time_has_not_come_is_cancelled() -> None:
    served = Talking()
    reply = await served.reply(
        "calls/make", stype="phone", snumber="jessica-desk", cnumber="thomas", delay="60"
    )
    name = callid(reply.headers["cordboard-call"])
    assert (await served.asked("calls/hangup", callid=name))["responses"] == OK
    assert served.dialled() == []
    await served.exchange.stop()


async def test_a_hangup_names_just_one_call() -> None:
    served = Talking()
    call = await served.call()
    assert await served.fault("calls/hangup") == ("400", "callid")
    assert await served.fault("calls/hangup", callid=call, uniqueid=call) == ("400", "callid")
    assert await served.fault("calls/hangup", callid="1234567890.123456") == ("404", "callid")
    assert await served.fault("calls/hangup", uniqueid="SIP/1") == ("404", "uniqueid")


@pytest.mark.parametrize(("channel", "stays"), [("1", "jessica"), ("2", "thomas")])
async def test_a_party_is_sent_on_and_the_other_hung_up(channel: str, stays: str) -> None:
    served = Talking()
    call = await served.call()
    answer = await served.asked("calls/redirect", uniqueid=call, cnumber="helen", channel=channel)
    assert answer["responses"] == OK
    await served.later()
    rows = await served.rows("calls/active/list")
    assert served.dialled()[-1] == "helen@demo"
    endpoints = " ".join(row["channel"] for row in rows)
    assert stays in endpoints
    assert "helen" in endpoints


async def test_what_can_not_be_redirected_is_told() -> None:
    served = Talking()
    call = await served.call()
    assert await served.fault("calls/redirect", cnumber="1") == ("400", "uniqueid")
    assert await served.fault("calls/redirect", uniqueid=call) == ("400", "cnumber")
    assert await served.fault("calls/redirect", uniqueid=call, cnumber="1", channel="3") == (
        "400",
        "channel",
    )
    assert await served.fault("calls/redirect", uniqueid="1.2", cnumber="helen") == (
        "404",
        "uniqueid",
    )
    assert await served.fault("calls/redirect", uniqueid=call, cnumber="no-such-one") == (
        "400",
        "cnumber",
    )
    await served.asked("calls/hangup", callid=call)
    await served.later()
    assert await served.fault("calls/redirect", uniqueid=call, cnumber="helen") == (
        "404",
        "uniqueid",
    )


async def test_whom_a_call_rings_is_left_alone_when_it_is_redirected() -> None:
    served = Talking()
    call = await served.call(cnumber="jessica-soft", ctype="phone")
    answer = await served.asked("calls/redirect", uniqueid=call, cnumber="helen")
    assert answer["responses"] == OK
    await served.later()
    rows = await served.rows("calls/active/list", sort="uniqueid")
    assert [row["dnumber"] for row in rows] == ["jessica-desk", "helen"]
    assert {row["cnumber"] for row in rows} == {"1003"}
    second = await served.fault("calls/redirect", uniqueid="1.2", cnumber="helen")
    assert second == ("404", "uniqueid")


async def test_a_call_whose_first_party_still_rings_can_not_be_redirected() -> None:
    served = Talking()
    call = await served.call(snumber="jessica-soft")
    fault = await served.fault("calls/redirect", uniqueid=call, cnumber="helen")
    assert fault == ("400", "uniqueid")


async def test_what_became_of_calls_is_listed_leg_by_leg_and_looked_up() -> None:
    served = Talking()
    call = await served.call(cnumber="0312341234")
    await served.asked("calls/hangup", callid=call)
    await served.later()
    first, second = await served.rows("cdrs/list", sort="uniqueid")
    assert first["callid"] == second["callid"] == call == first["uniqueid"] != second["uniqueid"]
    assert (first["direction"], second["direction"]) == ("internal", "out")
    assert (second["stype"], second["ctype"], second["dtype"]) == ("phone", "external", "external")
    assert (first["dnumber"], second["dnumber"]) == ("jessica-desk", "0312341234")
    assert (second["peer"], first["peer"]) == ("first", "")
    assert (first["status"], second["status"]) == ("answer", "cancel"), "that one never answered"
    assert (second["talktime"], second["time"]) == ("0", "0")
    assert all(int(one["end"]) >= int(one["start"]) for one in (first, second))
    assert all(int(one["totaltime"]) >= int(one["talktime"]) for one in (first, second))
    for row in (first, second):
        assert (await served.asked("cdrs/get", uniqueid=row["uniqueid"]))["data"] == row
    assert await served.fault("cdrs/get", uniqueid="1.2") == ("404", "uniqueid")
    assert await served.fault("cdrs/get", uniqueid="SIP/1") == ("404", "uniqueid")
    assert await served.fault("cdrs/get") == ("400", "uniqueid")


async def test_a_call_that_rang_nobody_has_a_row_of_its_first_leg() -> None:
    served = Talking()
    reply = await served.reply(
        "calls/make", stype="phone", snumber="jessica-desk", cnumber="thomas", delay="60"
    )
    name = callid(reply.headers["cordboard-call"])
    await served.asked("calls/hangup", callid=name)
    await served.later()
    (row,) = await served.rows("cdrs/list")
    assert (row["uniqueid"], row["status"], row["talktime"]) == (name, "cancel", "0")
    second = uniqueid(reply.headers["cordboard-call"], Leg.SECOND)
    assert await served.fault("cdrs/get", uniqueid=second) == ("404", "uniqueid")


async def test_the_parties_of_a_call_are_shown_as_a_client_has_them() -> None:
    served = Talking()
    call = await served.call()
    first, second = await served.rows("calls/active/list", sort="uniqueid")
    wanted = {"callid": call, "snumber": "alice", "cnumber": "bob"}
    looked = await served.asked("calls/update", **wanted, validation="1")
    assert looked["responses"] == [{"code": "201", "key": "", "message": "OK"}]
    assert (await served.rows("calls/active/list", sort="uniqueid")) == [first, second]
    assert (await served.asked("calls/update", **wanted))["responses"] == OK
    leg = {"uniqueid": second["uniqueid"], "dnumber": "carol", "dtype": "number"}
    assert (await served.asked("calls/update", **leg))["responses"] == OK
    await served.later()
    one, other = await served.rows("calls/active/list", sort="uniqueid")
    assert (one["snumber"], one["cnumber"], one["dnumber"]) == ("alice", "bob", first["dnumber"])
    assert (other["snumber"], other["dtype"], other["dnumber"]) == ("alice", "number", "carol")
    await served.asked("calls/hangup", callid=call)
    await served.later()
    _, kept = await served.rows("cdrs/list", sort="uniqueid")
    assert (kept["snumber"], kept["cnumber"], kept["dnumber"]) == ("alice", "bob", "carol")


async def test_only_a_call_that_lives_is_shown_otherwise() -> None:
    served = Talking()
    call = await served.call()
    assert await served.fault("calls/update", callid=call) == ("400", "snumber")
    assert await served.fault("calls/update", snumber="x") == ("400", "callid")
    assert await served.fault("calls/update", callid="1.2", snumber="x") == ("404", "callid")
    await served.asked("calls/hangup", callid=call)
    await served.later()
    assert await served.fault("calls/update", uniqueid=call, snumber="x") == ("404", "uniqueid")


async def test_rows_of_calls_are_filtered() -> None:
    served = Talking()
    for number in ("0312341234", "0312349999"):
        await served.asked("calls/hangup", callid=await served.call(cnumber=number))
        await served.later()
    row, _ = await served.rows("cdrs/list", cnumber="0312349999", sort="uniqueid")
    start = int(row["start"])
    assert len(await served.rows("cdrs/list", start=str(start))) == 4
    assert await served.rows("cdrs/list", start=str(start + 100)) == []
    assert await served.rows("cdrs/list", end=str(start)) == []
    assert await served.rows("cdrs/list", direction="in") == []
    assert await served.rows("cdrs/list", talktime_minimum="3600") == []
    assert len(await served.rows("cdrs/list", talktime_maximum="3600")) == 4
    assert (await served.asked("cdrs/list", count="1"))["data"] == {"count": "4"}
    assert len(await served.rows("cdrs/list", status=row["status"])) == 2
    assert len(await served.rows("cdrs/list", phone="jessica-desk")) == 4
    assert await served.rows("cdrs/list", phone="thomas") == []
    assert len(await served.rows("cdrs/list", recurse="1")) == 4
    assert {len(one) for one in await served.rows("cdrs/list", pages="1")} == {2}
    assert await served.fault("cdrs/list", status="lost") == ("400", "status")
    assert await served.fault("cdrs/list", sort="colour") == ("400", "sort")


async def test_telephone_lines_are_listed() -> None:
    served = Talking()
    rows = await served.rows("phones/list")
    assert [row["name"] for row in rows] == ["helen", "jessica-desk", "jessica-soft", "thomas"]
    assert rows[0]["description"] == "Helen"
    assert {row["registered"] for row in rows} <= {"0", "1"}
    assert next(row for row in rows if row["name"] == "thomas")["registered"] == "1"
    assert len(await served.rows("phones/list", customer="all")) == 8
    assert [row["name"] for row in await served.rows("phones/list", limit="1", offset="1")] == [
        "jessica-desk"
    ]


async def test_numbers_are_listed_and_those_that_may_be_shown() -> None:
    served = Talking()
    every = {row["number"] for row in await served.rows("numbers/list")}
    shown = {row["number"] for row in await served.rows("numbers/list", callerid="1")}
    assert every - shown == {"0506868009"}
    leads = {
        row["number"]: (row["dtype"], row["dnumber"]) for row in await served.rows("numbers/list")
    }
    assert leads["05068680000"] == ("", "")
    assert ("phone", "1001") in leads.values()
    assert "05068680000" in shown


async def test_recordings_are_listed_and_heard() -> None:
    served = Talking()
    call = await served.call()
    own = (await served.rows("calls/active/list"))[0]["callid"]
    assert own == call
    record = served.journal.snapshot("demo").calls[0][0].id
    name = await served.recorded(record, record_group="quality")
    (row,) = await served.rows("recordings/list", recordgroup="5")
    assert (row["recordid"], row["uniqueid"], row["complete"]) == (name, call, "1")
    assert await served.rows("recordings/list", customer="1", complete="0") == []
    assert await served.fault("recordings/list") == ("400", "customer")
    named = {"recordgroup": "5", "uniqueid": call, "recordid": name}
    reply = await served.reply("recordings/get", **named, encoding="raw", wrap="none")
    assert reply.headers["content-type"] == "audio/wav"
    assert reply.body.startswith(b"RIFF")
    data = (await served.asked("recordings/get", **named, encoding="base64", sha1="1"))["data"]
    assert data["data"].startswith("UklGR")
    assert len(data["sha1"]) == 40
    other = named | {"uniqueid": uniqueid("0198c0de-0000-7000-8000-000000000000", Leg.FIRST)}
    assert await served.fault("recordings/get", **other) == ("404", "recordid")
    elsewhere = named | {"recordgroup": "6"}
    assert await served.fault("recordings/get", **elsewhere) == ("404", "recordgroup")
    missing = await served.asked("recordings/get", uniqueid=call)
    assert [(one["code"], one["key"]) for one in missing["responses"]] == [
        *(("400", "recordgroup"), ("400", "recordid"))
    ]


@pytest.mark.parametrize(
    "function",
    [
        *("calls/make", "calls/hangup", "calls/redirect", "calls/active/list"),
        *("calls/active/list/panel", "cdrs/list", "cdrs/get", "phones/list", "numbers/list"),
        *("recordings/list", "recordings/get", "calls/update"),
    ],
)
async def test_each_function_asks_for_a_person_with_a_privilege(function: str) -> None:
    served = Talking()
    assert await served.fault(function, login="auth_username=cook") == ("401", "")
    cook = "auth_username=cook;auth_password=password"
    assert await served.fault(function, login=cook) == ("402", "")


@pytest.mark.parametrize("function", ["calls/active/list", "cdrs/list", "phones/list"])
async def test_no_list_is_of_a_customer_that_is_another_s(function: str) -> None:
    assert await Talking().fault(function, customer="99") == ("400", "customer")


def test_every_privilege_is_in_the_vendor_s_words() -> None:
    assert {one.value for one in Privilege} >= {"actions", "panel", "cdrs", "callshop", "user"}


async def test_a_feature_code_does_its_thing_once_the_phone_is_answered() -> None:
    served = Talking()
    thomas = served.directory.tenants[0].users[1]

    def disturbed() -> bool:
        return not served.journal.forwardings("demo").get(thomas.id, NOT_FORWARDED).do_not_disturb

    asked = {"stype": "phone", "snumber": "thomas", "cnumber": "*78"}
    reply = await served.reply("calls/make", **asked)
    await served.journal.flush()
    assert disturbed(), "nobody has answered yet"
    await served.later()
    assert not disturbed()
    call = reply.headers["cordboard-call"]
    events = await served.journal.events_of("demo", call)
    assert "call.program" in [one.event.kind.value for one in events]
    await served.asked("calls/hangup", callid=callid(call))
    await served.later()
    (row,) = await served.rows("cdrs/list")
    assert (row["snumber"], row["cnumber"], row["status"]) == ("thomas", "*78", "answer")


async def test_a_feature_code_that_nobody_answers_does_nothing() -> None:
    served = Talking()
    helen = served.directory.tenants[0].users[2]
    served.engine.when_dialled("helen@demo", IS_BUSY)
    await served.reply("calls/make", stype="", snumber="*78", cnumber="helen")
    await served.later()
    assert helen.id not in served.journal.forwardings("demo")
    fault = await served.fault("calls/make", stype="", snumber="0312341234", cnumber="*78")
    assert fault == ("400", "cnumber"), "whose it is to be, nobody knows"
    assert await served.fault("calls/make", snumber="*78", cnumber="1111") == ("400", "snumber")


async def test_a_record_group_says_which_calls_are_kept_for_how_long_and_whether_it_beeps() -> None:
    served = Talking()
    call = await served.call(recordgroup="5")
    assert [one for one in served.engine.commands if isinstance(one, Record)]
    beeps = [one for one in served.engine.commands if isinstance(one, Play)]
    assert [one.sound for one in beeps].count(Prompt("builtin:beep")) == 2, "both hear it"
    record = served.journal.snapshot("demo").calls[0][0].id
    events = await served.journal.events_of("demo", record)
    (begun,) = [one.event for one in events if one.event.kind is EventKind.RECORDING_STARTED]
    assert (begun.data["record_group"], begun.data["keep_days"]) == ("quality", 30)
    await served.asked("calls/hangup", callid=call)
    await served.later()
    (row,) = await served.rows("recordings/list", recordgroup="5")
    assert (row["callid"], row["uniqueid"]) == (call, call)
    assert {row["recording"] for row in await served.rows("cdrs/list")} == {begun.data["file"]}


@pytest.mark.parametrize("group", ["0", "6"])
async def test_what_is_in_no_record_group_or_not_in_its_fraction_is_not_recorded(
    group: str,
) -> None:
    served = Talking()
    await served.call(recordgroup=group)
    assert not [one for one in served.engine.commands if isinstance(one, Record)]
    assert await served.rows("recordings/list", customer="1") == []


NO_CALL = uniqueid("0198c0de-0000-7000-8000-000000000000", Leg.FIRST)
LINE = {"stype": "phone", "snumber": "jessica-desk"}
CODES: tuple[tuple[str, dict[str, str], str, str], ...] = (
    ("calls/make", {**LINE, "cnumber": "thomas", "wait": "1"}, "200", ""),
    ("calls/make", {**LINE, "cnumber": "thomas"}, "204", ""),
    ("calls/make", {**LINE}, "400", "cnumber"),
    ("calls/make", {**LINE, "cnumber": "0990123456"}, "403", "cnumber"),
    ("calls/hangup", {"callid": "{call}"}, "204", ""),
    ("calls/hangup", {}, "400", "callid"),
    ("calls/hangup", {"callid": NO_CALL}, "404", "callid"),
    ("calls/redirect", {"uniqueid": "{call}", "cnumber": "helen"}, "204", ""),
    ("calls/redirect", {"uniqueid": "{call}"}, "400", "cnumber"),
    ("calls/redirect", {"uniqueid": "{call}", "cnumber": "0990123456"}, "403", "cnumber"),
    ("calls/redirect", {"uniqueid": NO_CALL, "cnumber": "helen"}, "404", "uniqueid"),
    ("calls/update", {"callid": "{call}", "snumber": "x"}, "204", ""),
    ("calls/update", {"callid": "{call}", "snumber": "x", "validation": "1"}, "201", ""),
    ("calls/update", {"callid": "{call}", "snumber": "x", "validation": "2"}, "400", "validation"),
    ("calls/update", {"callid": NO_CALL, "snumber": "x"}, "404", "callid"),
    ("calls/active/list", {}, "200", ""),
    ("calls/active/list", {"direction": "up"}, "400", "direction"),
    ("calls/active/list/panel", {}, "200", ""),
    ("calls/active/list/panel", {"sort": "peer"}, "400", "sort"),
    ("cdrs/list", {}, "200", ""),
    ("cdrs/list", {"limit": "x"}, "400", "limit"),
    ("cdrs/get", {}, "400", "uniqueid"),
    ("cdrs/get", {"uniqueid": NO_CALL}, "404", "uniqueid"),
    ("phones/list", {}, "200", ""),
    ("phones/list", {"count": "2"}, "400", "count"),
    ("numbers/list", {"callerid": "1"}, "200", ""),
    ("numbers/list", {"callerid": "x"}, "400", "callerid"),
    ("recordings/list", {"customer": "1"}, "200", ""),
    ("recordings/list", {"customer": "1", "complete": "2"}, "400", "complete"),
    (
        "recordings/get",
        {"recordgroup": "5", "uniqueid": "{call}", "recordid": "x"},
        *("404", "recordid"),
    ),
)
"""What each function documents beside 401 and 402, which all of them have (vendor facts, 1-3)."""


@pytest.mark.parametrize(("function", "given", "code", "key"), CODES)
async def test_each_code_that_a_function_documents(
    function: str, given: dict[str, str], code: str, key: str
) -> None:
    served = Talking()
    house = served.directory.tenants[0]
    denied = OutboundRule("099")
    here = replace(house, outbound=(*house.outbound, denied))
    served.directory = Directory((here, *served.directory.tenants[1:]))
    call = await served.call(snumber="helen", cnumber="thomas")
    filled = {name: value.replace("{call}", call) for name, value in given.items()}
    answer = await served.asked(function, **filled)
    (response,) = answer["responses"]
    assert (response["code"], response["key"]) == (code, key)
    assert ("data" in answer) == (code == "200")
    assert (response["message"] == "OK") == (code < "300")


def test_every_code_is_tested() -> None:
    tested = {code for _, _, code, _ in CODES} | {"401", "402", "500"}
    assert {one.value for one in Code} == tested


@pytest.mark.parametrize(
    ("number", "rung"),
    [
        ("jessica-desk", {"jessica-desk@demo"}),
        ("1001", {"jessica-desk@demo", "jessica-soft@demo"}),
        ("2001", {"thomas@demo", "helen@demo"}),
        ("05031001001", {"jessica-desk@demo", "jessica-soft@demo"}),
        ("0312341234", {"0312341234"}),
        ("+81312341234", {"+81312341234"}),
        ("1111", set()),
        ("*78", set()),
    ],
    ids=["line", "extension", "group", "DID", "outside", "outside in full", "context", "feature"],
)
@pytest.mark.parametrize("side", ["snumber", "cnumber"])
async def test_any_number_that_the_customer_can_dial_is_called(
    side: str, number: str, rung: set[str]
) -> None:
    served = Talking()
    for outside in ("0398765432", "0312341234", "+81312341234"):
        served.engine.when_dialled(outside, ANSWERS)
    other = "cnumber" if side == "snumber" else "snumber"
    there = "thomas" if number == "*78" else "0398765432"
    answer = await served.asked("calls/make", **{side: number, other: there})
    assert answer["responses"] == OK
    await served.later()
    await served.later()
    assert set(served.dialled()) == rung | {"thomas@demo" if there == "thomas" else there}


LISTS: tuple[tuple[str, dict[str, str], str], ...] = (
    ("calls/active/list", {}, "uniqueid"),
    ("calls/active/list/panel", {}, "uniqueid"),
    ("cdrs/list", {}, "uniqueid"),
    ("phones/list", {}, "name"),
    ("numbers/list", {}, "number"),
    ("numbers/list", {"callerid": "1"}, "number"),
    ("recordings/list", {"customer": "1"}, "recordid"),
)


@pytest.mark.parametrize(("function", "given", "column"), LISTS)
async def test_every_list_is_cut_counted_and_sorted(
    function: str, given: dict[str, str], column: str
) -> None:
    served = Talking()
    over = await served.call(cnumber="0312341234")
    await served.asked("calls/hangup", callid=over)
    await served.later()
    await served.call(snumber="helen", cnumber="thomas")
    for name in ("a", "b", "c"):
        await served.recorded(f"0198c0de-0000-7000-8000-00000000000{name}")

    async def shown(**more: str) -> list[str]:
        rows = await served.rows(function, **given, sort=column, **more)
        return [row[column] for row in rows]

    every = await shown()
    assert len(every) >= 2
    assert await shown(descending="1") == every[::-1]
    assert await shown(limit="1") == every[:1]
    assert await shown(offset="1") == every[1:]
    assert await shown(limit="1", offset="1", descending="1") == every[::-1][1:2]
    assert await shown(limit="0", offset="0", pages="1") == every
    counted = await served.asked(function, **given, count="1", limit="1")
    assert counted["data"] == {"count": str(len(every))}
