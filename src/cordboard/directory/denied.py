"""Numbers that nobody may call unless a rule says so: emergency services and premium rates.

An emergency call from an office system may send help to the wrong place, and premium numbers are
what stolen credentials are used for. The tables hold some countries, with the plan or rule that the
numbers stand in; :mod:`phonenumbers` adds its emergency numbers everywhere, and its premium ranges
for countries that have no table. Prefixes are as dialled inside the country.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import phonenumbers
from phonenumbers import shortnumberinfo

from cordboard.directory.numbers import CACHED_NUMBERS, international, numbering_plan


class Danger(Enum):
    """Why a number is denied by default."""

    EMERGENCY = "emergency"
    PREMIUM = "premium"


@dataclass(frozen=True, slots=True)
class DeniedPrefix:
    """A denial: ``prefix`` is as long a part of the number as a rule must name to lift it."""

    danger: Danger
    prefix: str


EMERGENCY: dict[str, frozenset[str]] = {
    # Police, coast guard, fire and ambulance: Telecommunications Numbering Rules (MIC).
    "jp": frozenset({"110", "118", "119"}),
    # North American Numbering Plan; mobile networks take 112. 988 is a hotline, and can be called.
    "us": frozenset({"911", "112"}),
    "ca": frozenset({"911", "112"}),  # North American Numbering Plan
    "gb": frozenset({"999", "112"}),  # Ofcom, General Condition A3
    "ro": frozenset({"112"}),  # Directive (EU) 2018/1972, article 109
    # Police, ambulance, fire: numbering plan (Ministry of Communications).
    "il": frozenset({"100", "101", "102", "112"}),
    "de": frozenset({"110", "112"}),  # section 164 TKG
    # ARCEP decision 2002-1179 and its amendments: SAMU, police, fire, 112, children, deaf, missing,
    # air rescue, maritime rescue.
    "fr": frozenset({"15", "17", "18", "112", "114", "115", "116000", "119", "191", "196", "197"}),
    "it": frozenset({"112", "113", "114", "115", "118", "1530"}),  # AGCOM delibera 8/15/CIR
    "es": frozenset(
        {"112", "061", "062", "080", "085", "088", "091", "092"}
    ),  # Real Decreto 903/1997
    "au": frozenset({"000", "106", "112"}),  # Telecommunications Numbering Plan 2015 (ACMA)
    "nl": frozenset({"112"}),  # Directive (EU) 2018/1972, article 109
}

PREMIUM: dict[str, tuple[str, ...]] = {
    "jp": ("0990",),  # information charges collected by the carrier: Numbering Rules (MIC)
    "us": ("900",),  # pay-per-call: 47 CFR 64.1506
    "ca": ("900",),  # the same service access code in the North American Numbering Plan
    # National Telephone Numbering Plan (Ofcom): premium rate, special services.
    "gb": ("09", "0871", "0872", "0873"),
    "ro": ("090",),  # national numbering plan (ANCOM): premium rate services
    "il": ("190", "1919"),  # numbering plan (Ministry of Communications)
    "de": ("0900", "0137"),  # numbering plan (Bundesnetzagentur): premium rate, mass calling
    "fr": ("081", "082", "089"),  # numbering plan (ARCEP): value-added services, surcharged
    "it": ("89", "0878", "144", "163", "164", "166"),  # AGCOM delibera 8/15/CIR
    "es": ("803", "806", "807", "905", "907"),  # numbering plan: Real Decreto 2296/2004
    "au": ("190",),  # Telecommunications Numbering Plan 2015 (ACMA)
    "nl": ("0900", "0906", "0909"),  # Nummerplan telefoon- en ISDN-diensten (ACM)
}

PREMIUM_SHORT_CODES: dict[str, tuple[str, ...]] = {
    # Directory enquiries at a premium rate. As national numbers the digits are others' (+44 118 is
    # Reading), so they count as dialled only. The plans are those of PREMIUM.
    "gb": ("118",),
    "de": ("118",),
    "fr": ("118",),
    "es": ("118",),
}

PRIVACY_CODES: dict[str, tuple[str, ...]] = {
    # Dialled before a number to hide or show the caller's: what follows is judged as well.
    "jp": ("184", "186"),  # Telecommunications Numbering Rules (MIC)
    "us": ("*67", "*82", "1167", "1182"),  # vertical service codes (NANPA)
    "ca": ("*67", "*82", "1167", "1182"),
    "gb": ("141", "1470"),  # National Telephone Numbering Plan (Ofcom), access codes
    "de": ("*31#", "#31#"),  # 3GPP TS 22.030, as fixed lines have it too
    "fr": ("*31#", "#31#", "3651"),
}

INTERNATIONAL_PREMIUM = "+979"
"""International premium rate service (ITU-T E.169.2), the same in every country."""

LONGEST_EMERGENCY_NUMBER = 6
"""Emergency numbers have at most this many digits (116000)."""

UNTABLED_PREFIX = 3
"""Digits of a national number that a rule must name where no table gives the premium prefix."""


def _premium_abroad() -> tuple[str, ...]:
    """The premium prefixes in international form."""
    found = {INTERNATIONAL_PREMIUM}
    for country, prefixes in PREMIUM.items():
        plan = numbering_plan(country)
        for prefix in prefixes:
            national = prefix
            if plan.national_prefix_needed and prefix.startswith(plan.national_prefix):
                national = prefix[len(plan.national_prefix) :]
            found.add("+" + plan.country_code + national)
    return tuple(sorted(found))


_PREMIUM_ABROAD = _premium_abroad()
_PREMIUM_AT_HOME = {
    country: PREMIUM.get(country, ()) + PREMIUM_SHORT_CODES.get(country, ())
    for country in PREMIUM.keys() | PREMIUM_SHORT_CODES.keys()
}
_TABLED_CODES = tuple({"+" + numbering_plan(country).country_code for country in PREMIUM})


@lru_cache(maxsize=CACHED_NUMBERS)
def denied_prefix(number: str, country: str) -> DeniedPrefix | None:
    """Why a dialled number is denied by default when called from ``country``; None if it is not."""
    if is_emergency(number, country):
        return DeniedPrefix(Danger.EMERGENCY, number)
    home = numbering_plan(country).country
    bare = without_privacy_code(number, country)
    behind = None if bare == number else denied_prefix(bare, country)
    if behind is not None:
        return DeniedPrefix(behind.danger, number)
    prefix = _longest_start(number, _PREMIUM_AT_HOME.get(home, ()))
    full = international(number, country)
    if prefix is None and full is not None:
        if full.startswith(_PREMIUM_ABROAD):
            prefix = _longest_start(full, _PREMIUM_ABROAD)
        elif not full.startswith(_TABLED_CODES):
            prefix = _premium_by_library(full)
    return None if prefix is None else DeniedPrefix(Danger.PREMIUM, prefix)


def without_privacy_code(number: str, country: str) -> str:
    """A dialled number without a code before it that hides or shows the caller's."""
    codes = PRIVACY_CODES.get(numbering_plan(country).country, ())
    if not number.startswith(codes):
        return number
    code = _longest_start(number, codes)
    return number[len(code) :] if code and number != code else number


def _longest_start(number: str, prefixes: tuple[str, ...]) -> str | None:
    if not number.startswith(prefixes):
        return None
    return max((p for p in prefixes if number.startswith(p)), key=len, default=None)


def is_emergency(number: str, country: str) -> bool:
    """Whether a dialled number is that of an emergency service."""
    plan = numbering_plan(country)
    known = EMERGENCY.get(plan.country, frozenset())
    full = international(number, country)
    own = "+" + plan.country_code
    national = full[len(own) :] if full is not None and full.startswith(own) else number
    for candidate in (number, national):
        if len(candidate) > LONGEST_EMERGENCY_NUMBER or not candidate.isdigit():
            continue
        if candidate in known or shortnumberinfo.is_emergency_number(
            candidate, plan.country.upper()
        ):
            return True
    return False


def _premium_by_library(full: str) -> str | None:
    try:
        parsed = phonenumbers.parse(full)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(parsed) != phonenumbers.PhoneNumberType.PREMIUM_RATE:
        return None
    return full[: 1 + len(str(parsed.country_code)) + UNTABLED_PREFIX]
