"""Telephone numbers as people write them, and when two ways of writing mean the same number.

Theory. A *dialled* number is what a keypad can send: digits, ``*``, ``#`` and a leading ``+``. A
country's numbering plan says how a dialled number reads internationally:

- ``+81312341234`` is international already,
- ``01081312341234`` (Japan's international prefix, then the country) too,
- ``0312341234`` (Japan's national prefix ``0``, then the number) is ``+81`` and the rest,
- where there is no national prefix (Italy), or it may be left out (the ``+1`` countries), a number
  of a possible national length is national as it stands,
- anything else, such as ``110`` or ``1111``, has no international reading.

Only country codes, prefixes and lengths come from :mod:`phonenumbers`; it is not asked whether a
number is valid, since numbers that it does not know are called all the same.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata

MAXIMUM_DIGITS = 32
"""Longest number taken: E.164 ends at 15 digits, carrier and access codes may stand before it."""

E164_DIGITS = 15
"""Longest international number, without ``+`` (ITU-T E.164, 6.2.1)."""

CACHED_NUMBERS = 8192
"""Numbers whose reading is remembered: a large campaign's list, about 2 MB."""

NORTH_AMERICA = "1"
"""The country code shared under the North American Numbering Plan, where ``1`` may be left out."""

COUNTRY_ALIASES = {"uk": "gb"}
"""Codes that people write for a country, and its ISO 3166 code."""

_SEPARATORS = str.maketrans("", "", " \t-.()/\u00a0\u2010\u2011\u2012\u2013\u2014\u2212")
_DIALLABLE = re.compile(rf"\+?[0-9*#]{{1,{MAXIMUM_DIGITS}}}")


class NotANumber(ValueError):
    """What was given cannot be dialled."""


@dataclass(frozen=True, slots=True)
class NumberingPlan:
    """How a country writes numbers. Prefixes are digits; ``lengths`` are of national numbers."""

    country: str
    country_code: str
    national_prefix: str
    international_prefix: re.Pattern[str]
    written_international_prefix: str
    lengths: tuple[int, ...]
    national_prefix_needed: bool


def iso_country(text: str) -> str | None:
    """The lower-case ISO 3166 code of a country, or None for one without telephone numbers."""
    code = text.lower()
    code = COUNTRY_ALIASES.get(code, code)
    return code if code.upper() in phonenumbers.SUPPORTED_REGIONS else None


@cache
def numbering_plan(country: str) -> NumberingPlan:
    """The numbering plan of an ISO 3166 country; raises ValueError for one that has none."""
    iso = iso_country(country)
    metadata = PhoneMetadata.metadata_for_region(iso.upper()) if iso else None
    if iso is None or metadata is None or metadata.general_desc is None:
        raise ValueError(f"no numbering plan is known for the country {country!r}")
    code = str(metadata.country_code)
    prefix = metadata.national_prefix or ""
    abroad = metadata.international_prefix or "00"
    return NumberingPlan(
        country=iso,
        country_code=code,
        national_prefix=prefix,
        international_prefix=re.compile(abroad),
        written_international_prefix=_written_prefix(
            abroad, metadata.preferred_international_prefix
        ),
        lengths=tuple(metadata.general_desc.possible_length),
        national_prefix_needed=bool(prefix) and code != NORTH_AMERICA,
    )


def _written_prefix(pattern: str, preferred: str | None) -> str:
    """One way to dial abroad, of those the pattern allows; "" if none can be told."""
    for candidate in (preferred or "", pattern, "00"):
        if candidate.isdigit() and re.fullmatch(pattern, candidate):
            return candidate
    return ""


def dialled(text: str) -> str:
    """A written number as a keypad sends it: ``+`` only at the front, then digits, ``*``, ``#``.

    Spaces, hyphens, dots, slashes and parentheses are cut out, full-width digits become ASCII.
    Raises :class:`NotANumber` for anything else, and for more than 32 digits.
    """
    if _DIALLABLE.fullmatch(text):
        return text
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    number = plain.translate(_SEPARATORS)
    if not _DIALLABLE.fullmatch(number):
        raise NotANumber(
            f"a telephone number has 1 to {MAXIMUM_DIGITS} digits, with * or # among them"
            " and perhaps a + in front"
        )
    return number


@lru_cache(maxsize=CACHED_NUMBERS)
def international(number: str, country: str) -> str | None:
    """The ``+`` form of a dialled number as seen from ``country``; None if it has none.

    Lengths are not judged, but by them it is told whether a number without prefix is national.
    """
    if not number.isascii() or "*" in number or "#" in number:
        return None
    if number.startswith("+"):
        return number
    plan = numbering_plan(country)
    abroad = plan.international_prefix.match(number)
    if abroad:
        rest = number[abroad.end() :]
        return "+" + rest if rest and not rest.startswith("0") else None
    prefix = plan.national_prefix
    if prefix and number.startswith(prefix) and len(number) > len(prefix):
        return f"+{plan.country_code}{number[len(prefix) :]}"
    if not plan.national_prefix_needed and len(number) in plan.lengths:
        return f"+{plan.country_code}{number}"
    return None


def e164(number: str, country: str) -> str | None:
    """The E.164 form of a dialled number, ``+`` and at most 15 digits; None if it has none.

    A number too short to be a national one (110, 0120) is a short code and has none.
    """
    full = international(number, country)
    if full is None or len(full) - 1 > E164_DIGITS:
        return None
    plan = numbering_plan(country)
    if full.startswith("+" + plan.country_code):
        shortest = min(plan.lengths, default=1)
        if len(full) - 1 - len(plan.country_code) < shortest:
            return None
    return full


def identity(number: str, country: str) -> str:
    """What two ways of writing one number have in common: a key for indexes and comparison."""
    return international(number, country) or number


def same_number(one: str, other: str, country: str) -> bool:
    """Whether two written numbers mean the same one, as seen from ``country``."""
    try:
        return identity(dialled(one), country) == identity(dialled(other), country)
    except NotANumber:
        return False


@lru_cache(maxsize=CACHED_NUMBERS)
def written_forms(number: str, country: str) -> tuple[str, ...]:
    """Every way in which rules may write a dialled number: as dialled, ``+``, national, abroad."""
    forms = [number]
    full = international(number, country)
    if full is not None:
        plan = numbering_plan(country)
        own = "+" + plan.country_code
        forms.append(full)
        if full.startswith(own):
            forms.append(plan.national_prefix + full[len(own) :])
            if not plan.national_prefix_needed:
                forms.append(full[len(own) :])
        elif plan.written_international_prefix:
            forms.append(plan.written_international_prefix + full[1:])
    return tuple(dict.fromkeys(forms))
