"""The parameters of a request, read one by one; every fault is noted, and reading goes on.

An empty text counts as absent: the vendor's defaults are written so. Messages repeat no value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cordboard.api.enswitch.faults import Fault, Faulty, invalid

LONGEST_TEXT: Final = 255

LARGEST: Final = 2**53 - 1
"""Largest whole number: that every JSON reader takes exactly (RFC 8259, 6)."""

_NUMBER: Final = re.compile(r"\+?[0-9*#][0-9*#() ./-]{0,31}")
_DIGITS: Final = re.compile("[0-9]+")
_WHOLE: Final = re.compile(r"-?[0-9]{1,16}")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NAME_AND_NUMBER: Final = re.compile(r'\s*"?(?P<name>[^"<>]*?)"?\s*<(?P<number>[^<>]*)>\s*')


class Fields:
    """The parameters of one request, and what is wrong with them."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self.faults: list[Fault] = []

    def fault(self, key: str, message: str) -> None:
        """Note what is wrong."""
        self.faults.append(invalid(key, message))

    def check(self) -> None:
        """Raises :class:`Faulty` where something is wrong."""
        if self.faults:
            raise Faulty(self.faults)

    def text(self, name: str) -> str:
        """A text, "" where it is absent or faulty."""
        value = self._parameters.get(name, "").strip()
        if _UNPRINTABLE.search(value):
            self.fault(name, "It has a control character.")
            return ""
        if len(value) > LONGEST_TEXT:
            self.fault(name, f"It is longer than {LONGEST_TEXT} characters.")
            return ""
        return value

    def needed(self, name: str) -> str:
        """A required text; "" where it is missing or faulty, which is noted."""
        known = len(self.faults)
        value = self.text(name)
        if not value and len(self.faults) == known:
            self.fault(name, "This is required.")
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """One of some words, "" where it is absent or faulty."""
        value = self.text(name)
        if value and value not in choices:
            self.fault(name, f"Expected one of {', '.join(choices)}, or nothing.")
            return ""
        return value

    def dialled(self, name: str) -> str:
        """A required name, extension or number as one would dial it. A plus that was sent as it is
        comes as a blank, and is known by the digits behind it."""
        raw = self._parameters.get(name, "")
        value = self.needed(name)
        return f"+{value}" if raw[:1] == " " and _DIGITS.fullmatch(value) else value

    def whole(self, name: str, default: int = 0, most: int = LARGEST, least: int = 0) -> int:
        """A whole number from ``least`` to ``most``."""
        value = self.text(name)
        if not value:
            return default
        if not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
            self.fault(name, f"Expected a whole number from {least} to {most}.")
            return default
        return int(value)

    def switch(self, name: str, default: bool = False) -> bool:
        """0 or 1."""
        value = self.text(name)
        if value not in ("", "0", "1"):
            self.fault(name, "Expected 0 or 1.")
        return default if value not in ("0", "1") else value == "1"

    def caller(self, name: str) -> tuple[str | None, str | None]:
        """A caller id as number and name; it may be a number alone, or ``"Name" <number>``."""
        raw, value = self._parameters.get(name, ""), self.text(name)
        if not value:
            return None, None
        match = _NAME_AND_NUMBER.fullmatch(value)
        number, shown = (match["number"].strip(), match["name"]) if match else (value, "")
        if raw[:1] == " " and _DIGITS.fullmatch(number):
            number = f"+{number}"
        if not _NUMBER.fullmatch(number):
            self.fault(name, "Expected a telephone number.")
            return None, None
        return number, shown or None
