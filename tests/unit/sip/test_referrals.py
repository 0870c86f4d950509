"""REFER in a dialog, and what the peer is told of the call that he asked for (RFC 3515)."""

from __future__ import annotations

import pytest

from cordboard.sip.events import EndedBy, ReferReceived, SessionEnded
from cordboard.sip.message import Request
from cordboard.sip.referrals import NEWS_SECONDS
from cordboard.sip.uri import parse_uri
from support.outgoing_calls import answered
from support.sip_peer import CONTACT, Peer, all_quiet

TWICE = "&".join(["Replaces=x%3Bto-tag=a%3Bfrom-tag=b"] * 2)
HELEN = ("refer-to", "<sip:helen@demo>")


def refer(peer: Peer, invite: Request, number: int = 1, *extra: tuple[str, str]) -> Request:
    return peer.ask_within(invite, "REFER", number, extra=(CONTACT, *(extra or (HELEN,))))


def accepted(peer: Peer, status: int = 100, *extra: tuple[str, str]) -> Request:
    """A REFER that is accepted; gives the NOTIFY that follows, unanswered."""
    invite = answered(peer)
    refer(peer, invite, 1, *(extra or (HELEN,)))
    peer.events()
    peer.stack.answer_referral("call-1", 1, status, peer.now)
    response, notify = peer.take()
    assert not isinstance(response, Request)
    assert isinstance(notify, Request)
    assert (response.status, response.need("contact")) == (202, notify.need("contact"))
    assert notify.method == "NOTIFY"
    return notify


def state(notify: Request) -> tuple[str, str]:
    return notify.need("subscription-state").partition(";")[0], notify.body.decode().strip()


def test_the_user_is_asked_and_may_refuse() -> None:
    peer = Peer()
    invite = answered(peer)
    refer(peer, invite, 1, HELEN, ("referred-by", "<sip:bob@demo>"))
    assert peer.take() == []
    assert peer.events() == [
        ReferReceived("call-1", 1, parse_uri("sip:helen@demo"), referred_by="<sip:bob@demo>")
    ]
    peer.stack.answer_referral("call-1", 1, 603, peer.now)
    peer.take_response(603)
    peer.stack.answer_referral("call-1", 1, 200, peer.now)
    assert peer.take() == [], "it is over"
    assert peer.stack.sessions() == 1


def test_the_call_is_followed_to_its_answer() -> None:
    peer = Peer()
    notify = accepted(peer)
    assert state(notify) == ("active", "SIP/2.0 100 Trying")
    assert (notify.need("event"), notify.need("content-type")) == (
        "refer",
        "message/sipfrag;version=2.0",
    )
    peer.stack.answer_referral("call-1", 1, 180, peer.now)
    assert peer.take() == [], "one at a time"
    peer.stack.answer_referral("call-1", 1, 183, peer.now)
    peer.answer(notify, 200)
    ringing = peer.take_request("NOTIFY")
    assert state(ringing) == ("active", "SIP/2.0 183 Session Progress"), "the last counts"
    peer.answer(ringing, 200)
    assert peer.take() == []
    peer.stack.answer_referral("call-1", 1, 200, peer.now)
    last = peer.take_request("NOTIFY")
    assert state(last) == ("terminated", "SIP/2.0 200 OK")
    assert last.need("subscription-state") == "terminated;reason=noresource"
    peer.answer(last, 200)
    peer.stack.answer_referral("call-1", 1, 486, peer.now)
    assert peer.take() == []
    peer.stack.hang_up("call-1", peer.now)
    peer.answer(peer.take_request("BYE"), 200)
    assert peer.events() == [SessionEnded("call-1", EndedBy.LOCAL)]
    assert all_quiet(peer)


def test_what_is_known_at_once_is_told_at_once() -> None:
    peer = Peer()
    assert state(accepted(peer, 200)) == ("terminated", "SIP/2.0 200 OK")


def test_the_last_news_go_out_before_the_end() -> None:
    peer = Peer()
    accepted(peer)
    peer.stack.answer_referral("call-1", 1, 200, peer.now)
    peer.stack.hang_up("call-1", peer.now)
    last, _bye = peer.take_requests("NOTIFY", "BYE")
    assert state(last) == ("terminated", "SIP/2.0 200 OK")
    peer.answer(last, 481)
    assert all_quiet(peer)


def test_who_wants_no_news_gets_none() -> None:
    peer = Peer()
    invite = answered(peer)
    refer(peer, invite, 1, HELEN, ("refer-sub", "false"))
    peer.stack.answer_referral("call-1", 1, 100, peer.now)
    assert peer.take_response(202).need("refer-sub") == "false"
    peer.stack.answer_referral("call-1", 1, 200, peer.now)
    assert peer.take() == []
    refer(peer, invite, 2)
    assert len(peer.events()) == 2


def test_there_is_one_at_a_time() -> None:
    peer = Peer()
    invite = answered(peer)
    refer(peer, invite, 1)
    refer(peer, invite, 2)
    assert "retry-after" in peer.take_response(491).headers
    peer.stack.answer_referral("call-1", 2, 200, peer.now)
    assert peer.take() == [], "of that one nobody was told"
    peer.stack.answer_referral("call-1", 1, 486, peer.now)
    peer.take_response(486)
    refer(peer, invite, 3)
    assert [event.referral for event in peer.events() if isinstance(event, ReferReceived)] == [1, 3]
    peer.stack.answer_referral("call-1", 3, 100, peer.now)
    _, notify = peer.take()
    assert isinstance(notify, Request)
    peer.answer(notify, 200)
    refer(peer, invite, 4)
    peer.take_response(491)
    peer.stack.answer_referral("call-1", 3, 404, peer.now)
    peer.answer(peer.take_request("NOTIFY"), 200)
    refer(peer, invite, 5)
    peer.stack.answer_referral("call-1", 5, 100, peer.now)
    _, notify = peer.take()
    assert notify.need("event") == "refer;id=5"


def test_a_repeat_gets_the_same_answer() -> None:
    peer = Peer()
    invite = answered(peer)
    asked = refer(peer, invite)
    peer.say(asked)
    assert len(peer.events()) == 1
    peer.stack.answer_referral("call-1", 1, 603, peer.now)
    first = peer.take_response(603)
    peer.say(asked)
    assert peer.take_response(603) == first


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ((CONTACT,), 400),
        ((HELEN, HELEN), 400),
        ((("refer-to", "<sip:helen@demo>, <sip:bob@demo>"),), 400),
        ((("refer-to", "<sip:helen"),), 400),
        ((("refer-to", "sip:helen@demo?Replaces=x"),), 400),
        ((("refer-to", "<sip:helen@demo?Replaces=x>"),), 400),
        ((("refer-to", "<sip:helen@demo?Replaces=x%3Bto-tag%3Da>"),), 400),
        ((("refer-to", f"<sip:helen@demo?{TWICE}>"),), 400),
        ((("refer-to", "<http://helen.demo/>"),), 400),
        ((("refer-to", "<sip:helen@demo;method=BYE>"),), 501),
        ((("refer-to", f"<sip:{'x' * 2000}@demo>"),), 400),
        ((HELEN, ("require", "multiple-refer")), 420),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(extra: tuple[tuple[str, str], ...], status: int) -> None:
    peer = Peer()
    refer(peer, answered(peer), 1, *extra)
    peer.take_response(status)
    assert peer.events() == []
    assert peer.stack.sessions() == 1


@pytest.mark.parametrize("method", ["INVITE", "invite"])
def test_an_invite_may_be_named(method: str) -> None:
    peer = Peer()
    refer(peer, answered(peer), 1, ("refer-to", f"<sip:helen@demo;method={method}>"))
    assert len(peer.events()) == 1


@pytest.mark.parametrize("status", [481, 500])
def test_who_knows_of_no_subscription_is_told_no_more(status: int) -> None:
    peer = Peer()
    notify = accepted(peer)
    peer.stack.answer_referral("call-1", 1, 180, peer.now)
    peer.answer(notify, status)
    assert peer.take() == []
    peer.stack.answer_referral("call-1", 1, 200, peer.now)
    assert peer.take() == []
    assert peer.stack.sessions() == 1, "the session is no matter of this (RFC 5057 5.1)"


def test_its_time_is_bounded() -> None:
    peer = Peer()
    notify = accepted(peer)
    assert notify.need("subscription-state") == f"active;expires={NEWS_SECONDS:.0f}"
    peer.answer(notify, 200)
    peer.wait(NEWS_SECONDS)
    last = peer.take_request("NOTIFY")
    assert last.need("subscription-state") == "terminated;reason=timeout"
    peer.answer(last, 200)
    peer.stack.answer_referral("call-1", 1, 200, peer.now)
    assert peer.take() == []


def test_the_peer_asks_how_it_stands_or_wants_to_hear_no_more() -> None:
    peer = Peer()
    invite = answered(peer)
    refer(peer, invite, 1)
    peer.stack.answer_referral("call-1", 1, 100, peer.now)
    _, notify = peer.take()
    assert isinstance(notify, Request)
    peer.answer(notify, 200)
    peer.wait(10.0)
    asks = (CONTACT, ("event", "refer;id=1"))
    peer.ask_within(invite, "SUBSCRIBE", 2, extra=(*asks, ("expires", "3600")))
    response, notify = peer.take()
    assert response.need("expires") == f"{NEWS_SECONDS - 10:.0f}"
    assert isinstance(notify, Request)
    peer.answer(notify, 200)
    for event, status in (("refer;id=7", 481), ("dialog", 489)):
        peer.ask_within(invite, "SUBSCRIBE", 3, extra=(CONTACT, ("event", event)))
        peer.take_response(status)
    peer.ask_within(invite, "SUBSCRIBE", 4, extra=(*asks, ("expires", "0")))
    response, notify = peer.take()
    assert (response.need("expires"), notify.need("subscription-state")) == (
        "0",
        "terminated;reason=timeout",
    )


def test_a_bye_ends_what_is_asked_or_told() -> None:
    for answer_first in (False, True):
        peer = Peer()
        invite = answered(peer)
        refer(peer, invite)
        if answer_first:
            peer.stack.answer_referral("call-1", 1, 100, peer.now)
        peer.take()
        peer.ask_within(invite, "BYE", 2)
        answers = [answer.status for answer in peer.take() if not isinstance(answer, Request)]
        assert answers == ([200] if answer_first else [200, 487])
        peer.stack.answer_referral("call-1", 1, 200, peer.now)
        assert peer.take() == []
        assert all_quiet(peer)


def test_a_dialog_of_ours_may_be_replaced() -> None:
    peer = Peer()
    invite = answered(peer)
    ours, theirs = invite.need("from").partition(";tag=")[2], "peer"
    tags = f"%3Bto-tag%3D{ours}%3Bfrom-tag%3D{theirs}"
    names = {
        f"call-1{tags}": ("call-1", False),
        f"call-1{tags}%3Bearly-only": (None, True),
        f"call-1%3Bto-tag%3D{theirs}%3Bfrom-tag%3D{ours}": (None, True),
        f"gone@192.0.2.9{tags}": (None, True),  # the @ as some phones leave it
    }
    for number, (replaces, expected) in enumerate(names.items(), 1):
        target = f"<sip:helen@demo?Require=replaces&Replaces={replaces}>"
        refer(peer, invite, number, ("refer-to", target))
        (event,) = peer.events()
        assert isinstance(event, ReferReceived)
        assert (event.replaced, event.elsewhere) == expected
        assert event.target == parse_uri("sip:helen@demo")
        peer.stack.answer_referral("call-1", number, 603, peer.now)
        peer.take_response(603)


def test_only_a_session_that_is_up_can_be_referred() -> None:
    peer = Peer()
    invite = peer.ask("INVITE", sdp=b"v=0")
    peer.stack.ring("in-1", peer.now)
    _, ringing = peer.take()
    assert not isinstance(ringing, Request)
    peer.ask_back(ringing, "REFER", 2, extra=(CONTACT, HELEN))
    peer.take_response(491)
    assert invite.method == "INVITE"
