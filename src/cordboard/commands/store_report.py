"""What is in a database, as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cordboard.directory.kept_form import is_sealed
from cordboard.journal.sealing import Seal, SealError
from cordboard.serving.applying import table_of

if TYPE_CHECKING:
    from cordboard.journal.directory_port import KeptTenant
    from cordboard.journal.sql.maintenance import Log, Report

WIDTH = 12


def report_lines(store: str, report: Report, seal: Seal | None) -> tuple[list[str], bool]:
    """The lines, and whether all is well."""
    from cordboard.journal.sql.maintenance import megabytes
    from cordboard.journal.sql.store import NEWEST

    version = report.version or "none"
    needed = "as this server needs" if version == NEWEST else f"this server needs {NEWEST}"
    lines = [
        _line("database", f"{store}, {megabytes(report.size)}"),
        _line("tables", f"version {version}, {needed}"),
        _line("integrity", "; ".join(report.faults) or "good"),
        _line("server", "one uses it now" if report.in_use else "none uses it now"),
    ]
    if version != NEWEST:
        return [*lines, "", "run: cordboard db upgrade"], False
    oldest = _since("the oldest accepted", report.oldest_call)
    lines += [
        _line("epoch", report.epoch or "none, for no server has used it yet"),
        _line("calls", f"{report.calls}, {report.alive} of them alive{oldest}"),
        _line(
            "callbacks",
            f"{report.callbacks}, {report.pending} of them to be delivered"
            f"{_since('the oldest owed', report.oldest_pending)}; {report.attempts} attempts",
        ),
        _line("agents", f"{report.agents} have logged in or out, or paused"),
    ]
    lines += [_line("events", _log(log)) for log in report.logs]
    lines.append(_line("directory", f"generation {report.generation}"))
    lines += [_line("tenant", _tenant(one)) for one in report.kept]
    faults = list(_unsealable(report, seal))
    lines += [_line("secrets", fault) for fault in faults]
    return lines, report.good and not faults


def _line(name: str, text: str) -> str:
    return f"{name:<{WIDTH}}{text}"


def _log(log: Log) -> str:
    if log.first is None:
        return f"{log.tenant}: none"
    numbers = f"{log.count}, numbered {log.first} to {log.last}"
    return f"{log.tenant}: {numbers}{_since('the oldest', log.oldest)}"


def _tenant(kept: KeptTenant) -> str:
    return f"{kept.domain}: version {kept.version} of {_date(kept.at)}, from {kept.source}"


def _unsealable(report: Report, seal: Seal | None) -> Iterator[str]:
    """What is wrong with the secrets that are there."""
    for one in report.kept:
        if is_sealed(one.table):
            try:
                table_of(one, seal)
            except SealError as error:
                yield f"{one.domain}: {error}"


def _since(what: str, at: float | None) -> str:
    return "" if at is None else f", {what} {_date(at)}"


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
