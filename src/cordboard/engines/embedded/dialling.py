"""From what the calls want dialled to an INVITE: addresses, headers, and the way it takes."""

from __future__ import annotations

from cordboard.addresses import bracketed
from cordboard.calls.planning.trunks import full_name
from cordboard.calls.ports import CallerId, TerminalEndpoint, TrunkEndpoint
from cordboard.engines.embedded.autoanswer import auto_answer_headers
from cordboard.engines.embedded.identity import (
    diversion_headers,
    from_of,
    from_towards,
    identity_headers,
)
from cordboard.engines.embedded.trunk_addresses import (
    base_of,
    contact_user,
    credentials_of,
    own_domain,
    routes_by,
)
from cordboard.sip.address import name_addr
from cordboard.sip.events import Binding
from cordboard.sip.flow import Flow
from cordboard.sip.grammar import format_parameters
from cordboard.sip.invitation import Invitation
from cordboard.sip.uri import SipUri


def invitation_to_terminal(
    channel: str, endpoint: TerminalEndpoint, binding: Binding, caller: CallerId, offer: bytes
) -> Invitation:
    """The INVITE to a registered phone, over the flow that its REGISTER came by.

    Caller and callee are addresses of the phone's own domain, which it can call back.
    """
    name, _, domain = binding.account.rpartition("@")
    return Invitation(
        call_id=channel,
        uri=binding.contact,
        flow=binding.flow,
        caller=from_of(caller, bracketed(domain)),
        callee=name_addr(name, bracketed(domain)),
        offer=offer,
        headers=auto_answer_headers(endpoint.auto_answer),
        routes=binding.path,
        sticky=True,
        phone=binding.phone,
    )


def invitation_to_trunk(
    channel: str, endpoint: TrunkEndpoint, flow: Flow, own_host: str, caller: CallerId, offer: bytes
) -> Invitation:
    """The INVITE to an outside number; raises :class:`SipParseError` for a malformed trunk URI."""
    trunk = endpoint.trunk
    base = base_of(trunk)
    callee = SipUri(base.scheme, endpoint.number, base.host, base.port).text()
    host = own_domain(trunk, bracketed(own_host))
    headers = identity_headers(caller, trunk, host)
    if endpoint.diverted:
        headers += diversion_headers(endpoint.diverted, host)
    return Invitation(
        call_id=channel,
        uri=f"{callee}{format_parameters(base.parameters)}" if base.parameters else callee,
        flow=flow,
        caller=from_towards(trunk, caller, host),
        callee=f"<{callee}>",
        offer=offer,
        contact_user=contact_user(trunk),
        headers=headers,
        routes=routes_by(trunk),
        credentials=credentials_of(trunk),
        keys=full_name(trunk, endpoint.domain),
        sticky=trunk.nat,
    )
