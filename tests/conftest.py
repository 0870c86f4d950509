"""Rules that hold for every test: hypothesis profiles, the event loop, outside programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

    from support.lanes import Lanes

# For the tests of the rules below.
pytest_plugins = ["pytester"]

IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

# One line per program: its name, then the Debian package that brings it.
PROGRAMS_FILE = Path(__file__).parent / "interop" / "programs.txt"

# Deadlines measure the machine, not the code; CI repeats the same examples on every run.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if IN_CI else "default")


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of tests marked ``anyio``: asyncio, as the service itself uses."""
    return "asyncio"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests marked ``both_loops`` on asyncio's own loop and on uvloop."""
    if "anyio_backend" in metafunc.fixturenames and metafunc.definition.get_closest_marker(
        "both_loops"
    ):
        loops = [("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})]
        metafunc.parametrize("anyio_backend", loops, ids=["asyncio", "uvloop"])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Lanes:
    """Several tests at once run in our lanes."""
    from support.lanes import Lanes

    return Lanes(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests tell by ``record_property``, which is lost among lanes otherwise."""
    reports = [one for some in terminalreporter.stats.values() for one in some]
    told = dict.fromkeys(
        (report.nodeid, *told)
        for report in reports
        for told in getattr(report, "user_properties", ())
    )
    if told:
        terminalreporter.section("told by tests")
    for test, name, value in told:
        terminalreporter.write_line(f"{test}: {name}: {value}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out, by name and with the reason, a test whose outside programs are missing."""
    reason = missing_programs_reason(programs_needed_by(item))
    if reason is not None:
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under ``CI=true`` turn every skip of an interop test, whatever its cause, into a failure."""
    report = yield
    if IN_CI and report.skipped and item.get_closest_marker("interop") is not None:
        report.outcome = "failed"
        report.longrepr = f"{skip_reason(report)} (under CI an interop test may not be skipped)"
    return report


def skip_reason(report: pytest.TestReport) -> str:
    """What a skipped test's report gives as the reason."""
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)


def programs_needed_by(item: pytest.Item) -> list[str]:
    """The programs named by all ``interop(*programs)`` marks of a test, each once."""
    named = (program for mark in item.iter_markers("interop") for program in mark.args)
    return list(dict.fromkeys(named))


@cache
def debian_packages() -> dict[str, str]:
    """Program name to Debian package, as scripts/install-test-programs reads them too."""
    lines = (line.split() for line in PROGRAMS_FILE.read_text().splitlines())
    return {words[0]: words[1] for words in lines if words and not words[0].startswith("#")}


def is_script(package: str) -> bool:
    """Whether a program comes by a script of ours rather than in a package."""
    return package.startswith("scripts/")


@cache
def unfetched_reason(package: str) -> str | None:
    """Why a program that a script fetches is not there; None if it is, or comes in a package."""
    if not is_script(package):
        return None
    script = Path(__file__).parents[1] / package
    done = subprocess.run([script], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{package}: {done.stderr.strip()}"


def missing_programs_reason(programs: list[str]) -> str | None:
    """Say which programs are not on the PATH and how to get them; None when all are there."""
    for program in programs:
        if program not in debian_packages():
            pytest.fail(f"{program} is not listed in {PROGRAMS_FILE}", pytrace=False)
    for program in programs:
        reason = unfetched_reason(debian_packages()[program])
        if reason is not None:
            return f"needs {program}: {reason}"
    missing = [
        program
        for program in programs
        if not is_script(debian_packages()[program]) and shutil.which(program) is None
    ]
    if not missing:
        return None
    packages = sorted({debian_packages()[program] for program in missing})
    return f"needs {', '.join(missing)}: apt-get install {' '.join(packages)}"
