"""JSON as it goes out: short, and in ASCII."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.api.answer import compact

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None))
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_whatever_is_said_is_read_again_and_is_ascii(value: Any) -> None:
    said = compact(value)
    assert json.loads(said) == value
    assert all(0x20 <= octet < 0x7F for octet in said)


@pytest.mark.parametrize("text", ["plain", "山田", "\ud800", "\x7f", "a\nb", "<&>", "\u2028"])
def test_it_is_what_the_standard_library_says(text: str) -> None:
    value = {"result_code": 0, "uuids": [text, None], "at": 1546839040.024071, "is": True}
    assert compact(value) == json.dumps(value, separators=(",", ":")).encode()
