"""From a call that is offered to us to the request that it amounts to: whose it is, and what he
wants.

Toll fraud decides the two ways in. What a phone dials is looked for inside its tenant and then
outside, where the tenant's outbound rules say what may be called. What comes through a trunk leads
to a number of the tenant's own and nowhere else: no extension, no name, never out again, for its
caller is nobody that we know.
"""

from __future__ import annotations

from collections.abc import Iterator

from cordboard.calls.planning.parties import find_did
from cordboard.calls.ports import Incoming
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CallRequest,
    Offered,
    RingDid,
    RunFeature,
    SecondScope,
)
from cordboard.directory.feature_codes import feature_dialled
from cordboard.directory.model import NumberFormat, Trunk
from cordboard.directory.numbers import NotANumber, dialled
from cordboard.directory.snapshot import Directory, TenantDirectory

BY_PHONE = "phone"
BY_TRUNK = "trunk"
"""The dialects of these requests: SIP, as phones and as trunks speak it."""

METHOD = "invite"


def request_of(incoming: Incoming, directory: Directory, call: str) -> CallRequest:
    """The request of a call that is offered to us; raises :class:`Refused`."""
    if incoming.terminal is not None:
        return _from_phone(incoming, incoming.terminal, directory, call)
    return _from_trunk(incoming, directory, call)


def _from_phone(incoming: Incoming, account: str, directory: Directory, call: str) -> CallRequest:
    name, _, domain = account.rpartition("@")
    tenant = directory.tenant(domain)
    if tenant is None or tenant.terminal(name) is None:
        raise Refused(RefusalId.AUTHENTICATION_REQUIRED, "the terminal is gone")
    if not (incoming.ours or tenant.is_named(incoming.host)):
        message = f"{incoming.host} is not ours"
        raise Refused(RefusalId.INVALID_DESTINATION, message, "second.dialled")
    wanted = incoming.dialled.partition(";")[0]
    code = feature_dialled(tenant.feature_codes, wanted)
    if code is None and wanted.startswith(("*", "#")) and tenant.resolve(wanted) is None:
        # A carrier has codes of its own, by which it would forward our calls for whoever dials.
        raise Refused(RefusalId.INVALID_DESTINATION, "no such code", "second.dialled")
    second = Address(wanted) if code is None else RunFeature(code[0].feature, code[1])
    return CallRequest(
        id=call,
        tenant=tenant.domain,
        account=name,
        dialect=BY_PHONE,
        method=METHOD,
        first=Offered(incoming.channel, wanted, from_terminal=name, hops=incoming.hops),
        second=second,
    )


def _from_trunk(incoming: Incoming, directory: Directory, call: str) -> CallRequest:
    for tenant, trunk in _trunks(incoming, directory):
        for number in _numbers(incoming, trunk):
            try:
                find_did(tenant, number, "second.dialled")
            except Refused:
                continue
            caller = _as_dialled(incoming.number, trunk)
            return CallRequest(
                id=call,
                tenant=tenant.domain,
                account=trunk.name,
                dialect=BY_TRUNK,
                method=METHOD,
                first=Offered(
                    incoming.channel,
                    number,
                    from_trunk=trunk.name,
                    number=caller,
                    name=incoming.name,
                    diverted_by=incoming.diverted_by,
                    hops=incoming.hops,
                ),
                second=RingDid(number),
                second_scope=SecondScope.INSIDE,
            )
    raise Refused(
        RefusalId.INVALID_DESTINATION, "no number that leads to anybody", "second.dialled"
    )


def _trunks(incoming: Incoming, directory: Directory) -> Iterator[tuple[TenantDirectory, Trunk]]:
    """The trunks that it may have come through: several where tenants share a carrier."""
    for full in incoming.trunks:
        name, _, domain = full.rpartition("@")
        tenant = directory.tenant(domain)
        trunk = None if tenant is None else tenant.trunk(name)
        if tenant is not None and trunk is not None:
            yield tenant, trunk


def _numbers(incoming: Incoming, trunk: Trunk) -> Iterator[str]:
    """What was dialled, in the ways of reading it. A carrier that we are registered with may call
    the name we registered, and say in To which number was dialled."""
    texts = [incoming.dialled]
    if incoming.dialled == trunk.username and incoming.to:
        texts.append(incoming.to)
    for text in texts:
        yield _as_dialled(text.partition(";")[0], trunk)


def _as_dialled(text: str, trunk: Trunk) -> str:
    """A number of a trunk that has E.164 without ``+``, with it; any other as it is."""
    if trunk.number_format is not NumberFormat.E164 or text.startswith("+"):
        return text
    try:
        return f"+{dialled(text)}"
    except NotANumber:
        return text
