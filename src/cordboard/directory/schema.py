"""The keys of a tenant's tables in the configuration file: their kinds, ranges and defaults."""

from __future__ import annotations

import re

from cordboard.directory.codec_names import codec_name
from cordboard.directory.model import (
    AutoAnswerStyle,
    DigestOffer,
    GroupKind,
    IdentityStyle,
    NumberFormat,
)
from cordboard.directory.numbers import NotANumber, dialled, iso_country
from cordboard.directory.shape import (
    Field,
    Kind,
    Shape,
    Unfit,
    integer,
    list_of,
    number,
    one_of,
    table,
    text,
    text_or_table,
    text_where,
    truth,
)

LARGEST_ID = 2**53 - 1
"""Largest id: the largest whole number that every JSON reader takes exactly (RFC 8259, 6)."""

LONGEST_CALL = 24 * 3600.0
"""Seconds that a call may be allowed to last at most."""

LONGEST_MEDIA_TIMEOUT = 3600.0
"""Seconds without any media that a call may be allowed to stay up at most."""

LONGEST_ANSWER_TIMEOUT = 600.0
"""Seconds that a group may ring at most."""

MOST_CHANNELS = 100_000
"""Largest channel limit."""

NEVER_FAIL_OVER = frozenset({486, 600, 603})
"""Codes that are the called party's own answer: another trunk must not ring him again."""

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
_TRUNK_URI = re.compile(rf"sip:{_HOST}(?::([0-9]{{1,5}}))?(?:;transport=(?:udp|tcp|tls))?")


def _matching(pattern: re.Pattern[str], expected: str) -> Kind:
    def parse(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError
        return value

    return text_where(expected, parse)


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


def _hex(digits: int, what: str) -> Kind:
    def parse(value: str) -> str:
        if len(value) != digits or not _HEX.fullmatch(value):
            raise ValueError
        return value.lower()

    return text_where(f"{what} as {digits} hexadecimal digits", parse)


def _trunk_uri(value: str) -> str:
    match = _TRUNK_URI.fullmatch(value)
    if match is None or not 0 < int(match.group(1) or 5060) <= 65535:
        raise ValueError("for example sip:192.0.2.7:5060;transport=udp")
    return value


def _prefix(value: object) -> str:
    if not isinstance(value, str) or not _PREFIX.fullmatch(value):
        raise Unfit
    return value


NAME = _matching(_NAME, "a name of 1 to 64 letters, digits and . _ + - @ ' or space")
DOMAIN = _matching(_DOMAIN, "a domain name of letters, digits, dots and hyphens")
SIP_NAME = _matching(_SIP_NAME, "a SIP user name of 1 to 64 ASCII letters, digits and . _ + - ~")
NUMBER = text_where("a telephone number", _number)
EXTENSION = _matching(_EXTENSION, "an extension of 1 to 16 digits (* and # count)")
SECONDS_OF_A_CALL = number(1, LONGEST_CALL, "seconds")
SECONDS_WITHOUT_MEDIA = number(5, LONGEST_MEDIA_TIMEOUT, "seconds")
_NUMBERS = list_of(NUMBER, 'a list of telephone numbers, ["0312341234"]')
_CODECS = list_of(
    text_where('a codec such as "opus" or "L16/16000"', codec_name), 'a list of codecs, ["G722"]'
)
_CHANNELS = integer(1, MOST_CHANNELS, "channels")
_SECRET_TEXT = text("a text of 1 to 255 characters")

ACCOUNT = Shape(
    "account",
    {
        "token": Field(_SECRET_TEXT, secret=True),
        "token_sha256": Field(_hex(64, "the SHA-256 of the token"), secret=True),
    },
)

TERMINAL = Shape(
    "terminal",
    {
        "secret": Field(_SECRET_TEXT, secret=True),
        "ha1": Field(_hex(32, "MD5(name:realm:secret)"), secret=True),
        "ha1_sha256": Field(_hex(64, "SHA-256(name:realm:secret)"), secret=True),
        "auto_answer": Field(one_of(AutoAnswerStyle), AutoAnswerStyle.ALL),
        "max_contacts": Field(integer(1, 20, "contacts"), 5),
        "codecs": Field(_CODECS, ()),
    },
)

USER = Shape(
    "user",
    {
        "id": Field(integer(1, LARGEST_ID)),
        "label": Field(text()),
        "extension": Field(EXTENSION),
        "dids": Field(_NUMBERS, ()),
        "email": Field(_matching(_EMAIL, "an e-mail address")),
        "language": Field(_matching(_LANGUAGE, 'a language tag such as "en" or "ja"'), "en"),
        "caller_id": Field(NUMBER),
        "channel_limit": Field(_CHANNELS),
    },
    {"terminal": TERMINAL},
)

MEMBER = Shape(
    "member",
    {
        "user": Field(text("a user's name"), required=True),
        "priority": Field(integer(0, 1000), 0),
    },
)

GROUP = Shape(
    "group",
    {
        "id": Field(integer(1, LARGEST_ID)),
        "label": Field(text()),
        "kind": Field(one_of(GroupKind), GroupKind.RING),
        "extension": Field(EXTENSION),
        "dids": Field(_NUMBERS, ()),
        "members": Field(
            list_of(
                text_or_table(text("a user's name"), "user", MEMBER),
                'a list of users, ["jessica", "thomas"]',
            ),
            (),
        ),
        "answer_timeout": Field(number(1, LONGEST_ANSWER_TIMEOUT, "seconds"), 60.0),
        "member_answer_timeout": Field(number(1, LONGEST_ANSWER_TIMEOUT, "seconds"), 20.0),
        "caller_id": Field(NUMBER),
        "channel_limit": Field(_CHANNELS),
    },
)

STEP = Shape(
    "step",
    {
        "play": Field(text("the path of a WAV file", longest=4096)),
        "hangup": Field(truth()),
    },
)

CONTEXT = Shape(
    "context",
    {
        "extension": Field(EXTENSION),
        "dids": Field(_NUMBERS, ()),
        "steps": Field(
            list_of(
                table('a step, {play = "FILE.wav"} or {hangup = true}', STEP),
                'a list of steps, [{play = "FILE.wav"}, {hangup = true}]',
            ),
            (),
        ),
    },
)

TRUNK = Shape(
    "trunk",
    {
        "uri": Field(
            text_where("a SIP URI sip:HOST[:PORT][;transport=udp|tcp|tls]", _trunk_uri),
            required=True,
        ),
        "username": Field(_matching(_DIGEST_NAME, "a user name without spaces and quotes")),
        "password": Field(_SECRET_TEXT, secret=True),
        "channel_limit": Field(_CHANNELS),
        "number_format": Field(one_of(NumberFormat), NumberFormat.AS_DIALLED),
        "caller_id": Field(NUMBER),
        "identity": Field(one_of(IdentityStyle), IdentityStyle.FROM),
        "anonymous": Field(truth(), False),
        "nat": Field(truth(), False),
        "codecs": Field(_CODECS, ()),
        "failover_codes": Field(
            list_of(integer(400, 699), "a list of final SIP codes, [503]"),
            (408, 500, 502, 503, 504),
        ),
    },
)

OUTBOUND = Shape(
    "outbound",
    {
        "prefix": Field(
            Kind("the digits that a number begins with, perhaps after +", _prefix), required=True
        ),
        "trunks": Field(list_of(text("a trunk's name"), 'a list of trunks, ["pstn"]'), ()),
        "strip": Field(integer(0, 32, "digits"), 0),
        "prepend": Field(Kind("digits, perhaps after +", _prefix), ""),
        "minimum_digits": Field(integer(1, 32, "digits"), 3),
        "maximum_digits": Field(integer(1, 32, "digits"), 24),
    },
)

NUMBER_TABLE = Shape(
    "number",
    {"number": Field(NUMBER, required=True), "show": Field(truth(), True)},
)

TENANT = Shape(
    "tenant",
    {
        "country": Field(
            text_where('an ISO 3166 country code such as "jp" or "us"', _country), "us"
        ),
        "sip_realm": Field(DOMAIN),
        "digest": Field(one_of(DigestOffer), DigestOffer.MD5),
        "channel_limit": Field(_CHANNELS),
        "calls_per_second": Field(number(0.01, 10_000, "calls a second")),
        "calls_burst": Field(integer(1, 10_000, "calls"), 10),
        "longest_call": Field(SECONDS_OF_A_CALL),
        "media_timeout": Field(SECONDS_WITHOUT_MEDIA),
        "caller_id": Field(NUMBER),
        "numbers": Field(
            list_of(
                text_or_table(NUMBER, "number", NUMBER_TABLE),
                'a list of telephone numbers, ["0312341234"]',
            ),
            (),
        ),
        "outbound": Field(
            list_of(table("a table [[tenant.NAME.outbound]]", OUTBOUND), "tables [[...outbound]]"),
            (),
        ),
    },
    {
        "account": ACCOUNT,
        "user": USER,
        "group": GROUP,
        "context": CONTEXT,
        "trunk": TRUNK,
    },
)

SHAPES = (
    TENANT,
    ACCOUNT,
    USER,
    TERMINAL,
    GROUP,
    MEMBER,
    CONTEXT,
    STEP,
    TRUNK,
    OUTBOUND,
    NUMBER_TABLE,
)
"""Every table that a tenant's part of the file may hold."""
