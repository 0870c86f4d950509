"""The shapes that all headers are made of."""

from __future__ import annotations

import pytest

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import (
    MAX_LIST_ENTRIES,
    MAX_PARAMETERS,
    format_parameters,
    is_token,
    parse_parameters,
    quote,
    split_list,
    split_outside_quotes,
    unquote,
)


@pytest.mark.parametrize("text", ["INVITE", "a-b.c", "!%*_+`'~", "RE%47"])
def test_tokens(text: str) -> None:
    assert is_token(text)


@pytest.mark.parametrize("text", ["", "a b", "a:b", 'a"', "é", "a\0", "a\n"])
def test_what_is_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", []),
        (" , ,", []),
        ("one", ["one"]),
        ("one,two , three", ["one", "two", "three"]),
        ('"a,b" <sip:x>,<sip:a,b@c>', ['"a,b" <sip:x>', "<sip:a,b@c>"]),
        (r'"\"," <a>, <b>', [r'"\"," <a>', "<b>"]),
    ],
)
def test_lists_are_split_outside_quotes_and_brackets(text: str, entries: list[str]) -> None:
    assert split_list(text) == entries


@pytest.mark.parametrize("text", ['"a, b', "<sip:a, b", '"a\\", b'])
def test_unbalanced_marks_are_refused(text: str) -> None:
    with pytest.raises(SipParseError):
        split_list(text)


def test_lists_are_bounded() -> None:
    assert len(split_list(",".join("x" * MAX_LIST_ENTRIES))) == MAX_LIST_ENTRIES
    with pytest.raises(SipParseError):
        split_list(",".join("x" * (MAX_LIST_ENTRIES + 1)))
    with pytest.raises(SipParseError):
        split_outside_quotes('"",,,', ",", 3)


def test_parameters() -> None:
    text = ';Tag=Ab ; lr;q = 0.5;x="a;b";tag=second;;'
    assert parse_parameters(text) == {"tag": "Ab", "lr": None, "q": "0.5", "x": '"a;b"'}
    assert parse_parameters("") == {}
    assert format_parameters({"tag": "1", "lr": None, "e": ""}) == ";tag=1;lr;e="


def test_parameters_are_bounded() -> None:
    with pytest.raises(SipParseError):
        parse_parameters(";a" * (MAX_PARAMETERS + 1))


@pytest.mark.parametrize("text", ["", "plain", 'a "quoted" word', "back\\slash", '\\"', "é, ;"])
def test_quoting_is_undone(text: str) -> None:
    assert unquote(quote(text)) == text


@pytest.mark.parametrize(("text", "meant"), [("token", "token"), ('"', '"'), (r'"\a\0"', "a0")])
def test_unquote(text: str, meant: str) -> None:
    assert unquote(text) == meant
