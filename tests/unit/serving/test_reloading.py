"""Reading the configuration again: what takes effect, what waits, and what the log says."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cordboard.configuration.settings import Configuration, Settings, parse_configuration
from cordboard.serving.reloading import AFTER_RESTART, AT_ONCE, Reloading, waiting_for_restart

pytestmark = pytest.mark.anyio

GOOD = """
[http]
listen = "127.0.0.1:8081"
[tenant.demo.account.main]
token = "demo-token"
"""
FAULTY = GOOD + "colour = 7\n"


def read(text: str) -> Configuration:
    return parse_configuration(text, Path("cordboard.toml"))


class Runs:
    """A server that takes what it is given, with a reading that gives one text after another."""

    def __init__(self, *texts: str) -> None:
        self.taken: list[Configuration] = []
        self.readings = 0
        self._texts = list(texts)
        self.reloading = Reloading(self._read, Settings, self._take)

    def _read(self) -> Configuration:
        self.readings += 1
        return read(self._texts.pop(0))

    async def _take(self, _settings: Settings, configuration: Configuration) -> None:
        if len(self.taken) < len(self._texts):  # while there is more to read, more is asked for
            self.reloading.ask()
        self.taken.append(configuration)

    async def until_idle(self) -> None:
        assert self.reloading._task is not None
        await self.reloading._task


def test_every_setting_counts_at_once_or_is_named() -> None:
    assert {one.name for one in fields(Settings)} == AT_ONCE | AFTER_RESTART.keys()


def test_only_what_changed_is_named() -> None:
    now = Settings()
    assert waiting_for_restart(now, replace(now, drain=5.0)) == []
    wanted = replace(now, http=("127.0.0.1", 1), t1=0.4, drain=5.0)
    assert waiting_for_restart(now, wanted) == ["http.listen", "sip.t1"]


async def test_a_good_file_is_taken() -> None:
    runs = Runs(GOOD)
    with capture_logs() as logs:
        runs.reloading.ask()
        await runs.until_idle()
    assert [one.directory.tenants[0].domain for one in runs.taken] == ["demo"]
    waiting = next(line for line in logs if "keys" in line)
    assert "http.listen" in waiting["keys"]


async def test_a_faulty_file_is_told_with_line_and_key_and_changes_nothing() -> None:
    runs = Runs(FAULTY)
    with capture_logs() as logs:
        runs.reloading.ask()
        await runs.until_idle()
    assert runs.taken == []
    told = [line["problem"] for line in logs if line["log_level"] == "error" and "problem" in line]
    assert len(told) == 1
    assert told[0].startswith("cordboard.toml:6: tenant.demo.account.main.colour:")
    assert any(line["event"] == "the configuration stays as it was" for line in logs)


async def test_who_asks_during_a_reading_gets_another() -> None:
    runs = Runs(GOOD, GOOD)
    runs.reloading.ask()
    runs.reloading.ask()
    await runs.until_idle()
    assert (runs.readings, len(runs.taken)) == (2, 2)


async def test_a_file_that_breaks_the_taking_leaves_the_next_try_possible() -> None:
    async def refuse(_settings: Settings, _configuration: Configuration) -> None:
        raise OSError("the store is away")

    reloading = Reloading(lambda: read(GOOD), Settings, refuse)
    with capture_logs() as logs:
        reloading.ask()
        assert reloading._task is not None
        await reloading._task
    assert logs[-1]["event"] == "the configuration stays as it was"
