"""Texts with placeholders, ``#callid#``, and what is put there (vendor facts, 6).

What a caller shows of himself may be anything: it is written so that it stays a value where it is
put, in a URL, in JSON, in a form, in XML or in a header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html import escape as as_markup
from typing import Final
from urllib.parse import quote, quote_plus

_PLACEHOLDER: Final = re.compile(r"#([A-Za-z][A-Za-z0-9_]{0,63})#")
_NO_PART_OF_HEADERS: Final = re.compile("[^\t\x20-\x7e\xa0-\U0010ffff]|[\ud800-\udfff]")

Escape = Callable[[str], str]


def filled(text: str, fields: Mapping[str, str], escape: Escape) -> str:
    """The text with its placeholders filled; one that is not known becomes nothing."""
    return _PLACEHOLDER.sub(lambda match: escape(fields.get(match[1].lower(), "")), text)


def in_url(value: str) -> str:
    """As a part of a URL (RFC 3986 2.1)."""
    return quote(value.encode("utf-8", "replace"), safe="")


def in_header(value: str) -> str:
    """As a part of a header's value, which no control character can end (RFC 9110 5.5)."""
    return _NO_PART_OF_HEADERS.sub(" ", value)


def in_body(content_type: str) -> Escape:
    """As a part of a body of this kind."""
    kind = content_type.partition(";")[0].strip()
    if kind.endswith("json"):
        return lambda value: json.dumps(value)[1:-1]
    if kind == "application/x-www-form-urlencoded":
        return lambda value: quote_plus(value.encode("utf-8", "replace"))
    if kind.endswith(("xml", "html")):
        return as_markup
    return lambda value: value
