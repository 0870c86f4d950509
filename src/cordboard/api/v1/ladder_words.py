"""What a ladder says in words: on the arrow of a message, and about a channel as a whole.

Works on the lines of ``GET /v1/calls/{id}/ladder``, whose texts came from anybody: nothing here
raises, whatever they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from cordboard.calls.q850 import Q850_NAMES

Line = Mapping[str, Any]

_DIRECTIONS: Final = ("sendonly", "recvonly", "inactive")
_CODEC = re.compile(r"^a=rtpmap:\d+ ([^/\s]{1,20})", re.MULTILINE)
_TEXT = re.compile(r'text="([^"]*)"')
_CAUSE = re.compile(r"^\s*([A-Za-z0-9.]+)\s*;.*?cause=(\d{1,3})")
_MILLISECONDS = 1000


def label(line: Line) -> str:
    """What stands on a message's arrow: what it is, its audio, and why it was sent."""
    text = str(line["text"])
    head, _, body = text.partition("\r\n\r\n")
    status = status_of(line)
    said = str(line["summary"]).split(" ")[0] if status is None else _answer(line, status, head)
    if header(head, "authorization") or header(head, "proxy-authorization"):
        said += " +credentials"
    audio = _audio(body)
    return said + (f" +SDP {audio}".rstrip() if audio is not None else "") + _why(head)


def status_of(line: Line) -> int | None:
    """The status of a response, None for a request."""
    words = str(line["summary"]).split(" ")
    if words[0] == "SIP/2.0" and len(words) > 1 and words[1].isdigit():
        return int(words[1])
    return None


def method_of(line: Line) -> str:
    """The method of a request, or of the request that a response answers."""
    if status_of(line) is None:
        return str(line["summary"]).split(" ")[0]
    return header(str(line["text"]), "cseq").rpartition(" ")[2]


def header(text: str, name: str) -> str:
    """The first value of a header, empty where there is none."""
    for row in text.partition("\r\n\r\n")[0].split("\r\n")[1:]:
        found, _, value = row.partition(":")
        if found.strip().lower() == name:
            return value.strip()
    return ""


def story(lines: Sequence[Line]) -> str:
    """A channel's exchange in a sentence: what came when after its INVITE, how it ended, and how
    much had to be said again."""
    if not lines:
        return "nothing was said"
    began = float(lines[0]["at"])
    told: dict[str, float] = {}
    for line, elsewhere in moves(lines):
        words = f"INVITE to {line['peer']}" if elsewhere else _milestone(line)
        if words:
            told.setdefault(words, (float(line["at"]) - began) * _MILLISECONDS)
    parts = [f"{words} after {after:.0f} ms" for words, after in told.items()]
    again = sum(bool(line["retransmission"]) for line in lines)
    if again:
        parts.append(f"{again} repeated")
    return ", ".join(parts)


def moves(lines: Iterable[Line]) -> Iterator[tuple[Line, bool]]:
    """Each message, and whether it is an INVITE that goes elsewhere than the one before: to the
    next server of a trunk, to another trunk, or where a redirect led."""
    last = None
    for line in lines:
        invite = bool(line["sent"]) and status_of(line) is None and method_of(line) == "INVITE"
        yield line, invite and last is not None and line["peer"] != last
        if invite:
            last = line["peer"]


def _milestone(line: Line) -> str:
    """What is worth telling of a message in a channel's story; empty for the rest."""
    status, method = status_of(line), method_of(line)
    by = "" if line["sent"] else " by the peer"
    if status is None:
        reason = _why(str(line["text"]))
        return f"{method}{by}{reason}" if method in ("CANCEL", "BYE") else ""
    if method != "INVITE" or status == 100:
        return ""
    said = str(line["summary"]).partition(" ")[2]
    return said + _why(str(line["text"])) if status >= 300 else said


def _answer(line: Line, status: int, head: str) -> str:
    said = str(line["summary"]).partition(" ")[2]
    if status >= 200:
        said += f" ({method_of(line)})"
    if 300 <= status < 400:
        said += f" to {header(head, 'contact') or header(head, 'm')}"
    return said


def _audio(body: str) -> str | None:
    """The codecs and the direction that a description names, None where there is no description."""
    if not body.startswith("v=0"):
        return None
    codecs = [name for name in _CODEC.findall(body) if name.lower() != "telephone-event"]
    directions = [one for one in _DIRECTIONS if f"\na={one}" in body.replace("\r", "")]
    return " ".join([*dict.fromkeys(codecs), *directions])


def _why(head: str) -> str:
    """The reason that a message gives (RFC 3326, Warning, Retry-After), as it would be said."""
    reason = header(head, "reason")
    for value in (reason, header(head, "warning")):
        text = _TEXT.search(value) or re.search(r'"([^"]*)"', value)
        if text is not None:
            return f": {text.group(1)}"
    cause = _CAUSE.match(reason)
    if cause is not None:
        protocol, number = cause.group(1), cause.group(2)
        name = Q850_NAMES.get(int(number)) if protocol.upper() == "Q.850" else None
        return f": {protocol} {number}" + (f" {name}" if name else "")
    wait = header(head, "retry-after")
    return f": again in {wait.split(' ')[0]} s" if wait else ""
