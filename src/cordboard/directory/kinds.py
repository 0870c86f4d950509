"""What a single value of the configuration file may be: names, numbers, times, secrets."""

from __future__ import annotations

import base64
import hashlib
import re

from cordboard.addresses import canonical, is_address
from cordboard.directory.codec_names import codec_name
from cordboard.directory.numbers import NotANumber, dialled, iso_country
from cordboard.directory.passwords import checked_hash
from cordboard.directory.persons import Privilege
from cordboard.directory.scopes import ApiScope
from cordboard.directory.shape import (
    Kind,
    Unfit,
    integer,
    list_of,
    number,
    one_of,
    text,
    text_where,
)

LONGEST_CALL = 24 * 3600.0
"""Seconds that a call may be allowed to last at most."""

LONGEST_MEDIA_TIMEOUT = 3600.0
"""Seconds without any media that a call may be allowed to stay up at most."""

MOST_CHANNELS = 100_000
"""Largest channel limit."""

_NAME = re.compile(r"\w[\w .+@'-]{0,63}")
_SIP_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~!*=&$-]{0,63}")
_DIGEST_NAME = re.compile(r'[^\s"\\\x00-\x20\x7f]{1,128}')
_EXTENSION = re.compile(r"[0-9*#]{1,16}")
_EMAIL = re.compile(r"[^@\s,]{1,64}@[^@\s,]{1,255}")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_PREFIX = re.compile(r"\+?[0-9*#]{0,32}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_HOST = r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)"
_SITE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@]+")
_TRUNK_URI = re.compile(rf"sip:({_HOST})(?::([0-9]{{1,5}}))?(?:;transport=(?:udp|tcp|tls))?")


HASHED = "sha256:"
"""What stands before a hash in the place of a token."""


def matching(pattern: re.Pattern[str], expected: str) -> Kind:
    def parse(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError
        return value

    return text_where(expected, parse)


def _webhook_secret(value: str) -> bytes:
    """A secret as the Standard Webhooks write it."""
    prefix, _, encoded = value.partition("_")
    try:
        secret = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError from None
    if prefix != "whsec" or not 24 <= len(secret) <= 64:
        raise ValueError
    return secret


def _token_hash(value: str) -> bytes:
    """The SHA-256 of a token, which may be given as such."""
    if not value.startswith(HASHED):
        return hashlib.sha256(value.encode()).digest()
    digits = value.removeprefix(HASHED)
    if len(digits) != 64 or not _HEX.fullmatch(digits):
        raise ValueError(f"{HASHED} is followed by 64 hexadecimal digits")
    return bytes.fromhex(digits)


def _origin(value: str) -> str:
    """A site as browsers write it in ``Origin`` (RFC 6454 6.2): no path, not even a slash."""
    if not _SITE.fullmatch(value):
        raise ValueError
    return value.lower()


def _country(value: str) -> str:
    code = iso_country(value)
    if code is None:
        raise ValueError
    return code


def _number(value: str) -> str:
    try:
        return dialled(value)
    except NotANumber as error:
        raise ValueError(str(error)) from None


def hexadecimal(digits: int, what: str) -> Kind:
    def parse(value: str) -> str:
        if len(value) != digits or not _HEX.fullmatch(value):
            raise ValueError
        return value.lower()

    return text_where(f"{what} as {digits} hexadecimal digits", parse)


def _trunk_uri(value: str) -> str:
    match = _TRUNK_URI.fullmatch(value)
    if match is None or not 0 < int(match.group(2) or 5060) <= 65535:
        raise ValueError("for example sip:192.0.2.7:5060;transport=udp")
    host = match.group(1)
    if host.startswith("[") and not is_address(canonical(host)):
        raise ValueError(f"{host} is no IPv6 address")
    return value


def _prefix(value: object) -> str:
    if not isinstance(value, str) or not _PREFIX.fullmatch(value):
        raise Unfit
    return value


NAME = matching(_NAME, "a name of 1 to 64 letters, digits and . _ + - @ ' or space")
DOMAIN = matching(_DOMAIN, "a domain name of letters, digits, dots and hyphens")
SIP_NAME = matching(_SIP_NAME, "a SIP user name of 1 to 64 ASCII letters, digits and . _ + - ~")
NUMBER = text_where("a telephone number", _number)
EXTENSION = matching(_EXTENSION, "an extension of 1 to 16 digits (* and # count)")
SECONDS_OF_A_CALL = number(1, LONGEST_CALL, "seconds")
SECONDS_WITHOUT_MEDIA = number(5, LONGEST_MEDIA_TIMEOUT, "seconds")
NUMBERS = list_of(NUMBER, 'a list of telephone numbers, ["0312341234"]')
CODECS = list_of(
    text_where('a codec such as "opus" or "L16/16000"', codec_name), 'a list of codecs, ["G722"]'
)
CHANNELS = integer(1, MOST_CHANNELS, "channels")
WEBHOOK_SECRET = text_where('"whsec_" and 24 to 64 octets in base64', _webhook_secret)
CALLS_A_SECOND = number(0.01, 10_000, "calls a second")
BURST = integer(1, 10_000, "calls")
SECRET_TEXT = text("a text of 1 to 255 characters")
PASSWORD_HASH = text_where("an argon2id hash", checked_hash)
TOKENS = list_of(
    text_where('a token, or "sha256:" and its SHA-256', _token_hash),
    'a list of tokens, ["sha256:..."]',
)
ORIGINS = list_of(
    text_where('the origin of a page, "https://phones.example.com"', _origin),
    'a list of origins, ["https://phones.example.com"]',
)
SCOPES = list_of(one_of(ApiScope), 'a list of scopes, ["calls:read"]')
PRIVILEGES = list_of(one_of(Privilege), 'a list of privileges, ["actions", "panel"]')
COUNTRY = text_where('an ISO 3166 country code such as "jp" or "us"', _country)
E_MAIL = matching(_EMAIL, "an e-mail address")
LANGUAGE = matching(_LANGUAGE, 'a language tag such as "en" or "ja"')
DIGEST_NAME = matching(_DIGEST_NAME, "a user name without spaces and quotes")
TRUNK_URI = text_where("a SIP URI sip:HOST[:PORT][;transport=udp|tcp|tls]", _trunk_uri)
PREFIX = Kind("the digits that a number begins with, perhaps after +", _prefix)
DIGITS = Kind("digits, perhaps after +", _prefix)
