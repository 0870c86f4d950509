"""The demo directory: what the vendor's pages ask of it, and how it bears being mistyped."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cordboard.configuration.settings import parse_configuration
from cordboard.directory.model import GroupKind, Trunk
from cordboard.directory.outbound import Route, choose_route
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.steps import HangUpStep, PlayStep, Step
from cordboard.directory.target import ContextTarget, GroupTarget, UserTarget
from cordboard.directory.toml import load_directory

FILE = Path(__file__).parents[3] / "examples" / "demo.toml"
TEXT = FILE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demo() -> TenantDirectory:
    configuration = parse_configuration(TEXT, FILE)
    assert configuration.problems == ()
    assert configuration.settings is not None
    tenant = configuration.directory.tenant("demo")
    assert tenant is not None
    return tenant


def test_it_is_as_announced(demo: TenantDirectory) -> None:
    assert (demo.policy.country, demo.policy.channel_limit) == ("jp", 50)
    assert demo.authenticate("demo-token") is not None
    assert [user.name for user in demo.users] == [
        "jessica",
        "thomas",
        "helen",
        "bob",
        "david",
        "claire",
        "james",
        "luke",
        "jones",
        "1234567",
        "1234568",
    ]
    for position, user in enumerate(demo.users[:9], start=1):
        assert user.id == 10_001_000 + position
        assert user.extension == f"{1000 + position}"
        alone = ("jessica-desk", "jessica-soft") if user.name == "jessica" else (user.name,)
        assert user.terminals == alone
    assert demo.trunks == tuple(
        Trunk(name, "sip:127.0.0.1:5090") for name in ("pstn", "default-trunk")
    )
    play, hang_up = demo.contexts[0].steps
    assert play == Step(PlayStep((str(FILE.parent / "prompts" / "welcome.wav"),)))
    assert hang_up == Step(HangUpStep())


@pytest.mark.parametrize(
    ("group", "members"),
    [
        ("sales", ["helen", "james", "claire"]),
        ("campaign", ["james", "luke"]),
        ("group1", ["thomas", "bob"]),
        ("support", ["helen", "david"]),
    ],
)
def test_its_groups(demo: TenantDirectory, group: str, members: list[str]) -> None:
    found = demo.group_by_name(group)
    assert found is not None
    assert [user.name for user in demo.members_of(found)] == members
    assert (found.kind is GroupKind.CALL_CENTER) == (group == "support")
    if group == "sales":
        assert (found.id, found.extension) == (10_001_111, "2001")
        assert len(found.dids) == 1


@pytest.mark.parametrize(
    ("destination", "name"),
    [
        ("1001", "jessica"),
        ("thomas", "thomas"),
        ("helen", "helen"),
        ("claire", "claire"),
        ("sales", "sales"),
        ("campaign", "campaign"),
        ("group1", "group1"),
        ("1111", "welcome"),
    ],
)
def test_every_inside_destination_of_the_pages(
    demo: TenantDirectory, destination: str, name: str
) -> None:
    match demo.resolve(destination):
        case UserTarget(user=found) | GroupTarget(group=found) | ContextTarget(context=found):
            assert found.name == name
        case None:
            pytest.fail(f"{destination} is nobody")


def test_every_user_of_the_pages(demo: TenantDirectory) -> None:
    by_id = demo.user_by_id(10001001)
    assert by_id is not None
    assert by_id.name == "jessica"
    assert demo.user_by_extension("1001") is by_id
    jones = demo.user_by_email("jones@abcd.com")
    assert jones is not None
    assert jones.name == "jones"
    for name in ("jessica", "bob", "james", "helen", "david"):
        assert demo.user_by_name(name) is not None
    james = demo.user_by_name("james")
    assert james is not None
    assert demo.group_by_name("sales") in demo.groups_of(james.id)


@pytest.mark.parametrize(
    "number",
    [
        "0312341234",
        "0311112222",
        "0377778888",
        "09011112222",
        "09012341234",
        "0901111222",
        "090111122222",
    ],
)
def test_every_outside_number_of_the_pages(demo: TenantDirectory, number: str) -> None:
    assert demo.resolve(number) is None
    assert not demo.owns_number(number)
    route = choose_route(demo, number)
    assert isinstance(route, Route)
    assert [trunk.name for trunk in route.trunks] == ["pstn"]


@pytest.mark.parametrize(
    "number",
    ["05068680000", "0506868000", "0506868001", "0506868002", "05068601111", "05011223344"],
)
def test_every_shown_number_of_the_pages(demo: TenantDirectory, number: str) -> None:
    assert demo.may_show(number)


def test_its_prompt_is_short_and_fit_for_a_telephone() -> None:
    prompt = FILE.parent / "prompts" / "welcome.wav"
    octets = prompt.read_bytes()
    assert len(octets) < 100_000
    assert 3 <= len(octets) / 16_000 <= 6


INSERTED = st.sampled_from(
    ["", "=", "[", "]", "{", "}", '"', "'", "\n", "#", ".", ",", "0", "-", "true", "é", "\0", "x.y"]
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, len(TEXT)), st.integers(0, 12), INSERTED), min_size=1, max_size=4
    )
)
def test_a_mistyped_file_never_raises(mistakes: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for place, removed, inserted in mistakes:
        text = text[:place] + inserted + text[place + removed :]
    configuration = parse_configuration(text, FILE)
    lines = text.count("\n") + 1
    for problem in configuration.problems:
        assert 1 <= problem.line <= lines
        assert problem.message


VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
        st.text(max_size=5),
        st.dates(),
        st.sampled_from(["sip:h", "0312341234", "jessica", "pstn"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(st.data())
def test_a_value_of_any_kind_never_raises(data: st.DataObject) -> None:
    lines = TEXT.splitlines()
    places = [
        place
        for place, line in enumerate(lines)
        if " = " in line and not line.lstrip().startswith(("#", "{")) and "[" not in line[-2:]
    ]
    place = data.draw(st.sampled_from(places))
    key = lines[place].partition(" = ")[0]
    lines[place] = f"{key} = {written(data.draw(VALUES))}"
    _, problems = load_directory("\n".join(lines), "f.toml")
    for problem in problems.in_order():
        assert str(problem)


def written(value: object) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        escaped = "".join(
            char if char.isalnum() and char.isascii() else _escape(char) for char in value
        )
        return f'"{escaped}"'
    if isinstance(value, list):
        return "[" + ", ".join(written(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)} = {written(v)}" for k, v in value.items()) + "}"
    return str(value)


def _escape(char: str) -> str:
    code = ord(char)
    return "?" if 0xD800 <= code <= 0xDFFF else f"\\U{code:08x}"
