"""A phone that was told that it is registered is so after a crash, whatever was committed."""

from __future__ import annotations

import pytest

from cordboard.journal.bindings_on_record import PREFIX, BindingsOnRecord
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import JournalUnavailable
from cordboard.journal.recovery import MemoryRecovery
from support.waiting import eventually

pytestmark = pytest.mark.anyio

HERE = '[{"contact":"sip:jessica@192.0.2.7"}]'


class Slow(MemoryJournal):
    """A journal that commits nothing as long as it is not told."""

    is_stuck = True

    async def flush(self) -> None:
        if self.is_stuck:
            raise JournalUnavailable("not yet")
        await super().flush()


async def test_what_is_not_committed_is_on_record() -> None:
    journal, recovery = Slow(), MemoryRecovery()
    kept = BindingsOnRecord(journal, recovery)
    kept.put("jessica desk@demo", HERE)
    kept.put("thomas@demo", None)
    await kept.close()

    stored = {"thomas@demo": "[]", "else@demo": "[1]"}
    left = {**recovery.records, "channel": "of a call"}
    following = BindingsOnRecord(MemoryJournal(), MemoryRecovery())
    assert following.found(left, stored) == {"jessica desk@demo": HERE, "else@demo": "[1]"}
    assert left == {"channel": "of a call"}
    await following.close()


async def test_what_was_found_is_kept_by_the_journal_and_then_forgotten() -> None:
    journal, recovery = MemoryJournal(), MemoryRecovery({f"{PREFIX}jessica@demo": HERE})
    kept = BindingsOnRecord(journal, recovery)
    kept.found(recovery.start(), {})
    assert recovery.records
    await eventually(lambda: not recovery.records)
    assert await journal.bindings() == {"jessica@demo": HERE}
    await kept.close()


async def test_a_later_change_stays_on_record_until_it_is_committed_too() -> None:
    journal, recovery = Slow(), MemoryRecovery()
    kept = BindingsOnRecord(journal, recovery)
    kept.put("jessica@demo", HERE)
    kept.put("jessica@demo", None)
    assert recovery.records == {f"{PREFIX}jessica@demo": ""}
    journal.is_stuck = False
    await eventually(lambda: not recovery.records)
    kept.put("jessica@demo", HERE)
    assert recovery.records == {f"{PREFIX}jessica@demo": HERE}
    await kept.close()
    assert recovery.records == {}
