"""However a client sends its parameters, they are read the same."""

from __future__ import annotations

import pytest

from cordboard.api.while1.parameters import parameters_of
from cordboard.api.while1.php_values import UnreadableParameters

FORM = b"data[type]=user&data[vars][A]=1"
SEEN = {"data": {"type": "user", "vars": {"A": "1"}}}
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="data[type]"\r\n\r\nuser\r\n'
    b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.png"\r\n\r\n\x89PNG\r\n'
    b'--x\r\nContent-Disposition: form-data; name="data[vars][A]"\r\n\r\n1\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "text/xml", "", "application/octet-stream", "a/b; c=d"],
)
def test_a_form_is_one_whatever_it_is_called(content_type: str) -> None:
    assert parameters_of(content_type, FORM, b"data=ignored") == SEEN


def test_without_a_body_the_query_string_counts() -> None:
    assert parameters_of("text/xml", b"", FORM) == SEEN
    assert parameters_of("application/json", b" \n", FORM) == SEEN


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_read_as_json(content_type: str) -> None:
    assert parameters_of(content_type, b'{"data":{"type":"user","vars":{"A":1}}}', b"") == {
        "data": {"type": "user", "vars": {"A": 1}}
    }


def test_json_without_its_type_is_known_by_its_brace() -> None:
    sent = b' {"data":{"type":"user","vars":{"A":"1"}}}'
    assert parameters_of("application/x-www-form-urlencoded", sent, b"") == SEEN


def test_a_form_in_parts_is_read_without_its_files() -> None:
    assert parameters_of('multipart/form-data; boundary="x"', PARTS, b"") == SEEN


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", PARTS),
        ("multipart/form-data; boundary=y", PARTS),
        ("multipart/form-data; boundary=x", PARTS[:-10]),
        ("multipart/form-data; boundary=x", b"nothing of that kind"),
        ("multipart/form-data; boundary=\x00\xff", PARTS),
        ("application/json", FORM),
    ],
)
def test_what_is_not_what_it_says_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(UnreadableParameters):
        parameters_of(content_type, body, b"")


def test_parts_are_bounded_as_fields_are() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    with pytest.raises(UnreadableParameters):
        parameters_of("multipart/form-data; boundary=x", part * 1001 + b"--x--\r\n", b"")
