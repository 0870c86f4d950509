"""What a far end said of why it refused or hung up, in its own words; bounded, fit to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.calls.events import Json
from cordboard.calls.q850 import Q850_NAMES

MAX_WORDS: Final = 100
"""Characters kept of a reason phrase or text; carriers' longest ("CAC rejection, trunk group ...")
have some 60."""


def readable(words: str) -> str:
    """Words of a peer as one line of printable text, at most :data:`MAX_WORDS` long."""
    kept = words[: 4 * MAX_WORDS]
    if not (kept.isascii() and kept.isprintable()):
        kept = "".join([letter if letter.isprintable() else " " for letter in kept])
    kept = " ".join(kept.split())
    return kept if len(kept) <= MAX_WORDS else kept[: MAX_WORDS - 1] + "…"


@dataclass(frozen=True, slots=True)
class Said:
    """What stood in the Reason header of a refusal or a BYE (RFC 3326, RFC 6432): the Q.850 cause,
    the SIP cause, a text; and the seconds of a Retry-After. All of it may be missing."""

    q850: int | None = None
    sip_cause: int | None = None
    text: str = ""
    retry_after: int | None = None

    def as_dict(self, phrase: str = "") -> dict[str, Json] | None:
        """What was said, as events and results show it; ``phrase`` is that of the status line.

        What was not said is left out; None where nothing was.
        """
        shown: dict[str, Json] = {}
        if phrase:
            shown["phrase"] = phrase
        if self.q850 is not None:
            shown["q850"] = self.q850
            if self.q850 in Q850_NAMES:
                shown["q850_name"] = Q850_NAMES[self.q850]
        if self.sip_cause is not None:
            shown["sip_cause"] = self.sip_cause
        if self.text:
            shown["text"] = self.text
        if self.retry_after is not None:
            shown["retry_after"] = self.retry_after
        return shown or None


NOTHING: Final = Said()
