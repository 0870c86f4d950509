"""Whether a call is recorded: what everybody concerned has to say about it, and who prevails.

Theory of operation. Concerned are the request, the group in whose context the call is made, the
user on whose behalf it is, and whoever is rung: a user, or a group and its member who answers. Of
what they say prevails,

    1.  "never" of any of them: nothing is recorded, whoever wants it;
    2.  the request: it is recorded, or, where it only names a record group, its fraction is;
    3.  "always" of any of them: the fraction of the record group is, all where there is none;
    4.  else a client who wants it while the two talk.

The record group is the one that the request names, else the first that one of those has who are
listed above, in this order. Which calls are in a fraction follows from their ids, so that the plan
of a call says the same whenever it is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cordboard.calls.recording_terms import UNRECORDED, RecordingTerms
from cordboard.directory.recording import RecordGroup, RecordPolicy


@dataclass(frozen=True, slots=True)
class Say:
    """What a user or a group, ``who`` in words, has to say."""

    who: str
    policy: RecordPolicy
    group: RecordGroup | None = None


@dataclass(frozen=True, slots=True)
class RecordingWishes:
    """What is the same for a call whoever is rung: what its request wants (``record``, ``group``),
    what those have to ``say`` on whose behalf it is made, and how long their tenant keeps what no
    record group is for."""

    record: bool = False
    group: RecordGroup | None = None
    say: tuple[Say, ...] = ()
    keep_days: float | None = None


NO_WISHES: Final = RecordingWishes()


def terms_of(call: str, wishes: RecordingWishes, rung: Sequence[Say]) -> RecordingTerms:
    """On which terms a call is recorded while it is with those who are ``rung``."""
    if wishes is NO_WISHES and not rung:
        return UNRECORDED
    says = [*wishes.say, *rung]
    for say in says:
        if say.policy is RecordPolicy.NEVER:
            return RecordingTerms(because=f"{say.who} is never recorded", allowed=False)
    group = wishes.group or next((say.group for say in says if say.group is not None), None)
    wanted, because = _wanted(call, wishes, says, group)
    if group is None:
        return RecordingTerms(wanted, because, keep_days=wishes.keep_days)
    keep_days = wishes.keep_days if group.keep_days is None else group.keep_days
    return RecordingTerms(wanted, because, True, group.beep, group.name, group.folder, keep_days)


def _wanted(
    call: str, wishes: RecordingWishes, says: list[Say], group: RecordGroup | None
) -> tuple[bool, str]:
    if wishes.record:
        return True, "the request wants it"
    if wishes.group is not None:
        because = f"the request names the record group {wishes.group.name}"
    else:
        always = next((say for say in says if say.policy is RecordPolicy.ALWAYS), None)
        if always is None:
            return False, UNRECORDED.because
        because = f"{always.who} always is"
    if group is None or in_fraction(call, group.fraction):
        return True, because
    return False, f"{because}, but of {group.name} only {group.fraction:g} are, not this one"


def in_fraction(call: str, fraction: float) -> bool:
    """Whether a call is among a fraction of all, by its id."""
    if fraction >= 1.0:
        return True
    drawn = hashlib.sha256(call.encode("utf-8", "surrogatepass")).digest()[:7]
    return int.from_bytes(drawn) < fraction * 2**56
