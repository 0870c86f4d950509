"""/api/cdr: rows in the order of their ends, pages that stay, and each documented filter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.request import Leg
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord
from support.asgi import ask
from support.v1 import Served

pytestmark = pytest.mark.anyio

NOON = datetime(2024, 1, 10, 12, 0, 0).astimezone().timestamp()


class Books(Served):
    """A server on whose books there are calls; the clock of its journal is :attr:`now`."""

    def __init__(self) -> None:
        self.now = NOON
        super().__init__(journal=MemoryJournal(lambda: self.now))

    async def call(
        self,
        call: str,
        began: float,
        lasted: float = 10.0,
        *,
        cause: str = "normal",
        number: str = "0312345678",
        recorded: bool = False,
        **more: Any,
    ) -> None:
        """A call of jessica with a number outside, which began so many seconds after noon."""
        self.now = NOON + began
        record = CallRecord(call, "demo", "main", "while1", "x", self.now, (f"{call}-1",), **more)
        first: Json = {"kind": "user", "name": "jessica", "number": "1001"}
        second: Json = {"kind": "number", "name": "", "number": number}
        asked: dict[str, Json] = {"first": first, "second": second, "direction": "request"}
        await self.journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, call, data=asked)])
        dialled = CallEvent(EventKind.CHANNEL_DIALLED, call, Leg.FIRST, f"{call}-1")
        self.journal.append("demo", [dialled])
        self.now += lasted / 2
        talked = cause == "normal"
        if talked:
            self.journal.append("demo", [CallEvent(EventKind.CALL_BRIDGED, call)])
        if recorded:
            data: dict[str, Json] = {"file": f"demo/{call}-1.wav"}
            self.journal.append("demo", [CallEvent(EventKind.RECORDING_STARTED, call, data=data)])
        self.now = NOON + began + lasted
        outcome = "completed" if talked else "second_leg_failed"
        ended: dict[str, Json] = {"outcome": outcome, "cause": cause, "talk_seconds": lasted / 2}
        self.journal.append("demo", [CallEvent(EventKind.CALL_ENDED, call, data=ended)])
        await self.journal.flush()

    async def php(self, **parameters: Any) -> Any:
        """What /api/cdr answers."""
        return (await ask(self.app, "POST", "/api/cdr", parameters)).json

    async def found(self, **filters: Any) -> list[str]:
        """The calls that filters leave."""
        answer = await self.php(action="read", filters=filters)
        assert answer["has_error"] is False, answer
        return [row["linkedid"] for row in answer["results"]]


async def test_a_row_says_what_became_of_the_call() -> None:
    books = Books()
    await books.call(
        "a",
        1.5,
        30.0,
        external_id="asdf1234",
        request={
            "metadata": {"project_id": "1"},
            "external_info": "order",
            "variables": [["SKIP_WELCOME", "1"]],
        },
    )
    answer = await books.php()
    assert answer["results"] == [
        {
            "id": round((NOON + 31.5) * 1_000_000),
            "uniqueid": "a-1",
            "linkedid": "a",
            "project_id": "1",
            "direction": "OUT",
            "call_status": "ANSWERED",
            "source": "1001",
            "destination": "0312345678",
            "telephone": "0312345678",
            "user_id": 1001,
            "username": "jessica",
            "queue": None,
            "start_date": "2024-01-10 12:00:01",
            "answer_date": "2024-01-10 12:00:16",
            "end_date": "2024-01-10 12:00:31",
            "duration": 30,
            "billsec": 15,
            "external_id": "asdf1234",
            "external_info": "order",
            "vars": {"SKIP_WELCOME": "1"},
            "recordings": [],
        }
    ]


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        ("busy", "BUSY"),
        ("no_answer", "NO ANSWER"),
        ("rejected", "NO ANSWER"),
        ("congestion", "CONGESTION"),
        ("unreachable", "FAILED"),
    ],
)
async def test_why_nobody_talked_is_said_in_the_documented_words(cause: str, status: str) -> None:
    books = Books()
    await books.call("a", 0.0, cause=cause)
    assert (await books.php())["results"][0]["call_status"] == status
    assert await books.found(call_status=status) == ["a"]
    assert await books.found(call_status="ANSWERED") == []


async def test_rows_come_in_the_order_of_their_ends_and_from_an_id_on() -> None:
    books = Books()
    await books.call("long", 0.0, 100.0)
    await books.call("short", 1.0, 5.0)
    await books.call("late", 50.0, 20.0)
    rows = (await books.php())["results"]
    assert [row["linkedid"] for row in rows] == ["short", "late", "long"]
    assert await books.found(from_id=rows[1]["id"]) == ["late", "long"]
    assert await books.found(from_id=rows[1]["id"] + 1) == ["long"]


async def test_pages_go_on_until_there_is_nothing_more() -> None:
    books = Books()
    for number in range(205):
        await books.call(f"call-{number:03}", float(number))
    pages = [(await books.php(page=page))["results"] for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [100, 100, 5, 0]
    assert [row["linkedid"] for page in pages for row in page] == [
        f"call-{number:03}" for number in range(205)
    ]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"date_between": ["2024-01-10 12:00:10", "2024-01-10 12:00:20"]}, ["b", "c"]),
        ({"date_between": [None, None]}, ["a", "b", "c"]),
        ({"hour_between": ["12:00", "12:00:10"]}, ["a", "b"]),
        ({"hour_between": ["13:00", "14:00"]}, []),
        ({"telephone": "0311111111"}, ["b"]),
        ({"telephone_like": "031*"}, ["a", "b"]),
        ({"telephone_like": "%99"}, ["c"]),
        ({"destination": "0311111111"}, ["b"]),
        ({"source": "1001"}, ["a", "b", "c"]),
        ({"user_id": 1001}, ["a", "b", "c"]),
        ({"user_id": "1002"}, []),
        ({"external_id": "own"}, ["c"]),
        ({"project_id": 1}, ["c"]),
        ({"uniqueid": "b-1"}, ["b"]),
        ({"linkedid": "b"}, ["b"]),
        ({"direction": "OUT"}, ["a", "b", "c"]),
        ({"direction": "IN"}, []),
        ({"has_transcription": True}, []),
        ({"has_recording_file": True}, ["b"]),
        ({"has_monitor_file": 1}, ["b"]),
        ({"has_monitor_file": 0}, ["a", "b", "c"]),
        ({"has_transcription": False, "inbound_route_id": None}, ["a", "b", "c"]),
        ({"inbound_route_id": [1, 2]}, []),
        ({"direction": "", "call_status": None, "from_id": ""}, ["a", "b", "c"]),
    ],
)
async def test_each_filter_leaves_what_it_says(
    filters: dict[str, Any], expected: list[str]
) -> None:
    books = Books()
    await books.call("a", 0.0)
    await books.call("b", 10.0, number="0311111111", recorded=True)
    await books.call(
        "c", 20.0, number="0699999999", external_id="own", request={"metadata": {"project_id": "1"}}
    )
    assert await books.found(**filters) == expected


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"action": "write"}, "Invalid action. Expected read"),
        ({"page": 0}, "Invalid page. Expected 1 to 10000"),
        ({"page": "x"}, "Invalid page. Expected 1 to 10000"),
        ({"filters": {"direction": "UP"}}, "Invalid direction. Expected IN, OUT"),
        ({"filters": {"date_between": ["2024"]}}, "Invalid date_between. Expected two dates"),
        ({"filters": {"date_between": ["2024-01-10 12:00:10"] * 3}}, "Invalid date_between."),
        ({"filters": {"hour_between": ["x", "y"]}}, "Invalid hour_between. Expected two times"),
        ({"filters": {"from_id": "-1"}}, "Invalid from_id. Expected a whole number"),
    ],
)
async def test_what_is_no_filter_is_said(parameters: dict[str, Any], message: str) -> None:
    answer = await Books().php(**parameters)
    assert answer["has_error"] is True
    assert answer["messages"][0].startswith(message)


async def test_another_tenant_s_calls_are_not_seen() -> None:
    books = Books()
    record = CallRecord("x", "other", "main", "v1", "call", NOON, ())
    await books.journal.accept(record, [CallEvent(EventKind.CALL_ACCEPTED, "x")])
    books.journal.append("other", [CallEvent(EventKind.CALL_ENDED, "x")])
    await books.journal.flush()
    assert await books.found() == []
