"""Call progress tones by country: ringback, busy, congestion, number unobtainable; and the tone for
who is on hold, which is one everywhere: countries have none of their own (ITU-T E.182, "holding").

Frequencies and cadences are those that the countries reported to the ITU (ITU-T E.180 Supplement 2
and its update, the list "Various tones used in national networks" of 2003), compared with
Asterisk's indications.conf and BT's SIN 350 (uk) where those have the country. Where they disagree
the ITU's list counts (il: 400 Hz there, 414 Hz in Asterisk). Where a country plays an announcement
to a number that cannot be reached, its special information tone stands for that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

ToneKind = Literal["ringback", "busy", "congestion", "unobtainable", "hold"]
TONE_KINDS: Final[tuple[ToneKind, ...]] = (
    "ringback",
    "busy",
    "congestion",
    "unobtainable",
    "hold",
)
DEFAULT_COUNTRY: Final = "us"


@dataclass(frozen=True, slots=True)
class Burst:
    """A stretch of sound, or of silence where it has no frequency."""

    hertz: tuple[float, ...]
    milliseconds: int
    modulated_by: float = 0.0  # Hz, of its amplitude


Period = tuple[Burst, ...]


def _sound(milliseconds: int, *hertz: float) -> Burst:
    return Burst(hertz, milliseconds)


def _pause(milliseconds: int) -> Burst:
    return Burst((), milliseconds)


def _even(milliseconds: int, *hertz: float) -> Period:
    """Sound and silence of the same length."""
    return _sound(milliseconds, *hertz), _pause(milliseconds)


def _information(*hertz: float) -> Period:
    """The special information tone: three rising pitches and a second of silence."""
    return (*(_sound(330, pitch) for pitch in hertz), _pause(1000))


def _double_ring(burst: Burst) -> Period:
    """Two bursts of 0.4 s, as in Britain and where its exchanges came from."""
    return burst, _pause(200), burst, _pause(2000)


_SIT: Final = _information(950, 1400, 1800)


def _one_pitch(
    hertz: float,
    ringback: tuple[int, int],
    busy: int,
    congestion: int,
    unobtainable: Period = _SIT,
) -> dict[ToneKind, Period]:
    """A country that uses one frequency for everything; all times in milliseconds."""
    return {
        "ringback": (_sound(ringback[0], hertz), _pause(ringback[1])),
        "busy": _even(busy, hertz),
        "congestion": _even(congestion, hertz),
        "unobtainable": unobtainable,
    }


_NORTH_AMERICA: Final[dict[ToneKind, Period]] = {
    "ringback": (_sound(2000, 440, 480), _pause(4000)),
    "busy": _even(500, 480, 620),
    "congestion": _even(250, 480, 620),
    # The special information tone of a vacant code (GR-674).
    "unobtainable": (
        _sound(380, 985.2),
        _sound(274, 1370.6),
        _sound(380, 1776.7),
        _pause(1000),
    ),
}

# country -> kind -> one period
TONE_PLANS: Final[Mapping[str, Mapping[ToneKind, Period]]] = MappingProxyType(
    {
        "at": _one_pitch(420, (1000, 5000), 400, 200, _information(950, 1450, 1850)),
        "au": {
            "ringback": _double_ring(_sound(400, 413, 438)),
            "busy": _even(375, 425),
            "congestion": _even(375, 425),  # every other burst is 10 dB lower
            "unobtainable": (_sound(2500, 425), _pause(500)),
        },
        "be": _one_pitch(425, (1000, 3000), 500, 167, _information(900, 1400, 1800)),
        "br": {
            **_one_pitch(425, (1000, 4000), 250, 250),
            "congestion": (_sound(250, 425), _pause(250), _sound(750, 425), _pause(250)),
        },
        "ca": _NORTH_AMERICA,
        "ch": _one_pitch(425, (1000, 4000), 500, 200),
        "cn": _one_pitch(450, (1000, 4000), 350, 700),
        "cz": _one_pitch(425, (1000, 4000), 330, 165),
        "de": _one_pitch(425, (1000, 4000), 480, 240),
        "dk": _one_pitch(425, (1000, 4000), 500, 200),
        "es": {
            **_one_pitch(425, (1500, 3000), 200, 200),
            "congestion": (*_even(200, 425), *_even(200, 425), _sound(200, 425), _pause(600)),
        },
        "fi": _one_pitch(425, (1000, 4000), 300, 200),
        "fr": _one_pitch(440, (1500, 3500), 500, 250),
        "il": _one_pitch(400, (1000, 3000), 500, 250, _information(1000, 1400, 1800)),
        "in": {
            "ringback": _double_ring(Burst((400,), 400, modulated_by=25)),
            "busy": _even(750, 400),
            "congestion": _even(250, 400),
            "unobtainable": _SIT,
        },
        "it": _one_pitch(425, (1000, 4000), 500, 200),
        "jp": {
            "ringback": (Burst((400,), 1000, modulated_by=16), _pause(2000)),
            "busy": _even(500, 400),
            "congestion": _even(500, 400),  # one tone for both
            "unobtainable": _SIT,
        },
        "mx": _one_pitch(425, (1000, 4000), 250, 250),
        "nl": _one_pitch(425, (1000, 4000), 500, 250),
        "no": _one_pitch(425, (1000, 4000), 500, 200),
        "nz": {
            "ringback": _double_ring(_sound(400, 400, 450)),
            "busy": _even(500, 400),
            "congestion": _even(250, 400),
            "unobtainable": (
                *(_sound(75, 400), _pause(100)) * 3,
                _sound(75, 400),
                _pause(400),
            ),
        },
        "pl": _one_pitch(425, (1000, 4000), 500, 500),
        "pt": _one_pitch(425, (1000, 5000), 500, 200),
        "ro": _one_pitch(450, (1850, 4150), 167, 500),
        "se": {
            **_one_pitch(425, (1000, 5000), 250, 250),
            "congestion": (_sound(250, 425), _pause(750)),
        },
        "sg": {
            "ringback": _double_ring(Burst((425,), 400, modulated_by=24)),
            "busy": _even(750, 425),
            "congestion": _even(250, 425),
            "unobtainable": (_sound(2500, 425), _pause(500)),
        },
        "uk": {
            "ringback": _double_ring(_sound(400, 400, 450)),
            "busy": _even(375, 400),
            "congestion": (_sound(400, 400), _pause(350), _sound(225, 400), _pause(525)),
            "unobtainable": (_sound(1000, 400),),  # continuous
        },
        "us": _NORTH_AMERICA,
    }
)
COUNTRIES: Final = tuple(TONE_PLANS)
_ALSO_KNOWN_AS: Final = MappingProxyType({"gb": "uk"})  # the ISO 3166 code


# A beep now and then, unlike any country's other tones: who waits knows that he is not cut off.
_HOLD: Final[Period] = (_sound(300, 520), _pause(4700))


def tone_plan(country: str, kind: ToneKind) -> Period:
    """Give one period of a tone.

    :raises ValueError: the country or the kind is not known.
    """
    plan = TONE_PLANS.get(_ALSO_KNOWN_AS.get(country, country))
    if plan is None:
        raise ValueError(f"no tones of {country!r}; known are {', '.join(COUNTRIES)}")
    if kind == "hold":
        return _HOLD
    if kind not in plan:
        raise ValueError(f"no tone {kind!r}; known are {', '.join(TONE_KINDS)}")
    return plan[kind]
