"""The keys of a tenant's tables in the configuration file: their kinds, ranges and defaults."""

from __future__ import annotations

from cordboard.directory.charging_schema import CARD, CHARGING, TARIFF, TARIFF_PRICE
from cordboard.directory.integration_schema import HOOK, URL, ZENDESK
from cordboard.directory.kinds import (
    BURST,
    CALLS_A_SECOND,
    CHANNELS,
    CODECS,
    COUNTRY,
    DIGEST_NAME,
    DIGITS,
    DOMAIN,
    E_MAIL,
    EXTENSION,
    LANGUAGE,
    NUMBER,
    NUMBERS,
    ORIGINS,
    PASSWORD_HASH,
    PREFIX,
    PRIVILEGES,
    SCOPES,
    SECONDS_OF_A_CALL,
    SECONDS_WITHOUT_MEDIA,
    SECRET_TEXT,
    SIP_NAME,
    TOKENS,
    TRUNK_URI,
    WEBHOOK_SECRET,
    hexadecimal,
)
from cordboard.directory.model import (
    AutoAnswerStyle,
    DigestOffer,
    GroupKind,
    GroupStrategy,
    IdentityStyle,
    NumberFormat,
)
from cordboard.directory.phone_schema import FEATURE_CODES, FORWARD
from cordboard.directory.recording_schema import KEEP_DAYS, RECORDED, record_group_shape
from cordboard.directory.shape import (
    Field,
    Shape,
    integer,
    list_of,
    number,
    one_of,
    table,
    text,
    text_or_table,
    truth,
)
from cordboard.directory.step_schema import RING, STEP
from cordboard.directory.webhook_schema import WEBHOOK

LARGEST_ID = 2**53 - 1
"""Largest id: the largest whole number that every JSON reader takes exactly (RFC 8259, 6)."""

LONGEST_ANSWER_TIMEOUT = 600.0
"""Seconds that a group may ring at most."""

LONGEST_WRAP_UP = 3600.0
"""Seconds of wrap-up at most: who needs longer pauses."""

LONGEST_WAIT = 3600.0
"""Seconds that a caller may wait in a queue: nobody wants to be called back later than that."""

MOST_PLACES = 1000
"""Callers in one queue: so many agents nobody has."""

LONGEST_REGISTRATION = 86_400
"""Seconds that a registration may last at most: after a day a provider has forgotten it."""

LONGEST_PING = 3600.0
"""Seconds between two questions whether a trunk is there; more tells nothing about now."""

NEVER_FAIL_OVER = frozenset({486, 600, 603})
"""Codes that are the called party's own answer: another trunk must not ring him again."""


ACCOUNT = Shape(
    "account",
    {
        "token": Field(SECRET_TEXT, secret=True),
        "token_sha256": Field(hexadecimal(64, "the SHA-256 of the token"), secret=True),
        "tokens": Field(TOKENS, (), secret=True),
        "webhook_secrets": Field(
            list_of(WEBHOOK_SECRET, 'a list of secrets, ["whsec_..."]'), (), secret=True
        ),
        "scopes": Field(SCOPES),
        "origins": Field(ORIGINS, ()),
        "api_username": Field(text("a user name")),
        "api_password": Field(SECRET_TEXT, secret=True),
        "api_password_hash": Field(PASSWORD_HASH, secret=True),
        "api_key": Field(SECRET_TEXT, secret=True),
        "api_hash_required": Field(truth(), False),
        "idempotent_external_id": Field(truth(), False),
    },
)

PERSON = Shape(
    "person",
    {
        "password": Field(SECRET_TEXT, secret=True),
        "password_hash": Field(PASSWORD_HASH, secret=True),
        "privileges": Field(PRIVILEGES),
    },
)

PROJECT = Shape(
    "project",
    {
        "id": Field(integer(1, LARGEST_ID)),
        "label": Field(text()),
        "event_url": Field(URL, secret=True),
        "groups": Field(list_of(text("a group's name"), 'a list of groups, ["sales"]'), ()),
    },
)

TERMINAL = Shape(
    "terminal",
    {
        "secret": Field(SECRET_TEXT, secret=True),
        "ha1": Field(hexadecimal(32, "MD5(name:realm:secret)"), secret=True),
        "ha1_sha256": Field(hexadecimal(64, "SHA-256(name:realm:secret)"), secret=True),
        "auto_answer": Field(one_of(AutoAnswerStyle), AutoAnswerStyle.ALL),
        "max_contacts": Field(integer(1, 20, "contacts"), 5),
        "codecs": Field(CODECS, ()),
        "direct_media": Field(truth(), False),
    },
)

USER = Shape(
    "user",
    {
        "id": Field(integer(1, LARGEST_ID)),
        "label": Field(text()),
        "extension": Field(EXTENSION),
        "dids": Field(NUMBERS, ()),
        "email": Field(E_MAIL),
        "language": Field(LANGUAGE),
        "caller_id": Field(NUMBER),
        "channel_limit": Field(CHANNELS),
        "forward": Field(table('a table {busy = "1002"}', FORWARD)),
        "do_not_disturb": Field(truth(), False),
        **RECORDED,
        "eavesdrop": Field(
            list_of(text("a user's or a group's name"), 'a list of users and groups, ["sales"]'), ()
        ),
    },
    {"terminal": TERMINAL},
)

MEMBER = Shape(
    "member",
    {
        "user": Field(text("a user's name"), required=True),
        "priority": Field(integer(0, 1000), 0),
        "penalty": Field(integer(0, 1000), 0),
    },
)

GROUP = Shape(
    "group",
    {
        "id": Field(integer(1, LARGEST_ID)),
        "label": Field(text()),
        "kind": Field(one_of(GroupKind), GroupKind.RING),
        "strategy": Field(one_of(GroupStrategy)),
        "extension": Field(EXTENSION),
        "dids": Field(NUMBERS, ()),
        "members": Field(
            list_of(
                text_or_table(text("a user's name"), "user", MEMBER),
                'a list of users, ["jessica", "thomas"]',
            ),
            (),
        ),
        "answer_timeout": Field(number(1, LONGEST_ANSWER_TIMEOUT, "seconds"), 60.0),
        "member_answer_timeout": Field(number(1, LONGEST_ANSWER_TIMEOUT, "seconds"), 20.0),
        "wrap_up": Field(number(0, LONGEST_WRAP_UP, "seconds"), 0.0),
        **RECORDED,
        "caller_id": Field(NUMBER),
        "channel_limit": Field(CHANNELS),
        "longest_wait": Field(number(0, LONGEST_WAIT, "seconds"), 300.0),
        "places": Field(integer(1, MOST_PLACES, "callers"), 50),
        "music": Field(text("the path of a WAV file", longest=4096), "music"),
        "announce_place": Field(number(0, LONGEST_WAIT, "seconds, 0 for never"), 0.0),
        "rest": Field(number(1, LONGEST_WAIT, "seconds"), 5.0),
        "overflow": Field(text("an extension, a name or a number")),
        "hook": Field(table("a table with a url", HOOK)),
        "zendesk": Field(table("a table with url, email and token", ZENDESK)),
    },
)

CONTEXT = Shape(
    "context",
    {
        "extension": Field(EXTENSION),
        "dids": Field(NUMBERS, ()),
        "steps": Field(
            list_of(
                table('a step such as {play = "FILE.wav"}', STEP),
                'a list of steps, [{play = "FILE.wav"}, {hangup = true}]',
            ),
            (),
        ),
        "language": Field(LANGUAGE),
    },
)

TRUNK = Shape(
    "trunk",
    {
        "uri": Field(
            TRUNK_URI,
            required=True,
        ),
        "username": Field(DIGEST_NAME),
        "password": Field(SECRET_TEXT, secret=True),
        "register": Field(truth(), False),
        "expires": Field(integer(60, LONGEST_REGISTRATION, "seconds"), 3600),
        "ping": Field(number(0, LONGEST_PING, "seconds, 0 for never"), 0.0),
        "proxy": Field(TRUNK_URI),
        "from_user": Field(SIP_NAME),
        "from_domain": Field(DOMAIN),
        "channel_limit": Field(CHANNELS),
        "calls_per_second": Field(CALLS_A_SECOND),
        "calls_burst": Field(BURST, 10),
        "number_format": Field(one_of(NumberFormat), NumberFormat.AS_DIALLED),
        "caller_id": Field(NUMBER),
        "identity": Field(one_of(IdentityStyle), IdentityStyle.FROM),
        "anonymous": Field(truth(), False),
        "nat": Field(truth(), False),
        "codecs": Field(CODECS, ()),
        "direct_media": Field(truth(), False),
        "failover_codes": Field(
            list_of(integer(400, 699), "a list of final SIP codes, [503]"),
            (408, 500, 502, 503, 504),
        ),
    },
)

OUTBOUND = Shape(
    "outbound",
    {
        "prefix": Field(PREFIX, required=True),
        "trunks": Field(list_of(text("a trunk's name"), 'a list of trunks, ["pstn"]'), ()),
        "strip": Field(integer(0, 32, "digits"), 0),
        "prepend": Field(DIGITS, ""),
        "minimum_digits": Field(integer(1, 32, "digits"), 3),
        "maximum_digits": Field(integer(1, 32, "digits"), 24),
    },
)

NUMBER_TABLE = Shape(
    "number",
    {"number": Field(NUMBER, required=True), "show": Field(truth(), True)},
)

RECORD_GROUP = record_group_shape(LARGEST_ID)

TENANT = Shape(
    "tenant",
    {
        "country": Field(COUNTRY, "us"),
        "customer": Field(integer(1, LARGEST_ID)),
        "parent": Field(text("the domain of another tenant")),
        "sip_realm": Field(DOMAIN),
        "digest": Field(one_of(DigestOffer), DigestOffer.MD5),
        "channel_limit": Field(CHANNELS),
        "calls_per_second": Field(CALLS_A_SECOND),
        "calls_burst": Field(BURST, 10),
        "longest_call": Field(SECONDS_OF_A_CALL),
        "media_timeout": Field(SECONDS_WITHOUT_MEDIA),
        "caller_id": Field(NUMBER),
        "language": Field(LANGUAGE, "en"),
        "callbacks_inside": Field(truth(), False),
        "events_url": Field(URL, secret=True),
        "keep_recordings": Field(KEEP_DAYS),
        "pause_reasons": Field(list_of(text(), 'a list of reasons, ["lunch", "meeting"]'), ()),
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
        "feature_codes": Field(table('a table {forward_off = "#21"}', FEATURE_CODES)),
        "charging": Field(table('a table {tariff = "standard"}', CHARGING)),
    },
    {
        "account": ACCOUNT,
        "person": PERSON,
        "project": PROJECT,
        "user": USER,
        "group": GROUP,
        "context": CONTEXT,
        "trunk": TRUNK,
        "record_group": RECORD_GROUP,
        "webhook": WEBHOOK,
        "tariff": TARIFF,
        "card": CARD,
    },
)

SHAPES = (
    TENANT,
    ACCOUNT,
    PERSON,
    PROJECT,
    USER,
    TERMINAL,
    FORWARD,
    FEATURE_CODES,
    GROUP,
    HOOK,
    ZENDESK,
    MEMBER,
    CONTEXT,
    STEP,
    RING,
    TRUNK,
    OUTBOUND,
    NUMBER_TABLE,
    RECORD_GROUP,
    WEBHOOK,
    CHARGING,
    TARIFF,
    TARIFF_PRICE,
    CARD,
)
"""Every table that a tenant's part of the file may hold."""
