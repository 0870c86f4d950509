"""A small tenant for tests of calls: three users, two groups, a context, two trunks."""

from __future__ import annotations

import hashlib
from itertools import count

from cordboard.calls.limits import Usage
from cordboard.calls.planning.plan import ContactLookup, NewId
from cordboard.calls.ports import Contact
from cordboard.calls.request import Address, CalledParty, CallRequest, RingUser, UserKeys
from cordboard.calls.trunk_state import UNWATCHED, TrunkState
from cordboard.directory.accounts import Account
from cordboard.directory.model import (
    AutoAnswerStyle,
    Context,
    Group,
    GroupKind,
    Member,
    Number,
    OutboundRule,
    TenantPolicy,
    Terminal,
    Trunk,
    User,
)
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.steps import HangUpStep, PlayStep, Step
from cordboard.exchange.switchboard import LiveSwitchboard

DOMAIN = "demo"
TOKEN = "demo-token"
NOW = 100.0


def user(number: int, name: str, terminals: tuple[str, ...], **more: object) -> User:
    """A user with id 100N, extension 10N and a DID."""
    return User(
        id=1000 + number,
        name=name,
        label=name.capitalize(),
        extension=f"100{number}",
        dids=(f"0503100100{number}",),
        email=f"{name}@demo.test",
        terminals=terminals,
        **more,  # type: ignore[arg-type]  # keyword arguments of User
    )


def tenant(
    *, channel_limit: int | None = None, users: tuple[User, ...] | None = None, **policy: object
) -> TenantDirectory:
    """The tenant; ``policy`` goes to its TenantPolicy."""
    everyone = users or (
        user(1, "jessica", ("jessica-desk", "jessica-soft")),
        user(2, "thomas", ("thomas",)),
        user(3, "helen", ("helen",)),
    )
    return TenantDirectory(
        policy=TenantPolicy(
            DOMAIN,
            DOMAIN,
            country="jp",
            channel_limit=channel_limit,
            **policy,  # type: ignore[arg-type]  # keyword arguments of TenantPolicy
        ),
        accounts=(Account("main", (hashlib.sha256(TOKEN.encode()).digest(),)),),
        users=everyone,
        terminals=tuple(
            Terminal(name, one.id, "0" * 32, AutoAnswerStyle.ALL)
            for one in everyone
            for name in one.terminals
        ),
        groups=(
            Group(2001, "sales", "Sales", extension="2001", members=(Member(1002), Member(1003))),
            Group(
                2002,
                "support",
                "Support",
                GroupKind.CALL_CENTER,
                extension="2002",
                members=(Member(1001),),
                caller_id="0506868001",
            ),
        ),
        contexts=(
            Context(
                "welcome",
                extension="1111",
                steps=(
                    Step(PlayStep(("one.wav",))),
                    Step(PlayStep(("two.wav",))),
                    Step(HangUpStep()),
                ),
            ),
        ),
        numbers=(Number("05068680000"), Number("0506868001"), Number("0506868009", show=False)),
        trunks=(
            Trunk("first", "sip:192.0.2.1:5060", caller_id=None),
            Trunk("second", "sip:192.0.2.2:5060"),
        ),
        outbound=(OutboundRule("", ("first", "second")),),
    )


def everywhere(account: str) -> tuple[Contact, ...]:
    """Every terminal is registered once."""
    return (Contact(account, f"sip:{account.partition('@')[0]}@192.0.2.9:5060"),)


def nowhere(_account: str) -> tuple[Contact, ...]:
    """No terminal is registered."""
    return ()


def only(*accounts: str) -> ContactLookup:
    """Only these terminals are registered."""
    return lambda account: everywhere(account) if account in accounts else ()


def numbered_ids() -> NewId:
    """Channel ids c1, c2, ..."""
    numbers = count(1)
    return lambda: f"c{next(numbers)}"


def request(first: CalledParty | None = None, to: str = "thomas", **more: object) -> CallRequest:
    """A request to ring jessica and connect her with thomas, unless said otherwise."""
    values: dict[str, object] = {
        "id": "call-1",
        "tenant": DOMAIN,
        "account": "main",
        "dialect": "basix",
        "method": "call_user",
        "first": first or RingUser(UserKeys(name="jessica")),
        "second": Address(to),
        **more,
    }
    return CallRequest(**values)  # type: ignore[arg-type]  # as the fields are named


def desk(
    contacts: ContactLookup,
    new_id: NewId,
    usage: Usage | None = None,
    directory: TenantDirectory | None = None,
    *,
    trunks: dict[str, TrunkState] | None = None,
) -> LiveSwitchboard:
    """A switchboard for calls of the tests' tenant; it is always the hundredth second."""
    snapshot = Directory((directory or tenant(),))
    known = {f"{name}@{DOMAIN}": state for name, state in (trunks or {}).items()}
    return LiveSwitchboard(
        lambda: snapshot,
        contacts,
        lambda name: known.get(name, UNWATCHED),
        Usage() if usage is None else usage,
        new_id,
        lambda: NOW,
    )
