"""Rendering call progress tones into G.711.

A tone is rendered once per codec into the 20 ms frames of one whole number of its periods, and then
only repeated. What the tones of a country are is in :mod:`~cordboard.media.tone_plans`.
"""

from __future__ import annotations

import math
from array import array
from functools import cache
from typing import Final

from cordboard.media import g711
from cordboard.media.tone_plans import TONE_KINDS, Burst, ToneKind, tone_plan

LEVEL_DBM0: Final = -13.0  # of the whole tone; E.180 recommends -10 +/-5 dBm0
FULL_SCALE_DBM0: Final = 3.14  # a sine that just fills the range of G.711 (ITU-T G.711, table 5)
MODULATION_DEPTH: Final = 0.85


@cache
def tone_frames(country: str, kind: ToneKind, codec: str) -> tuple[bytes, ...]:
    """Render a tone into 20 ms frames that can be repeated without a seam.

    :raises ValueError: the country or the kind is not known.
    """
    period = array("h")
    for burst in tone_plan(country, kind):
        period += _rendered(burst)
    repeats = g711.FRAME_OCTETS // math.gcd(len(period), g711.FRAME_OCTETS)
    audio = g711.encode(period, codec) * repeats
    size = g711.FRAME_OCTETS
    return tuple(audio[start : start + size] for start in range(0, len(audio), size))


def prepare_tones(country: str) -> None:
    """Render a country's tones ahead of the first call, which takes some tenths of a second.

    :raises ValueError: the country is not known.
    """
    for kind in TONE_KINDS:
        for codec in g711.CODECS:
            tone_frames(country, kind, codec)


def _rendered(burst: Burst) -> array[int]:
    samples = burst.milliseconds * g711.SAMPLE_RATE // 1000
    if not burst.hertz:
        return array("h", bytes(2 * samples))
    peak = _peak_of(len(burst.hertz))
    steps = [2 * math.pi * hertz / g711.SAMPLE_RATE for hertz in burst.hertz]
    swing = 2 * math.pi * burst.modulated_by / g711.SAMPLE_RATE
    return array(
        "h",
        (
            round(
                peak
                * (1 - MODULATION_DEPTH * (1 - math.cos(swing * n)) / 2)
                * sum(math.sin(step * n) for step in steps)
            )
            for n in range(samples)
        ),
    )


def _peak_of(frequencies: int) -> float:
    """The amplitude at which so many sines together have the level of a tone."""
    below_full_scale = LEVEL_DBM0 - FULL_SCALE_DBM0 - 10 * math.log10(frequencies)
    return 32767.0 * math.pow(10, below_full_scale / 20)
