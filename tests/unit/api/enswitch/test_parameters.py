"""However a client sends its parameters, they are read the same."""

from __future__ import annotations

import json
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.api.enswitch.fields import Fields
from cordboard.api.enswitch.parameters import (
    LONGEST_PARAMETERS,
    MAX_PARAMETERS,
    UnreadableParameters,
    parameters_of,
)

SEEN = {"stype": "phone", "snumber": "1234567", "cnumber": "+81 3"}
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "query",
    [
        b"stype=phone;snumber=1234567;cnumber=%2B81%203",
        b"stype=phone&snumber=1234567&cnumber=%2B81+3",
        b"stype=phone;snumber=1234567&cnumber=%2b81%203;&;",
        b"snumber=7;stype=phone;snumber=1234567;cnumber=%2B81%203",
    ],
)
def test_both_separators_count_also_mixed(query: bytes) -> None:
    assert parameters_of("", b"", query) == SEEN
    assert parameters_of(FORM, query, b"") == SEEN
    assert parameters_of("text/plain", query, b"") == SEEN


def test_query_and_body_count_together_and_the_body_last() -> None:
    found = parameters_of(FORM, b"snumber=1234567", b"stype=phone;snumber=1;cnumber=%2B81+3")
    assert found == SEEN


@pytest.mark.parametrize("content_type", ["application/json", "a/b+json; charset=utf-8", FORM])
def test_an_object_of_scalars_is_read_as_one(content_type: str) -> None:
    sent = b' {"stype": "phone", "delay": 5, "answer1": true, "warn1": false, "card": null}'
    assert parameters_of(content_type, sent, b"") == {
        "stype": "phone",
        "delay": "5",
        "answer1": "1",
        "warn1": "0",
    }


def test_a_form_in_parts_is_read_without_its_files() -> None:
    parts = (("stype", "", b"phone"), ("x", '; filename="x"', b"?"), ("callerid1", "", b"+81;3&"))
    sent = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (name.encode(), more.encode(), value)
        for name, more, value in parts
    )
    found = parameters_of("multipart/form-data; boundary=x", sent + b"--x--\r\n", b"")
    assert found == {"stype": "phone", "callerid1": "+81;3&"}


@pytest.mark.parametrize(
    ("content_type", "body", "query", "key"),
    [
        (FORM, b"callerid1=%FF", b"", "callerid1"),
        (FORM, b"%FF=1", b"", ""),
        ("multipart/form-data; boundary=y", b"nothing of that kind", b"", ""),
        ("multipart/form-data", b"nothing of that kind", b"", ""),
        ("application/json", b"stype=phone", b"", ""),
        ("application/json", b'["stype"]', b"", ""),
        ("application/json", b'{"snumber": ["1", "2"]}', b"", "snumber"),
        ("application/json", b'{"snumber": NaN}', b"", ""),
        (FORM, b";".join(b"a%d=1" % n for n in range(MAX_PARAMETERS + 1)), b"", ""),
        ("", b"", b"a=" + b"1" * LONGEST_PARAMETERS, ""),
        ("", b'{"x": 1}', b";".join(b"a%d=1" % n for n in range(MAX_PARAMETERS)), ""),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_key(
    content_type: str, body: bytes, query: bytes, key: str
) -> None:
    with pytest.raises(UnreadableParameters) as caught:
        parameters_of(content_type, body, query)
    assert caught.value.key == key


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=8), st.data())
def test_whatever_is_sent_encoded_arrives(sent: dict[str, str], data: st.DataObject) -> None:
    query = ""
    for name, value in sent.items():
        query += f"{quote(name, safe='')}={quote(value, safe='')}"
        query += data.draw(st.sampled_from(";&"))
    assert parameters_of("", b"", query.encode()) == sent
    assert parameters_of("application/json", json.dumps(sent).encode(), b"") == sent


@given(st.binary(max_size=200), st.binary(max_size=200), st.sampled_from([FORM, "x+json", ""]))
def test_nothing_breaks_the_reading(body: bytes, query: bytes, content_type: str) -> None:
    with suppress(UnreadableParameters):
        found = parameters_of(content_type, body, query)
        assert all(isinstance(one, str) for pair in found.items() for one in pair)


@pytest.mark.parametrize(
    ("sent", "number", "name"),
    [
        ("03 1234-5678", "03 1234-5678", None),
        (" 81312345678", "+81312345678", None),
        ('"Jo, Sales" <0312345678>', "0312345678", "Jo, Sales"),
        ("Sales <+813>", "+813", "Sales"),
        ("<100>", "100", None),
        ("", None, None),
    ],
)
def test_a_caller_id_is_a_number_and_perhaps_a_name(
    sent: str, number: str | None, name: str | None
) -> None:
    fields = Fields({"callerid1": sent})
    assert fields.caller("callerid1") == (number, name)
    assert fields.faults == []


@pytest.mark.parametrize("sent", ["Sales", "12a", "<>", "1" * 40, "1\n2", "-5"])
def test_what_is_no_number_is_a_fault(sent: str) -> None:
    fields = Fields({"callerid1": sent})
    assert fields.caller("callerid1") == (None, None)
    assert [fault.key for fault in fields.faults] == ["callerid1"]


def test_a_plus_that_was_not_encoded_is_known_again() -> None:
    assert Fields({"cnumber": " 81312345678"}).dialled("cnumber") == "+81312345678"
    assert Fields({"cnumber": " helen"}).dialled("cnumber") == "helen"
