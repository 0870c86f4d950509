"""The codecs that a terminal or trunk may be said to have, besides G.711 that all are offered."""

from __future__ import annotations

import re
from typing import Final

NAMES: Final = ("opus", "G722", "G729", "G726-32", "GSM", "iLBC", "AMR", "AMR-WB", "speex")
"""Those whose clock and parameters need not be said."""

_BY_LOWER: Final = {name.lower(): name for name in NAMES}
_OFFERED_ALWAYS: Final = frozenset({"pcmu", "pcma", "pcmu/8000", "pcma/8000"})
_ENCODING = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}/[1-9][0-9]{3,5}(?:/[12])?")


def codec_name(text: str) -> str:
    """A codec as it is written everywhere: one of the names, or ``NAME/CLOCK`` as rtpmap has it.

    Raises :class:`ValueError` for what is neither, and for G.711.
    """
    if text.lower() in _OFFERED_ALWAYS:
        raise ValueError("G.711 is offered always, and needs not be said")
    known = _BY_LOWER.get(text.lower())
    if known is not None:
        return known
    if not _ENCODING.fullmatch(text) or text.lower().startswith("telephone-event"):
        raise ValueError(f"known are {', '.join(NAMES)}; of others the clock is needed")
    return text
