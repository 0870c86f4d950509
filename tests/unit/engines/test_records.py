"""Records of channels: what was written is read again, and nothing else is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.engines.embedded.records import read, written
from cordboard.sip.flow import Flow
from cordboard.sip.remains import DialogRemains, InviteRemains

texts = st.text(st.characters(min_codepoint=0, max_codepoint=0xDFFF), max_size=8)
numbers = st.integers(0, 2**31)
hosts = st.tuples(texts, numbers)
flows = st.builds(Flow, texts, hosts, hosts, texts)
names = st.none() | texts
invites = st.builds(
    InviteRemains,
    *(flows, texts, texts, texts, texts, texts, texts, numbers, texts),
    *(st.booleans(), names, names),
)
dialogs = st.builds(
    DialogRemains,
    *(flows, texts, texts, texts, texts, texts, st.lists(texts, max_size=3).map(tuple)),
    *(st.booleans(), numbers, names, names),
)


@given(invites | dialogs)
def test_what_was_written_is_read_again(remains: InviteRemains | DialogRemains) -> None:
    record = written(remains)
    assert "\n" not in record
    assert "\r" not in record
    found = read(record)
    assert found == remains
    assert type(found) is type(remains)
    assert isinstance(found.flow, Flow)


@pytest.mark.parametrize(
    "record",
    ["", "x", "1", "null", "[]", "{}", '["i1"]', '["i1", []]', '["i1", {}]', '["d1", [1, 2]]'],
)
def test_what_is_no_record_is_said_so(record: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(record)


def test_one_of_another_version_is_not_believed() -> None:
    flow = Flow("udp", ("h", 1), ("h", 2))
    remains = InviteRemains(flow, "b", "u", "v", "", "f", "t", 1, "", True, None, None)
    assert read(written(remains)) == remains
    with pytest.raises(ValueError, match="another kind"):
        read(written(remains).replace("i1", "i2"))
