"""What is put into the texts of a webhook stays a value, whatever a caller shows of himself."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.feeds.enswitch.templates import filled, in_body, in_header, in_url

NASTY = 'a"b\\c&d=e\r\nX-Evil: 1<f>#callid# %41 é'


def test_what_is_known_is_filled_in_and_all_else_is_empty() -> None:
    fields = {"callid": "1.2", "status": "Answer"}
    text = "#callid#/#STATUS#/#no_such#/# #/#1#/#fff"
    assert filled(text, fields, str) == "1.2/Answer//# #/#1#/#fff"


def test_what_is_filled_in_is_not_filled_again() -> None:
    assert filled("#name#", {"name": "#callid#", "callid": "1.2"}, str) == "#callid#"


@given(st.text(st.characters(codec="utf-8")))
def test_it_stays_one_value_of_a_query(value: str) -> None:
    url = filled("https://crm.example.com/x?name=#name#&b=1", {"name": value}, in_url)
    parts = urlsplit(url)
    assert parse_qs(parts.query, keep_blank_values=True) == {"name": [value], "b": ["1"]}
    assert (parts.netloc, parts.path, parts.fragment) == ("crm.example.com", "/x", "")


@given(st.text())
def test_it_stays_one_text_of_json(value: str) -> None:
    body = filled('{"name": "#name#", "b": 1}', {"name": value}, in_body("application/json"))
    assert json.loads(body) == {"name": value, "b": 1}


@given(st.text(st.characters(codec="utf-8")))
def test_it_stays_one_field_of_a_form(value: str) -> None:
    form = in_body("application/x-www-form-urlencoded; charset=utf-8")
    body = filled("name=#name#&b=1", {"name": value}, form)
    assert parse_qs(body, keep_blank_values=True) == {"name": [value], "b": ["1"]}


def test_it_stays_one_text_of_xml() -> None:
    value = NASTY.replace("\r", "")
    body = filled("<a b='#name#'>#name#</a>", {"name": value}, in_body("text/xml"))
    assert Xml.fromstring(body).text == value  # noqa: S314 - our own


@pytest.mark.parametrize("value", [NASTY, "a\x00b", "a\u2028b\x85c\ud800"])
def test_it_ends_no_header(value: str) -> None:
    said = filled("X #name# Y", {"name": value}, in_header)
    assert said.startswith("X a")
    assert said.endswith(" Y")
    assert not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in said)


def test_a_body_of_any_other_kind_has_it_as_it_is() -> None:
    assert filled("#name#", {"name": NASTY}, in_body("text/plain")) == NASTY
