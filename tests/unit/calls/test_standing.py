"""What plans have in common is made once for a directory, and anew for the next one."""

from __future__ import annotations

from dataclasses import replace

from cordboard.calls.planning.standing import Standings
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.target import GroupTarget, Key, UserTarget
from support.tenants import tenant


def of_thomas(where: TenantDirectory) -> UserTarget:
    return UserTarget(where.users[1], Key.NAME)


def test_it_is_made_once_for_whom_it_is_of() -> None:
    here = tenant()
    standings = here.once(Standings)
    thomas = standings.of(of_thomas(here), here)
    assert here.once(Standings) is standings
    assert standings.of(of_thomas(here), here) is thomas
    assert [one.account for one in thomas.phones] == ["thomas@demo"]
    assert standings.line_of(here.trunks[0]) is standings.line_of(here.trunks[0])


def test_each_has_his_own() -> None:
    here = tenant()
    standings = here.once(Standings)
    keys = {str(standings.of(UserTarget(one, Key.NAME), here).take.key) for one in here.users}
    keys |= {str(standings.of(GroupTarget(one, Key.NAME), here).take.key) for one in here.groups}
    assert len(keys) == len(here.users) + len(here.groups)


def test_the_next_directory_has_other_limits() -> None:
    before = tenant()
    assert before.once(Standings).of(of_thomas(before), before).take.limit is None
    busy = replace(before.users[1], channel_limit=1)
    after = replace(before, users=(before.users[0], busy, *before.users[2:]))
    assert after.once(Standings).of(of_thomas(after), after).take.limit == 1
    assert after.once(Standings) is not before.once(Standings)


def test_only_the_first_leg_begins_a_call() -> None:
    here = tenant(calls_per_second=2.0, calls_burst=3)
    standings = here.once(Standings)
    assert standings.begins.rate is not None
    assert (standings.begins.rate.per_second, standings.begins.rate.burst) == (2.0, 3)
    assert standings.joins.rate is None
    assert standings.joins.key == standings.begins.key
