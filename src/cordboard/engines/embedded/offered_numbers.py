"""Under which numbers our offers have what has none of its own: a codec beyond G.711, and keys."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from cordboard.sip.codecs import Codec, PayloadTypes
from cordboard.sip.offer import EVENT, LocalAudio


def with_numbers(
    local: LocalAudio, wish: Codec | None, types: PayloadTypes
) -> tuple[LocalAudio, Codec | None]:
    """An offer of ours with the codec that is wished for, and events, under numbers that are free;
    and the wish, None where the peer has used up all numbers."""
    try:
        if wish is None:
            return structs.replace(local, events=_events(EVENT.rate, types)), None
        codecs = (types.numbered(wish), *local.codecs)
        return structs.replace(local, codecs=codecs, events=_events(wish.rate, types)), wish
    except ValueError:
        return structs.replace(local, events=()), None


def _events(rate: int, types: PayloadTypes) -> tuple[Codec, ...]:
    """Our telephone-event at an audio clock, and at that of G.711."""
    events = [types.numbered(EVENT)]
    if rate != EVENT.rate:
        events.insert(0, types.numbered(replace(EVENT, payload_type=0, rate=rate)))
    return tuple(events)
