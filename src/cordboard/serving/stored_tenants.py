"""The tenants that the server serves: those of its file, and those that were applied beside it.

The file is applied whenever it is read. What others apply meanwhile is found by looking now and
then whether the stored directory has another generation; that works the same with every database,
and nobody has to know where the server is.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, NamedTuple

import structlog

from cordboard.directory.declared import Declared
from cordboard.directory.problems import Problem, Problems, Severity
from cordboard.directory.references import check_directory
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.tenant import Surroundings, TenantReader
from cordboard.journal.directory_port import KeptDirectory, KeptTenant, Overtaken
from cordboard.journal.port import StoreFailed
from cordboard.journal.sealing import VARIABLE, Seal, SealError
from cordboard.serving.applying import Changes, apply, table_of
from cordboard.tasks import cancelled

_log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 1.0
"""Between two looks at the generation: one row, 0.5 ms."""


class DirectoryFaulty(Exception):
    """The stored directory can't be used as it is; the message says why, a line for each."""


Read = dict[str, tuple[KeptTenant, TenantDirectory]]
"""Tenants by their domains, with what they were read from."""


class Assembled(NamedTuple):
    """A directory, and what each tenant of it was read from."""

    directory: Directory
    read: Read


class StoredTenants:
    """The directory of a server, made of what is kept and what its file declares."""

    def __init__(self, kept: KeptDirectory, seal: Seal | None, wall: Callable[[], float]) -> None:
        self._kept = kept
        self._seal = seal
        self._wall = wall
        self._declared: Declared | None = None
        self._left_out: tuple[str, ...] = ()
        self._read: Read = {}
        self._generation = -1
        self._task: asyncio.Task[None] | None = None

    async def declare(self, declared: Declared) -> Directory:
        """Apply the server's file, and give the directory from then on.

        Raises :class:`StoreFailed`, :class:`DirectoryFaulty`; then the stored directory is as it
        was before.
        """
        made: list[Assembled] = []

        def usable(wanted: Changes, after: tuple[KeptTenant, ...]) -> bool:
            made.append(assemble_after(wanted, after, declared, self._seal))
            return True

        try:
            done, generation = await apply(
                declared, self._kept, self._seal, self._wall, approve=usable
            )
        except Overtaken:
            raise StoreFailed("others keep changing the stored directory") from None
        if done.left_out and done.left_out != self._left_out:
            _log.warning(
                f"these tenants are not kept in the database: {VARIABLE} is not set, and they"
                " hold secrets",
                tenants=list(done.left_out),
            )
        if done.lines:
            _log.info("the file was applied", changes=len(done.lines))
        self._declared, self._left_out = declared, done.left_out
        self._generation = generation
        self._read = made[-1].read
        return made[-1].directory

    async def news(self) -> Directory | None:
        """The directory of now, None where it is the one that was given last.

        Raises :class:`StoreFailed`, :class:`DirectoryFaulty`, the latter once for each change.
        """
        assert self._declared is not None, "no file was declared"
        if await self._kept.generation() == self._generation:
            return None
        self._generation, kept = await self._kept.tenants()
        made = await asyncio.to_thread(
            assemble, kept, self._declared, self._left_out, self._read, self._seal
        )
        self._read = made.read
        return made.directory

    def follow(self, take: Callable[[Directory], None]) -> None:
        """Have what others apply taken from now on."""
        self._task = asyncio.get_running_loop().create_task(self._look(take))

    async def close(self) -> None:
        """Follow no more."""
        await cancelled(self._task)

    async def _look(self, take: Callable[[Directory], None]) -> None:
        away = False
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                directory = await self.news()
                away = False
                if directory is not None:
                    take(directory)
                    _log.info("the directory was changed", tenants=len(directory.tenants))
            except StoreFailed as error:
                if not away:
                    _log.warning("the stored directory can't be read", reason=str(error))
                away = True
            except DirectoryFaulty as error:
                _log.error("the directory stays as it was", reason=str(error))
            except Exception:
                _log.exception("the directory stays as it was")


def assemble(
    kept: Iterable[KeptTenant],
    declared: Declared,
    left_out: tuple[str, ...],
    at_hand: Read,
    seal: Seal | None,
) -> Assembled:
    """The directory of what is kept, with those of a file that are not; what is ``at_hand`` is not
    read again. Raises :class:`DirectoryFaulty`."""
    read: Read = {}
    for one in kept:
        if one.domain not in left_out:
            known = at_hand.get(one.domain)
            if known is None or known[0] != one:
                known = (one, read_kept(one, seal, declared.surroundings))
            read[one.domain] = known
    tenants = {domain: tenant for domain, (_, tenant) in read.items()}
    for tenant in declared.directory.tenants:
        if tenant.domain in left_out:
            tenants[tenant.domain] = tenant
    order = {domain: place for place, domain in enumerate(declared.tables)}
    in_order = sorted(tenants, key=lambda domain: (order.get(domain, len(order)), domain))
    directory = Directory(tuple(tenants[domain] for domain in in_order))
    problems = Problems("the stored directory", {(): 0})
    check_directory(directory, problems)
    _refuse_errors(problems)
    return Assembled(directory, read)


def assemble_after(
    wanted: Changes, after: tuple[KeptTenant, ...], declared: Declared, seal: Seal | None
) -> Assembled:
    """The directory that changes by a file lead to; the file's own tenants are not read again.
    Raises :class:`DirectoryFaulty`."""
    tenants = {tenant.domain: tenant for tenant in declared.directory.tenants}
    at_hand = {one.domain: (one, tenants[one.domain]) for one in wanted.declared}
    return assemble(after, declared, wanted.left_out, at_hand, seal)


def read_kept(kept: KeptTenant, seal: Seal | None, surroundings: Surroundings) -> TenantDirectory:
    """The tenant that a kept table says; raises :class:`DirectoryFaulty`. Prompts are not looked at
    again: a file that has gone since concerns the calls that play it."""
    problems = Problems(f"of {kept.source}", {(): 0})
    try:
        table = table_of(kept, seal)
    except SealError as error:
        raise DirectoryFaulty(f"tenant {kept.domain} of {kept.source}: {error}") from None
    around = replace(
        surroundings, folder=os.path.dirname(kept.source), prompt_fault=lambda _path: None
    )
    tenant = TenantReader(kept.domain, table, problems, around).tenant()
    _refuse_errors(problems)
    return tenant


def _refuse_errors(problems: Problems) -> None:
    errors: list[Problem] = [one for one in problems.in_order() if one.severity is Severity.ERROR]
    if errors:
        raise DirectoryFaulty("\n".join(map(str, errors)))
