"""What stands in an element of a Basix document: its text and its attributes, with their bounds."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import Final
from xml.etree import ElementTree as Xml

from cordboard.directory.steps import DIGIT_KEYS, OWN

_SPEAKABLE = re.compile(r"[0-9*#+\s.,()/-]*")
_NAMES: Final = {"*": "star", "#": "hash", "+": "plus"}


class NotUnderstood(ValueError):
    """A document that is not understood; the message says why."""


def is_url(text: str) -> bool:
    """Whether a text is where a server is."""
    return text.startswith(("http://", "https://"))


def text_in(element: Xml.Element) -> str:
    """The text of an element that has nothing else in it."""
    text = (element.text or "").strip()
    if not text or len(element):
        raise NotUnderstood(f"<{element.tag}> has no text of its own")
    return text


def speakable(element: Xml.Element, without: re.Pattern[str] | None = None) -> str:
    """A text that can be spoken digit by digit, whatever stands for what matches ``without``."""
    text = text_in(element)
    if not _SPEAKABLE.fullmatch(text if without is None else without.sub("", text)):
        raise NotUnderstood(f"<{element.tag}> can say digits only")
    return text


def spoken(element: Xml.Element) -> list[str]:
    """The prompts that speak a text digit by digit."""
    keys = (key for key in speakable(element) if key in DIGIT_KEYS or key == "+")
    return [f"{OWN}{_NAMES.get(key, key)}" for key in keys]


def needed(element: Xml.Element, name: str) -> str:
    """An attribute that an element must have."""
    value = element.get(name)
    if not value:
        raise NotUnderstood(f"<{element.tag}> has no {name}")
    return value


def seconds(element: Xml.Element, name: str, default: float, above: float, most: float) -> float:
    """An attribute in seconds."""
    text = element.get(name)
    if text is None:
        return default
    with suppress(ValueError):
        value = float(text)
        if (above < value or value == above > 0) and value <= most:
            return value
    raise NotUnderstood(f"<{element.tag} {name}> is no number of seconds up to {most:g}")


def whole(element: Xml.Element, name: str, default: int, least: int, most: int) -> int:
    """An attribute that is a whole number; of one that is too large the largest."""
    text = element.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < least:
        raise NotUnderstood(f"<{element.tag} {name}> is no whole number from {least} on")
    return min(int(text), most)


def whole_seconds(element: Xml.Element, name: str) -> int:
    """How many prompts of a second of silence an element asks for, a minute at most."""
    return math.ceil(seconds(element, name, 1.0, 0.0, 60.0))
