"""The members of ``data``, read one by one; every fault is noted and reading goes on.

Forms have texts only, JSON has numbers and truth values as well: a scalar counts as PHP prints it.
``null``, and what is not there, are absent. So is an empty text: forms send one for what was left
blank. Messages never repeat a value.
"""

from __future__ import annotations

import re
from typing import Final

from cordboard.api.while1.php_query import leaf_text
from cordboard.api.while1.php_values import PhpArray

LONGEST_TEXT: Final = 255
"""Longest name, number or id; a UUID has 36 characters, an e-mail address at most 254."""

LONGEST_INFO: Final = 2_048
"""Longest text about a call."""

MAX_VARS: Final = 32
LONGEST_VAR: Final = 1_024
"""What a context is told: the vendor's examples are four, one of them a URL."""

NUMBER: Final = re.compile(r"\+?[0-9*#][0-9*#() ./-]{0,31}")
_VAR_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SWITCH: Final = {"1": True, "0": False}


class Data:
    """The members of a request's ``data``, and what is wrong with them."""

    def __init__(self, members: PhpArray) -> None:
        self._members = members
        self.faults: list[str] = []

    def fault(self, message: str) -> None:
        """Note what is wrong."""
        self.faults.append(message)

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str | None:
        """A text, or None where it is absent or faulty."""
        value = self._members.get(name)
        if isinstance(value, dict):
            self.fault(f"Invalid {_words(name)}. Expected a text")
            return None
        if value is None or not (written := leaf_text(value).strip()):
            return None
        if _UNPRINTABLE.search(written):
            self.fault(f"Invalid {_words(name)}. It has a control character")
            return None
        if len(written) > longest:
            self.fault(f"Invalid {_words(name)}. It is longer than {longest} characters")
            return None
        return written

    def needed(self, name: str) -> str:
        """A mandatory text; "" where it is missing or faulty, which is noted."""
        known = len(self.faults)
        written = self.text(name)
        if written is None and len(self.faults) == known:
            self.fault(f"Missing {_words(name)}. It is mandatory")
        return written or ""

    def number(self, name: str, *, needed: bool = False) -> str | None:
        """A telephone number as it is dialled."""
        written = self.needed(name) if needed else self.text(name)
        if written and not NUMBER.fullmatch(written):
            self.fault(f"Invalid {_words(name)}. Expected a telephone number")
            return None
        return written or None

    def switch(self, name: str, default: bool) -> bool:
        """0 or 1."""
        written = self.text(name)
        if written is None:
            return default
        if written not in _SWITCH:
            self.fault(f"Invalid {_words(name)}. Expected 0 or 1")
        return _SWITCH.get(written, default)

    def variables(self, name: str) -> tuple[tuple[str, str], ...]:
        """A map of names and scalars."""
        given = self._members.get(name)
        if given is None or given == "":
            return ()
        if not isinstance(given, dict):
            self.fault(f"Invalid {_words(name)}. Expected a map of variables")
            return ()
        if len(given) > MAX_VARS:
            self.fault(f"Invalid {_words(name)}. There are more than {MAX_VARS}")
            return ()
        return tuple(pair for pair in (self._variable(*one) for one in given.items()) if pair)

    def _variable(self, name: str, value: object) -> tuple[str, str] | None:
        if value is None:
            return None
        if not _VAR_NAME.fullmatch(name):
            self.fault("Invalid vars. A name has letters, digits and _, at most 64")
            return None
        if not isinstance(value, str | int | float):
            self.fault(f"Invalid vars. {name} is no text")
            return None
        written = leaf_text(value)
        if len(written) > LONGEST_VAR or _UNPRINTABLE.search(written):
            self.fault(f"Invalid vars. {name} is too long or has a control character")
            return None
        return name, written


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
