"""The few shapes that all SIP headers are made of: lists, quoted strings, parameters, tokens.

Splitting respects quoted strings and angle brackets (RFC 3261 25.1). The common case, a value that
holds none of them, is decided by one look and costs next to nothing.
"""

from __future__ import annotations

from cordboard.sip.errors import SipParseError

# A peer's header with more list entries or parameters than this is an attack, not a message:
# Kamailio stops at 255 Via/Route entries, RFC 4475 3.1.1.7 needs 35 Vias.
MAX_LIST_ENTRIES = 128
MAX_PARAMETERS = 64
MAX_DELTA_SECONDS = 2**32 - 1  # RFC 3261 20.19: what is more is as good as for ever

TOKEN_CHARACTERS = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~"
)


def is_token(text: str) -> bool:
    """Whether ``text`` is a token (RFC 3261 25.1)."""
    return bool(text) and TOKEN_CHARACTERS.issuperset(text)


def delta_seconds(text: str | None, most: int = MAX_DELTA_SECONDS) -> int | None:
    """How many seconds ``text`` says (RFC 3261 25.1), at most ``most``; None where it does not."""
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return min(int(text[:10]), most)


def split_outside_quotes(text: str, separator: str, limit: int) -> list[str]:
    """The parts of ``text`` between ``separator`` s that stand in no quotes and no angle brackets.

    Parts are stripped of white space. Raises :class:`SipParseError` on an unbalanced quote or
    bracket and on more than ``limit`` parts.
    """
    if separator not in text:
        return [text.strip()]
    if '"' not in text and "<" not in text:
        parts = text.split(separator)
    else:
        parts = _split_carefully(text, separator)
    if len(parts) > limit:
        raise SipParseError("too many values in one header", 400)
    return [part.strip() for part in parts]


def _split_carefully(text: str, separator: str) -> list[str]:
    parts: list[str] = []
    start = 0
    quoted = bracketed = escaped = False
    for position, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            if character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character == "<":
            bracketed = True
        elif character == ">":
            bracketed = False
        elif character == separator and not bracketed:
            parts.append(text[start:position])
            start = position + 1
    if quoted or bracketed:
        raise SipParseError("unbalanced quote or bracket")
    parts.append(text[start:])
    return parts


def split_list(text: str) -> list[str]:
    """The entries of a comma-separated header value (RFC 3261 7.3.1), empty ones left out."""
    return [part for part in split_outside_quotes(text, ",", MAX_LIST_ENTRIES) if part]


def unquote(text: str) -> str:
    """The content of a quoted string, or ``text`` itself where it is not one."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    characters = iter(inner)
    return "".join(
        next(characters, "") if character == "\\" else character for character in characters
    )


def quote(text: str) -> str:
    """``text`` as a quoted string; line breaks in it are refused when the message is built."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def parse_parameters(text: str) -> dict[str, str | None]:
    """``;name=value;flag`` as a dict with lower-case names; the first of a repeated name counts.

    ``text`` may begin with a semicolon. Values keep their quotes; see :func:`unquote`.
    """
    parameters: dict[str, str | None] = {}
    if not text:
        return parameters
    for part in split_outside_quotes(text, ";", MAX_PARAMETERS):
        if not part:
            continue
        name, equals, value = part.partition("=")
        parameters.setdefault(name.strip().lower(), value.strip() if equals else None)
    return parameters


def format_parameters(parameters: dict[str, str | None]) -> str:
    """The reverse of :func:`parse_parameters`, each parameter led by a semicolon."""
    return "".join(
        f";{name}" if value is None else f";{name}={value}" for name, value in parameters.items()
    )
