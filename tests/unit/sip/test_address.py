"""From, To, Contact and Route values."""

from __future__ import annotations

import tracemalloc

import pytest

from cordboard.sip.address import NameAddr, parse_name_addr, split_name_addr, tag_of
from cordboard.sip.errors import SipParseError
from cordboard.sip.uri import parse_uri


@pytest.mark.parametrize(
    ("text", "display", "uri", "parameters"),
    [
        ("<sip:a@b>", "", "sip:a@b", {}),
        ("sip:a@b", "", "sip:a@b", {}),
        ("sip:a@b;tag=1", "", "sip:a@b", {"tag": "1"}),
        ("<sip:a@b;lr>;tag=1", "", "sip:a@b;lr", {"tag": "1"}),
        ("Bob <sip:a@b>", "Bob", "sip:a@b", {}),
        ("Bob  Smith<sip:a@b>;x", "Bob Smith", "sip:a@b", {"x": None}),
        ('"Smith, \\"Bob\\" <1>" <sip:a@b>', 'Smith, "Bob" <1>', "sip:a@b", {}),
        ('"" <sip:a@b>', "", "sip:a@b", {}),
        ("Jürgen Müller (2) <sip:a@b>", "Jürgen Müller (2)", "sip:a@b", {}),
        ("alice@home <sip:a@b>;tag=1", "alice@home", "sip:a@b", {"tag": "1"}),
        (" < sip:a@b > ; tag = 2 ", "", "sip:a@b", {"tag": "2"}),
    ],
)
def test_name_addr(text: str, display: str, uri: str, parameters: dict[str, str | None]) -> None:
    assert parse_name_addr(text) == NameAddr(parse_uri(uri), display, parameters)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        "<sip:a@b",
        '"Bob <sip:a@b>',
        '"Bob\\" <sip:a@b>',
        '"Bob" sip:a@b',
        "Bob, Smith <sip:a@b>",
        "sip:bob@home <sip:a@b>",
        "<sip:a@b> x",
        "<sip:a@b>, <sip:c>",
        "sip:a@b?x=y",
        "sip:a@b,sip:c@d",
        "Bob",
    ],
)
def test_malformed_name_addr(text: str) -> None:
    with pytest.raises(SipParseError):
        parse_name_addr(text)


@pytest.mark.parametrize(
    "address",
    [
        NameAddr(parse_uri("sip:a@b")),
        NameAddr(parse_uri("sip:a@b;lr"), "Bob", {"tag": "x"}),
        NameAddr(parse_uri("sip:a@b"), 'Smith, "Bob" \\', {"lr": None}),
        NameAddr(parse_uri("sip:a@b"), "山田 太郎"),
    ],
)
def test_what_is_written_is_read_back(address: NameAddr) -> None:
    assert parse_name_addr(str(address)) == address


def test_tag() -> None:
    address = parse_name_addr("Bob <sip:a@b>;x=1")
    assert address.tag is None
    tagged = address.with_tag("t1")
    assert tagged.tag == "t1"
    assert str(tagged) == '"Bob" <sip:a@b>;x=1;tag=t1'
    assert address.tag is None


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("<sip:a@b>;tag=1", "1"),
        ("<sip:a@b>;tag=1;x=2", "1"),
        ("<sip:a@b>;x=2;TAG=1", "1"),
        ("<sip:a@b> ; tag = 1", "1"),
        ("sip:a@b;tag=1", "1"),
        ("<sip:a@b>", None),
        ("<sip:a@b>;tag=", None),
        ("<sip:a@b;tag=no>", None),
        ("<sip:a@b>;xtag=no", None),
        ('<sip:a@b>;x=";tag=no";tag=1', "1"),
        ('"x>;tag=no" <sip:a@b>;tag=1', "1"),
    ],
)
def test_tag_without_reading_the_rest(text: str, tag: str | None) -> None:
    assert tag_of(text) == tag


def test_any_scheme_can_be_taken_apart() -> None:
    assert split_name_addr("<http://a.example/x>;tag=1") == ("", "http://a.example/x", ";tag=1")


def test_long_values_of_strangers_do_not_fill_the_memory() -> None:
    tracemalloc.start()
    for number in range(30):
        assert split_name_addr(f'"{number}{"x" * 50_000}" <sip:a@b>')[1] == "sip:a@b"
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000
