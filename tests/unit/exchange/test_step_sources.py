"""Servers are told of the calls that go by their documents, in order and within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.exchange import step_sources
from cordboard.exchange.step_sources import MAX_UNTOLD, Source, StepSources
from cordboard.exchange.web_documents import NoDocument

pytestmark = pytest.mark.anyio

SERVER = Source("demo", "https://key@one.test", {"CallUUID": "c1", "CallStatus": "in-progress"})


class Server:
    """Hears what is told, as soon as it is ``ready``."""

    def __init__(self, *, ready: bool = True, fails: bool = False) -> None:
        self.heard: list[str] = []
        self.ready, self.fails = asyncio.Event(), fails
        if ready:
            self.ready.set()

    async def ask(self, _tenant: str, _url: str, form: Mapping[str, str] | None) -> bytes:
        await self.ready.wait()
        assert form is not None
        assert form["CallUUID"] == "c1"
        self.heard.append(form.get("Error", form["CallStatus"]))
        if self.fails:
            raise NoDocument("status 500")
        return b""


def stopped(why: str) -> CallEvent:
    return CallEvent(EventKind.PROGRAM_STOPPED, "call", data={"error": why})


async def test_the_end_comes_last_though_the_server_is_slow() -> None:
    server = Server(ready=False)
    sources = StepSources(server)
    sources.asks("call", 0.0, data=False)
    sources.goes_by("call", SERVER)
    for number in range(MAX_UNTOLD + 5):
        sources.follow("call", [stopped(f"fault {number}")])
    sources.over("call")
    assert not sources.asking
    server.ready.set()
    await sources.close()
    assert len(server.heard) == MAX_UNTOLD
    assert server.heard[-2:] == [f"fault {MAX_UNTOLD + 4}", "completed"]


async def test_what_a_server_does_not_take_is_not_told_again() -> None:
    server = Server(fails=True)
    sources = StepSources(server)
    sources.asks("call", 0.0, data=False)
    sources.goes_by("call", SERVER)
    sources.follow("call", [stopped("a fault")])
    sources.over("call")
    sources.over("call")
    await sources.close()
    assert server.heard == ["a fault", "completed"]


async def test_a_server_that_does_not_answer_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(step_sources, "FAREWELL", 0.01)
    before = asyncio.all_tasks()
    sources = StepSources(Server(ready=False))
    sources.faulty("call", SERVER, "a fault")
    await sources.close()
    assert asyncio.all_tasks() <= before


async def test_of_so_many_calls_is_told_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_sources, "MAX_TELLING", 1)
    server = Server()
    sources = StepSources(server)
    sources.faulty("one", SERVER, "first")
    sources.faulty("two", SERVER, "second")
    await sources.close()
    assert server.heard == ["first"]


async def test_the_time_of_day_of_a_call_is_that_of_its_first_request() -> None:
    sources = StepSources(Server())
    assert sources.asks("call", 5.0, data=False) == 5.0
    assert sources.asks("call", 5.1, data=True) == 5.0
    assert sources.asks("other", 5.2, data=False) == 5.2


def test_what_a_server_is_asked_with_is_in_no_repr() -> None:
    assert "key" not in repr(SERVER)
