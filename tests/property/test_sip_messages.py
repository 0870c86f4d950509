"""Whatever is written is read back as it was; whatever comes raises SipParseError or nothing."""

from __future__ import annotations

import contextlib
import string
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cordboard.sip.address import NameAddr, name_addr, parse_name_addr, tag_of
from cordboard.sip.digest import Credentials, answer_challenge, ha1, parse_digest
from cordboard.sip.digest_server import DigestServer, Verdict
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.framing import StreamFramer
from cordboard.sip.grammar import TOKEN_CHARACTERS, quote, split_list, unquote
from cordboard.sip.message import Message, Request, Response, parse
from cordboard.sip.offer import LocalAudio, NoCommonCodec, answer_offer, read_answer
from cordboard.sip.registrar import Realm, Registrar, RegistrarAccount
from cordboard.sip.sdp import parse_sdp
from cordboard.sip.uri import SipUri, parse_uri
from cordboard.sip.validity import check_request, check_response, salvage
from cordboard.sip.via import Via, branch_of, parse_via

SEEDS = [
    path.read_bytes()
    for path in sorted((Path(__file__).parents[1] / "data" / "rfc4475").glob("*.dat"))
]

READERS = (parse_name_addr, parse_via, parse_uri, tag_of, branch_of, parse_digest)

tokens = st.text(st.sampled_from(sorted(TOKEN_CHARACTERS)), min_size=1, max_size=20)
names = tokens.map(str.lower).filter(lambda name: len(name) > 1 and name != "content-length")
# What a value may hold: all but line breaks and NUL; blanks at its ends are not part of it.
values = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=60
).map(lambda text: text.strip(" \t"))
headers = st.dictionaries(names, st.lists(values, min_size=1, max_size=3), max_size=8)
uri_texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0 "), min_size=1, max_size=40
)
bodies = st.binary(max_size=200)
requests = st.builds(Request, tokens, uri_texts, headers, bodies)
responses = st.builds(
    Response,
    st.integers(100, 699),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=40),
    headers,
    bodies,
)
messages: st.SearchStrategy[Message] = st.one_of(requests, responses)

hosts = st.one_of(
    st.text(string.ascii_lowercase + string.digits + ".-", min_size=1, max_size=20),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
ports = st.one_of(st.none(), st.integers(1, 65535))
parameters = st.dictionaries(tokens.map(str.lower), st.one_of(st.none(), tokens), max_size=5)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=30)
uris = st.builds(
    SipUri, st.sampled_from(["sip", "sips"]), st.one_of(st.none(), texts), hosts, ports, parameters
)


@given(messages)
def test_messages_survive_a_round_trip(message: Message) -> None:
    data = bytes(message)
    read = parse(data)
    length = read.headers.pop("content-length")
    assert length == [str(len(message.body))]
    assert read == message
    assert bytes(read) == data


@given(st.one_of(requests, responses), st.text(max_size=40))
def test_no_text_makes_another_line(message: Message, text: str) -> None:
    message.put("x-given", text)
    try:
        data = bytes(message)
    except SipBuildError:
        return
    assert set(parse(data).headers) == {*message.headers, "content-length"}


@given(uris)
def test_uris_survive_a_round_trip(uri: SipUri) -> None:
    read = parse_uri(str(uri))
    assert read == uri
    assert read.same_as(uri)


@given(st.builds(NameAddr, uris, texts, parameters))
def test_addresses_survive_a_round_trip(address: NameAddr) -> None:
    text = str(address)
    assert parse_name_addr(text) == address
    assert tag_of(text) == (address.tag or None)


@given(texts, hosts, texts)
def test_an_address_is_written_as_its_parts_would_be(user: str, host: str, display: str) -> None:
    assert name_addr(user, host, display) == str(NameAddr(SipUri("sip", user, host), display))


@given(st.builds(Via, tokens.map(str.upper), hosts, ports, parameters))
def test_vias_survive_a_round_trip(via: Via) -> None:
    assert parse_via(str(via)) == via
    assert branch_of(str(via)) == (via.branch or None)


@given(texts)
def test_quoting_is_undone(text: str) -> None:
    assert unquote(quote(text)) == text
    assert split_list(quote(text)) == [quote(text)]


def read_sdp(body: bytes) -> None:
    description = parse_sdp(body)
    local = LocalAudio("192.0.2.1", 4000, 1)
    with contextlib.suppress(NoCommonCodec):
        read_answer(description, local)
    with contextlib.suppress(NoCommonCodec):
        answer, _ = answer_offer(description, local)
        assert len(parse_sdp(answer).media) == len(description.media)


def read_everything(data: bytes) -> None:
    """Read all that can be read of a message; nothing but SipParseError may come out."""
    salvaged = salvage(data)
    if salvaged is not None:
        bytes(Response(400, "Bad Request", salvaged.headers))
    try:
        message = parse(data)
    except SipParseError:
        return
    with contextlib.suppress(SipParseError):
        if isinstance(message, Request):
            check_request(message)
        elif isinstance(message, Response):
            check_response(message)
    # Whatever was read can be given back.
    bytes(Response(400, "Bad Request", message.headers))
    for name in message.headers:
        with contextlib.suppress(SipParseError):
            for value in message.each(name):
                for read in (
                    parse_name_addr,
                    parse_via,
                    parse_uri,
                    tag_of,
                    branch_of,
                    parse_digest,
                ):
                    with contextlib.suppress(SipParseError):
                        str(read(value))
    with contextlib.suppress(SipParseError):
        read_sdp(message.body)


@given(st.binary(max_size=400))
def test_random_octets_are_read_or_refused(data: bytes) -> None:
    read_everything(data)


@given(
    st.sampled_from(SEEDS),
    st.lists(
        st.tuples(st.integers(0, 3600), st.integers(0, 8), st.binary(max_size=6)),
        min_size=1,
        max_size=6,
    ),
)
def test_mutated_messages_are_read_or_refused(
    data: bytes, edits: list[tuple[int, int, bytes]]
) -> None:
    for start, length, put in edits:
        position = start % (len(data) + 1)
        data = data[:position] + put + data[position + length :]
    read_everything(data)


@given(st.sampled_from(SEEDS), st.sampled_from(SEEDS), st.integers(0, 3600), st.integers(0, 3600))
def test_spliced_messages_are_read_or_refused(
    one: bytes, other: bytes, end: int, start: int
) -> None:
    read_everything(one[: end % (len(one) + 1)] + other[start % (len(other) + 1) :])


@given(st.lists(messages, max_size=4), st.data())
def test_streams_are_cut_the_same_however_they_arrive(
    sent: list[Message], data: st.DataObject
) -> None:
    stream = b"".join(bytes(message) for message in sent)
    framer = StreamFramer()
    got: list[bytes] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        got += framer.feed(stream[:size])
        stream = stream[size:]
    assert got == [bytes(message) for message in sent]


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_random_streams_are_cut_or_refused(chunks: list[bytes]) -> None:
    framer = StreamFramer()
    with contextlib.suppress(SipParseError):
        for chunk in chunks:
            framer.feed(chunk)


SDP_LINES = (
    "o=- 1 1 IN IP4 192.0.2.9",
    "c=IN IP4 192.0.2.9",
    "c=IN IP6 ::1",
    "m=audio 5000 RTP/AVP 0 8 101",
    "m=audio 5000 RTP/AVP 96 97",
    "m=video 6000 RTP/AVP 31",
    "a=rtpmap:96 PCMA/8000",
    "a=rtpmap:97 telephone-event/8000",
    "a=sendonly",
    "a=ptime:20",
    "a=rtcp:9",
    "a=rtcp-mux",
)
lines = st.lists(st.one_of(st.sampled_from(SDP_LINES), st.text(max_size=20)), max_size=15)


@given(lines)
def test_any_lines_are_a_description_or_refused(found: list[str]) -> None:
    with contextlib.suppress(SipParseError):
        read_sdp("\r\n".join(["v=0", *found]).encode("utf-8", "replace"))


FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.50", 5060))
ACCOUNT = RegistrarAccount("desk@demo", "desk", ha1("desk", "demo", "secret"))


def registering(contacts: list[str], expires: str, call_id: str, cseq: str) -> Request:
    """A REGISTER with the right credentials, whatever else it holds."""
    value = answer_challenge(
        [SERVER.challenge("demo", 0.0, source=FLOW.remote[0])],
        Credentials("desk", "secret"),
        "REGISTER",
        "sip:demo",
        cnonce="c",
    )
    assert value is not None
    return Request(
        "REGISTER",
        "sip:demo",
        {
            "to": ["<sip:desk@demo>"],
            "contact": contacts,
            "expires": [expires],
            "call-id": [call_id],
            "cseq": [cseq],
            "authorization": [value],
        },
    )


SERVER = DigestServer(b"secret")
contact_texts = st.one_of(
    st.sampled_from(
        [
            "*",
            "<sip:one@h>",
            "<sip:ONE@h>;q=0.5;expires=60",
            "<sip:one@H;x=1>;expires=0",
            '<sip:two@h>;+sip.instance="<urn:uuid:1>";reg-id=1',
            "sip:three@h, sip:four@h",
        ]
    ),
    st.text(max_size=30),
)


@given(
    st.lists(
        st.builds(
            registering,
            st.lists(contact_texts, max_size=4),
            st.sampled_from(["", "0", "60", "10", "x"]),
            st.sampled_from(["a", "b"]),
            st.sampled_from(["1 REGISTER", "2 REGISTER", "3 REGISTER", "x"]),
        ),
        max_size=8,
    )
)
def test_a_register_does_all_or_nothing(asked: list[Request]) -> None:
    registrar = Registrar(lambda _user, _host: ACCOUNT, lambda _user, _host: Realm("demo"), SERVER)
    for now, request in enumerate(asked):
        before = registrar.bindings(ACCOUNT.key, now)
        answer = registrar.handle(request, FLOW, now)
        assert answer is not None
        after = registrar.bindings(ACCOUNT.key, now)
        assert answer.status in (200, 400, 403, 414, 416, 423, 500)
        assert len(after) <= ACCOUNT.max_contacts
        if answer.status != 200:
            assert (after, answer.changed) == (before, None)
        else:
            assert len(answer.headers) == len(after)
            assert (answer.changed is not None) == (set(after) != set(before))
            bytes(Response(200, "OK", {"contact": [value for _, value in answer.headers]}))
    registrar.expire(1e9)
    assert (registrar.accounts(), registrar.next_expiry()) == ((), None)


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80).map(bytes.hex)))
def test_no_text_is_a_right_answer(text: str) -> None:
    for value in (text, f"Digest {text}", f'Digest username="desk", realm="demo", nonce="{text}"'):
        assert (
            SERVER.verify(value, "REGISTER", "demo", "desk", ACCOUNT.ha1, 0.0) is not Verdict.GOOD
        )
