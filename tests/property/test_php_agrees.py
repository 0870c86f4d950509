"""Our reading of parameters and PHP's own, side by side on random requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.api.while1.php_forms import parse_form
from cordboard.api.while1.php_json import parse_json
from cordboard.api.while1.php_query import build_query
from support.php import Php

pytestmark = pytest.mark.interop("php")

RAW_FORMS = (
    st.lists(st.sampled_from([*"ab01-[]._ +%&=;\x0b~é", "%00", "%5B", "%2e"]), max_size=40)
    .map("".join)
    .map(str.encode)
)
"""Nonsense made of what means something in a form."""

KEYS = st.one_of(
    st.sampled_from(["", "0", "1", "01", "-1", "-0", " ", "a", "b.c", "[", "]"]),
    st.just("9223372036854775807"),
    st.text(max_size=4),
)
NAMES = st.builds(
    lambda top, inner: top + "".join(f"[{key}]" for key in inner), KEYS, st.lists(KEYS, max_size=4)
)
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=8)), max_size=12)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**66), 2**66),
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(1e-7, 1e17),
    st.text(max_size=12),
)
STRUCTURES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
BODIES = st.one_of(st.lists(STRUCTURES, max_size=4), st.dictionaries(KEYS, STRUCTURES, max_size=5))


@pytest.fixture(scope="module")
def php() -> Iterator[Php]:
    with Php() as running:
        yield running


def agrees_on_form(php: Php, encoded: bytes) -> None:
    seen = php.form(encoded)
    ours = parse_form(encoded)
    assert _ordered(ours) == _ordered(seen.structure)
    assert build_query(ours) == seen.query


@given(encoded=RAW_FORMS)
def test_nonsense_is_read_alike(php: Php, encoded: bytes) -> None:
    agrees_on_form(php, encoded)


@given(fields=FIELDS)
def test_forms_are_read_alike(php: Php, fields: list[tuple[str, bytes]]) -> None:
    encoded = "&".join(
        f"{quote_from_bytes(name.encode(), safe='[]')}={quote_from_bytes(value)}"
        for name, value in fields
    )
    agrees_on_form(php, encoded.encode())


@given(value=BODIES, ascii_only=st.booleans())
def test_json_is_read_and_written_alike(php: Php, value: object, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    seen = php.json(body)
    ours = parse_json(body)
    assert _ordered(ours) == _ordered(seen.structure)
    assert build_query(ours) == seen.query


@pytest.mark.parametrize(
    "body",
    [b'{"a":1,"b":2,"a":3}', b'{"a":-0,"b":-0.0,"c":1e3,"d":1E-9}', b'{"":1,"x":{"":2}}'],
)
def test_odd_json_is_read_alike(php: Php, body: bytes) -> None:
    seen = php.json(body)
    assert _ordered(parse_json(body)) == _ordered(seen.structure)
    assert build_query(parse_json(body)) == seen.query


def _ordered(value: object) -> object:
    """With the order of keys and the kinds of values in it, which ``==`` of maps leaves out."""
    if isinstance(value, dict):
        return [(key, _ordered(member)) for key, member in value.items()]
    return (type(value), repr(value))
