"""Call progress tones by country: ringback, busy, congestion, number unobtainable.

Frequencies and cadences are those that the countries reported to the ITU (ITU-T E.180, and its
supplement's list of national tones). Where a country plays an announcement to a number that
cannot be reached, its special information tone stands for that. A tone is rendered once per
codec into the 20 ms frames of one whole number of its periods, and then only repeated.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final, Literal

from cordboard.media import g711

ToneKind = Literal["ringback", "busy", "congestion", "unobtainable"]
TONE_KINDS: Final[tuple[ToneKind, ...]] = ("ringback", "busy", "congestion", "unobtainable")
DEFAULT_COUNTRY: Final = "us"

LEVEL_DBM0: Final = -13.0  # of the whole tone; E.180 recommends -10 +/-5 dBm0
FULL_SCALE_DBM0: Final = 3.14  # a sine that just fills the range of G.711 (ITU-T G.711, table 5)
MODULATION_DEPTH: Final = 0.85


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of sound, or of silence where it has no frequency."""

    hertz: tuple[float, ...]
    milliseconds: int
    modulated_by: float = 0.0  # Hz, of its amplitude


def _sound(milliseconds: int, *hertz: float) -> Burst:
    return Burst(hertz, milliseconds)


def _pause(milliseconds: int) -> Burst:
    return Burst((), milliseconds)


def _even(milliseconds: int, *hertz: float) -> tuple[Burst, ...]:
    """Sound and silence of the same length."""
    return _sound(milliseconds, *hertz), _pause(milliseconds)


def _information(*hertz: float) -> tuple[Burst, ...]:
    """The special information tone: three rising pitches and a second of silence."""
    return (*(_sound(330, pitch) for pitch in hertz), _pause(1000))


_SIT: Final = _information(950, 1400, 1800)

# country -> kind -> one period
TONE_PLANS: Final = MappingProxyType(
    {
        "de": {
            "ringback": (_sound(1000, 425), _pause(4000)),
            "busy": _even(480, 425),
            "congestion": _even(240, 425),
            "unobtainable": _SIT,
        },
        "fr": {
            "ringback": (_sound(1500, 440), _pause(3500)),
            "busy": _even(500, 440),
            "congestion": _even(250, 440),
            "unobtainable": _SIT,
        },
        "il": {
            "ringback": (_sound(1000, 400), _pause(3000)),
            "busy": _even(500, 400),
            "congestion": _even(250, 400),
            "unobtainable": _information(1000, 1400, 1800),
        },
        "jp": {
            "ringback": (Burst((400,), 1000, modulated_by=16), _pause(2000)),
            "busy": _even(500, 400),
            "congestion": _even(500, 400),  # one tone for both
            "unobtainable": _SIT,
        },
        "ro": {
            "ringback": (_sound(1850, 450), _pause(4150)),
            "busy": _even(167, 450),
            "congestion": _even(167, 450),  # one tone for both
            "unobtainable": _SIT,
        },
        "uk": {
            "ringback": (
                _sound(400, 400, 450),
                _pause(200),
                _sound(400, 400, 450),
                _pause(2000),
            ),
            "busy": _even(375, 400),
            "congestion": (_sound(400, 400), _pause(350), _sound(225, 400), _pause(525)),
            "unobtainable": (_sound(1000, 400),),  # continuous
        },
        "us": {
            "ringback": (_sound(2000, 440, 480), _pause(4000)),
            "busy": _even(500, 480, 620),
            "congestion": _even(250, 480, 620),
            "unobtainable": (
                _sound(380, 985.2),
                _sound(274, 1370.6),
                _sound(380, 1776.7),
                _pause(1000),
            ),
        },
    }
)
COUNTRIES: Final = tuple(TONE_PLANS)
_ALSO_KNOWN_AS: Final = MappingProxyType({"gb": "uk"})  # the ISO 3166 code


def tone_plan(country: str, kind: ToneKind) -> tuple[Burst, ...]:
    """Give one period of a tone.

    :raises ValueError: the country or the kind is not known.
    """
    plan = TONE_PLANS.get(_ALSO_KNOWN_AS.get(country, country))
    if plan is None:
        raise ValueError(f"no tones of {country!r}; known are {', '.join(COUNTRIES)}")
    if kind not in plan:
        raise ValueError(f"no tone {kind!r}; known are {', '.join(TONE_KINDS)}")
    return plan[kind]


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
