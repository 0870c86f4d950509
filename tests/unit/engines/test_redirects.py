"""What the Contacts of a 3xx mean to the calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.ports import RedirectTarget
from cordboard.engines.embedded.redirects import redirect_targets

OURS = frozenset({"192.0.2.1", "2001:db8::1"})


def test_targets_keep_their_order_and_say_whether_they_are_ours() -> None:
    contacts = (
        "sip:1002@192.0.2.1:5060;transport=tcp",
        "sip:+81312341234;phone-context=jp@example.test;user=phone",
        "sips:thomas@[2001:db8::1]",
        "tel:+81-3-1234-1234;ext=1",
    )
    assert redirect_targets(contacts, OURS) == (
        RedirectTarget("1002", "192.0.2.1", ours=True),
        RedirectTarget("+81312341234", "example.test", ours=False),
        RedirectTarget("thomas", "2001:db8::1", ours=True),
        RedirectTarget("+81312341234", "", ours=True),
    )


def test_what_names_nobody_is_left_out() -> None:
    assert redirect_targets(("sip:192.0.2.1", "mailto:a@b", "", "sip:"), OURS) == ()


@given(st.lists(st.text()))
def test_nothing_that_a_peer_says_raises(contacts: list[str]) -> None:
    redirect_targets(contacts, OURS)
