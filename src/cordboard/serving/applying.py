"""Making the stored directory match a file.

A tenant that the file declares becomes what the file says; one that it declared before and no
longer does goes, unless the file declares none at all: that it was cut off is likelier than that
everybody is to go. Those of other files stay. What is not declared (agents' states, balances,
bindings) is not there to be touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from cordboard.directory.declared import Declared
from cordboard.directory.differences import differences
from cordboard.directory.kept_form import is_sealed, kept_form, needs_seal, opened
from cordboard.directory.problems import written_path
from cordboard.journal.directory_port import KeptDirectory, KeptTenant, Overtaken
from cordboard.journal.sealing import VARIABLE, Seal, SealError

ATTEMPTS: Final = 5
"""How often it is tried while others change the directory too."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be written, and ``lines`` that say so. ``left_out`` are tenants that are not kept,
    because there is no key to seal their secrets by; ``unchanged`` are as they should be."""

    put: tuple[KeptTenant, ...] = ()
    remove: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unchanged: tuple[KeptTenant, ...] = ()

    @property
    def declared(self) -> tuple[KeptTenant, ...]:
        """The file's tenants as they are kept."""
        return (*self.put, *self.unchanged)


def changes(
    declared: Declared,
    kept: Iterable[KeptTenant],
    seal: Seal | None,
    at: float,
    *,
    prune: bool = False,
) -> Changes:
    """What it takes to make ``kept`` match a file; with ``prune`` all other tenants go as well."""
    known = {tenant.domain: tenant for tenant in kept}
    may_go = bool(declared.tables)
    put, unchanged, left_out, lines = [], [], [], []
    gone = [
        one.domain
        for one in known.values()
        if one.domain not in declared.tables
        and (prune or (may_go and one.source == declared.source))
    ]
    for domain, table in declared.tables.items():
        before = known.get(domain)
        if seal is None and needs_seal(table):
            left_out.append(domain)
            gone += [domain] if before is not None else []
            continue
        told = _told(domain, table, before, seal, declared.source)
        if before is not None and not told:
            unchanged.append(before)
            continue
        lines += told
        form = kept_form(domain, table, _unsealed if seal is None else seal.seal)
        version = 1 if before is None else before.version + 1
        put.append(KeptTenant(domain, declared.source, version, at, form))
    lines += [f"- {written_path(('tenant', domain))}" for domain in gone]
    return Changes(tuple(put), tuple(gone), tuple(lines), tuple(left_out), tuple(unchanged))


def _told(
    domain: str, table: dict[str, Any], before: KeptTenant | None, seal: Seal | None, source: str
) -> list[str]:
    """The lines for a tenant that is declared; none where it is kept like that already."""
    after = opened(kept_form(domain, table, _unsealed), _unsealed)
    if before is None:
        return differences(domain, None, after)
    where = written_path(("tenant", domain))
    try:
        lines = differences(domain, table_of(before, seal), after)
    except SealError:
        lines = [f"~ {where}: its secrets are sealed anew"]
    if before.source != source:
        lines.append(f"~ {where} is of {source} now, and was of {before.source}")
    return lines


def table_of(kept: KeptTenant, seal: Seal | None) -> dict[str, Any]:
    """The table of a tenant that is kept; raises :class:`SealError`."""
    return opened(kept.table, _without_key if seal is None else seal.open)


async def apply(
    declared: Declared,
    directory: KeptDirectory,
    seal: Seal | None,
    wall: Callable[[], float],
    *,
    prune: bool = False,
    approve: Callable[[Changes, tuple[KeptTenant, ...]], bool] = lambda _changes, _after: True,
) -> tuple[Changes, int]:
    """Make the directory match a file, if ``approve`` takes the changes and what they lead to;
    gives them, and the generation that is there now.

    Raises :class:`Overtaken`, :class:`~cordboard.journal.port.StoreFailed`.
    """
    for attempt in range(ATTEMPTS):
        generation, kept = await directory.tenants()
        # In a thread: with many thousand users it takes a second.
        wanted = await asyncio.to_thread(changes, declared, kept, seal, wall(), prune=prune)
        replaced = {*wanted.remove, *(tenant.domain for tenant in wanted.put)}
        after = (*(one for one in kept if one.domain not in replaced), *wanted.put)
        if not await asyncio.to_thread(approve, wanted, after):
            return wanted, generation
        if not (wanted.put or wanted.remove):
            return wanted, generation
        try:
            return wanted, await directory.change(wanted.put, wanted.remove, generation)
        except Overtaken:
            if attempt == ATTEMPTS - 1:
                raise
    raise Overtaken


async def seal_anew(directory: KeptDirectory, seal: Seal, wall: Callable[[], float]) -> int:
    """Seal all secrets that are kept by the first key; gives the number of their tenants.

    Raises :class:`SealError` where one is of no key that is there, :class:`Overtaken`.
    """
    generation, kept = await directory.tenants()
    anew = [
        replace(
            one,
            version=one.version + 1,
            at=wall(),
            table=kept_form(one.domain, table_of(one, seal), seal.seal),
        )
        for one in kept
        if is_sealed(one.table)
    ]
    if anew:
        await directory.change(anew, (), generation)
    return len(anew)


def _unsealed(text: str) -> str:
    return text


def _without_key(_sealed: str) -> str:
    raise SealError(f"its secrets are sealed, and {VARIABLE} is not set")
