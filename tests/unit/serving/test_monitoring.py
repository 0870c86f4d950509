"""What operators see: figures that are described, and whether the server can serve."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from cordboard.api.app import create_app
from cordboard.api.requests import RequestMetrics
from cordboard.api.services import Services
from cordboard.api.watching import Unready, Watch
from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.configuration.settings import parse_configuration
from cordboard.feeds.call_lines import tell_end
from cordboard.feeds.call_metrics import CallMetrics
from cordboard.journal.at_hand import Bounds
from cordboard.journal.memory import MemoryJournal
from cordboard.serving.service import Service
from support.asgi import ask
from support.ports import free_ports
from support.quick_house import QuickHouse
from support.tenants import DOMAIN
from support.v1 import Served
from support.waiting import eventually

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs" / "monitoring.md").read_text(encoding="utf-8")

CONFIGURATION = """
[http]
listen = "127.0.0.1:{http}"
[sip]
listen = ["udp:127.0.0.1:{sip}"]
[media]
ports = "{media}-{last}"
[store]
url = "memory:"
[metrics]
token = "metrics-token"
[tenant.demo]
channel_limit = 10
[tenant.demo.account.main]
token = "demo-token"
[tenant.demo.user.alice]
terminal.alice.secret = "alices-secret"
[tenant.demo.trunk.pstn]
uri = "sip:127.0.0.1:5999"
channel_limit = 4
[[tenant.demo.outbound]]
prefix = ""
trunks = ["pstn"]
"""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def figures(text: bytes) -> dict[str, float]:
    """The samples of a scrape by their names and labels."""
    return {
        sample.name
        + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


async def scraped(metrics: CallMetrics) -> dict[str, float]:
    await metrics.catch_up()
    registry = CollectorRegistry()
    registry.register(metrics)
    return figures(generate_latest(registry))


async def test_calls_are_counted_by_what_became_of_them() -> None:
    house = QuickHouse()
    metrics = CallMetrics(house.journal)
    metrics.start()
    await house.talk()
    await house.talk()
    living = await house.place()
    await house.journal.flush()
    found = await scraped(metrics)
    assert found["cordboard_calls_accepted_total dialect=basix method=call_user"] == 3
    assert found["cordboard_calls_ended_total cause=normal outcome=completed"] == 2
    assert found["cordboard_ring_seconds_count leg=second result=answered"] == 3
    assert found["cordboard_setup_seconds_count"] == 3
    assert house.exchange.hang_up(DOMAIN, living)
    await house.journal.flush()
    found = await scraped(metrics)
    assert found["cordboard_calls_ended_total cause=cancelled outcome=completed"] == 1
    assert found["cordboard_metrics_gaps_total"] == 0


async def test_recordings_are_counted_by_what_became_of_them() -> None:
    served = Served()
    metrics = CallMetrics(served.journal)
    metrics.start()
    recording = await served.recorded("call-1", 2.5)
    await served.recorded("call-2", 1.5)
    assert (await served.delete(f"/recordings/{recording}")).status == 204
    await served.journal.flush()
    found = await scraped(metrics)
    assert found["cordboard_recordings_total state=complete"] == 2
    assert found["cordboard_recorded_seconds_total"] == 4.0
    assert found["cordboard_recordings_deleted_total by=client"] == 1


async def test_events_that_came_too_fast_leave_a_gap_that_is_told() -> None:
    house = QuickHouse(MemoryJournal(bounds=Bounds(history_of_all=5)))
    metrics = CallMetrics(house.journal)
    metrics.start()
    for _ in range(3):
        await house.talk()
    await house.journal.flush()
    assert (await scraped(metrics))["cordboard_metrics_gaps_total"] == 1
    await metrics.catch_up()
    await house.talk()  # more than 5 events in several commits
    assert (await scraped(metrics))["cordboard_metrics_gaps_total"] <= 2


async def test_requests_are_counted_by_what_came_of_them() -> None:
    house = QuickHouse()
    services = Services(house.exchange, house.journal, lambda: house.directory)
    watch = Watch(RequestMetrics())
    app = create_app(services, watch)
    placed = {"user_name": "jessica", "destination": "thomas"}
    await ask(app, "POST", "/basix/api/call_user", placed)
    await ask(app, "POST", "/basix/api/call_user", {"user_name": "nobody", "destination": "1"})
    await ask(app, "POST", "/basix/api/made_up", {})
    await ask(app, "GET", "/v1/calls")
    await ask(app, "GET", "/v1/calls/nothing")
    await ask(app, "GET", "/v1/made_up")
    await ask(app, "GET", "/made/up")
    await ask(app, "GET", "/v1/calls", authorization=None)
    registry = CollectorRegistry()
    registry.register(watch.requests)
    found = figures(generate_latest(registry))
    counted = {
        name.removeprefix("cordboard_requests_total ")
        for name in found
        if name.startswith("cordboard_requests_total ")
    }
    assert counted == {
        "dialect=basix method=call_user result=ok status=200",
        "dialect=basix method=call_user result=user_not_found status=200",
        "dialect=basix method=- result=method_not_found status=404",
        "dialect=v1 method=list_calls result=ok status=200",
        "dialect=v1 method=list_calls result=authentication_required status=401",
        "dialect=v1 method=show_call result=call_not_found status=404",
        "dialect=v1 method=- result=not_found status=404",
        "dialect=- method=- result=http_404 status=404",
    }
    assert found["cordboard_request_seconds_count dialect=basix"] == 3


async def test_a_server_says_what_is_described_and_nothing_else(tmp_path: Path) -> None:
    http, sip, media = free_ports(), free_ports(), free_ports(20)
    text = CONFIGURATION.format(http=http, sip=sip, media=media, last=media + 19)
    configuration = parse_configuration(text, tmp_path / "cordboard.toml")
    assert configuration.settings is not None, configuration.problems
    old = tmp_path / "recordings" / "demo" / "old-1.wav"
    old.parent.mkdir(parents=True)
    old.touch()
    journal = MemoryJournal(lambda: 0.0)
    began: dict[str, Json] = {"file": "demo/old-1.wav", "keep_days": 1}
    over: dict[str, Json] = {"file": "demo/old-1.wav", "seconds": 0.0}
    await journal.commit("demo", [CallEvent(EventKind.RECORDING_STARTED, "old", data=began)])
    await journal.commit("demo", [CallEvent(EventKind.RECORDING_STOPPED, "old", data=over)])
    service = Service(configuration.settings, configuration.directory, journal)
    await service.start()
    try:
        await eventually(lambda: not old.exists())  # for its time was over long ago
        assert service._monitoring.unready() == []
        told = await service._monitoring.metrics()
    finally:
        await service.stop()
    assert [one.id for one in service._monitoring.unready()] == ["draining", "engine"]
    families = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(told.decode())
    }
    described = set(re.findall(r"^\| `(\w+)`", PAGE, flags=re.MULTILINE))
    ours = {name for name in families if name.startswith("cordboard_")}
    assert ours == {name for name in described if name.startswith("cordboard_")}
    found = figures(told)
    assert found["cordboard_ready"] == 1
    assert found["cordboard_limit name=demo scope=tenant"] == 10
    assert found["cordboard_limit name=pstn@demo scope=trunk"] == 4
    assert found["cordboard_journal_writable"] == 1
    assert found["cordboard_outbox_pending"] == 0
    assert found["cordboard_registered_contacts tenant=demo"] == 0
    assert "process_resident_memory_bytes" in found


class Reachable:
    """The paths that operators ask, from where a test says."""

    def __init__(self, watch: Watch) -> None:
        house = QuickHouse()
        self.app = create_app(
            Services(house.exchange, house.journal, lambda: house.directory), watch
        )

    async def metrics(self, client: str | None, **headers: str) -> int:
        async def from_there(scope: Scope, receive: Receive, send: Send) -> None:
            scope["client"] = None if client is None else (client, 1)
            await self.app(scope, receive, send)

        reply = await ask(from_there, "GET", "/metrics", headers=headers, authorization=None)
        return reply.status


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("127.0.0.1", 200),
        ("127.9.9.9", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("192.0.2.1", 403),
        ("2001:db8::1", 403),
        ("somewhere", 403),
        (None, 403),
    ],
)
async def test_metrics_are_for_the_machine_itself(client: str | None, status: int) -> None:
    assert await Reachable(Watch()).metrics(client) == status


async def test_metrics_may_take_a_token() -> None:
    there = Reachable(Watch(token="scrape-me"))
    assert await there.metrics("127.0.0.1") == 403
    assert await there.metrics("127.0.0.1", authorization="Bearer wrong") == 403
    assert await there.metrics("127.0.0.1", authorization="Bearer scrape-me") == 200


async def test_who_is_not_ready_says_why() -> None:
    there = Reachable(Watch(unready=lambda: [Unready("journal", "the disk is full")]))
    reply = await ask(there.app, "GET", "/readyz", authorization=None)
    assert reply.status == 503
    assert reply.json == {
        "status": "not_ready",
        "reasons": [{"id": "journal", "detail": "the disk is full"}],
    }
    reply = await ask(there.app, "GET", "/healthz", authorization=None)
    assert (reply.status, reply.json) == (200, {"status": "ok"})


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_what_is_watched_can_only_be_read(path: str) -> None:
    there = Reachable(Watch())
    assert (await ask(there.app, "POST", path, authorization=None)).status == 405
    assert (await ask(there.app, "GET", path, authorization=None)).status == 200


async def test_each_call_leaves_a_line_when_it_ends(capfd: pytest.CaptureFixture[str]) -> None:
    house = QuickHouse()
    metrics = CallMetrics(house.journal, tell_end)
    metrics.start()
    await house.talk()
    cancelled = await house.place()
    assert house.exchange.hang_up(DOMAIN, cancelled)
    await house.journal.flush()
    await metrics.catch_up()
    lines = [line for line in capfd.readouterr().out.splitlines() if "call.ended" in line]
    assert len(lines) == 2
    assert "outcome" in lines[0]
    assert "completed" in lines[0]
    assert cancelled in lines[1]
    assert "cancelled" in lines[1]
