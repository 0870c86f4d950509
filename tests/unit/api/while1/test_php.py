"""Parameters as PHP sees them: what is grouped, renamed, dropped, refused, and the hash over it.

``hashes.json`` has what PHP 8.2 made of requests: the request, its ``http_build_query``, the
account's key and the hash. The first two are printed in the vendor's own pages. Whether we agree on
other requests too is asked of PHP itself in ``tests/property/test_php_agrees.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cordboard.api.while1.php_forms import MAX_NESTING, MAX_VARIABLES, parse_form
from cordboard.api.while1.php_json import parse_json
from cordboard.api.while1.php_query import api_hash, build_query, float_text
from cordboard.api.while1.php_values import UnreadableParameters

HASHES = json.loads(Path(__file__).with_name("hashes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("body", "written", "key", "md5"), HASHES["of_json"])
def test_a_body_has_the_hash_that_php_gives_it(body: str, written: str, key: str, md5: str) -> None:
    parameters = parse_json(body.encode())
    assert build_query(parameters) == written
    assert api_hash(parameters, key) == md5


@pytest.mark.parametrize(("form", "written", "key", "md5"), HASHES["of_forms"])
def test_a_form_has_the_hash_that_php_gives_it(form: str, written: str, key: str, md5: str) -> None:
    parameters = parse_form(form.encode())
    assert build_query(parameters) == written
    assert api_hash(parameters, key) == md5


@pytest.mark.parametrize(
    ("form", "seen"),
    [
        (b"a[b[c=1", {"a_b_c": "1"}),
        (b"a[b][c=1", {"a": {"b": "1"}}),
        (b"a[ ]=1&a[]=2", {"a": {"0": "1", "1": "2"}}),
        (b"a[-5]=1&a[]=2", {"a": {"-5": "1", "-4": "2"}}),
        (b"a[9223372036854775807]=1&a[]=2&b=3", {"a": {"9223372036854775807": "1"}, "b": "3"}),
        (b"a[01]=1&a[]=2", {"a": {"01": "1", "0": "2"}}),
        (b"a[b]=1&a=2&c[]=3", {"a": "2", "c": {"0": "3"}}),
        (b"a%00b=1&[x]=1&=2&&c", {"a": "1", "c": ""}),
    ],
)
def test_odd_names_are_read_as_php_reads_them(form: bytes, seen: object) -> None:
    assert parse_form(form) == seen


def test_an_overwritten_array_leaves_no_index_behind() -> None:
    again = b"&".join(b"a[7]=1&a=2&b%d[]=3" % count for count in range(300))
    parsed = parse_form(again)
    assert all(parsed[f"b{count}"] == {"0": "3"} for count in range(300))


def test_what_is_at_the_bounds_is_read() -> None:
    assert len(parse_form(b"&".join(b"v%d=1" % n for n in range(MAX_VARIABLES)))) == MAX_VARIABLES
    assert parse_form(b"a" + b"[b]" * MAX_NESTING + b"=1")
    assert parse_json(b'{"a":' * MAX_NESTING + b"{}" + b"}" * MAX_NESTING)


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        (b"&".join(b"v=1" for _ in range(MAX_VARIABLES + 1)), "more than 1000 parameters"),
        (b"a" + b"[b]" * (MAX_NESTING + 1) + b"=1", "deeper than 64 levels"),
    ],
)
def test_a_form_beyond_a_bound_is_refused(form: bytes, fault: str) -> None:
    with pytest.raises(UnreadableParameters, match=fault):
        parse_form(form)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", "not JSON"),
        (b'"a"', "no JSON object"),
        (b"\xff", "not UTF-8"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":1e999}', "too large"),
        (b'{"a":' + b"9" * 5000 + b"}", "too large"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"a":' * 66 + b"1" + b"}" * 66, "deeper than 64 levels"),
        (b'{"a":[' + b"1," * 1000 + b"1]}", "more than 1000 parameters"),
    ],
)
def test_a_body_that_is_none_is_refused(body: bytes, fault: str) -> None:
    with pytest.raises(UnreadableParameters, match=fault) as refused:
        parse_json(body)
    assert len(str(refused.value)) < 100


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1 + 0.2, "0.3"),
        (1e13, "10000000000000"),
        (1e14, "1.0E+14"),
        (99999999999999.9, "1.0E+14"),
        (1e-4, "0.0001"),
        (1e-5, "1.0E-5"),
        (1.5e300, "1.5E+300"),
    ],
)
def test_floats_are_written_with_14_digits(value: float, text: str) -> None:
    assert float_text(value) == text
