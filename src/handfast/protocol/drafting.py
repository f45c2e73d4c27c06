"""Drafting an agreement: two parties, a template, a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from handfast.model import templates
from handfast.model.agreement import Agreement, AgreementId, Clause
from handfast.model.camera import AgencyId, NodeId, OwnerId
from handfast.protocol.agreement_document import AgreementDocument, to_document

_DAY_US = 86_400_000_000
_BACKDATED_US = 300_000_000  # clocks of the two sides may differ by minutes
Template = Literal["school", "shop", "transit"]
TEMPLATES: Final[Mapping[Template, Callable[[], tuple[Clause, ...]]]] = {
    "school": templates.school,
    "shop": templates.shop,
    "transit": templates.transit,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Both sides with the keys that an agreement pins; raw public keys, 32 bytes each."""

    owner: OwnerId
    owner_name: str
    owner_root: bytes
    agency: AgencyId
    agency_name: str
    agency_root: bytes
    dispatch_key: bytes
    node: NodeId
    node_key: bytes
    log: str


def draft_agreement(
    parties: Parties,
    *,
    template: Template,
    agreement: str,
    serial: int,
    now_us: int,
    days: int,
) -> AgreementDocument:
    """Return an unsigned agreement that holds from now on for `days` days."""
    value = Agreement(
        id=AgreementId(agreement),
        serial=serial,
        title=f"{parties.owner_name} and {parties.agency_name}",
        owner=parties.owner,
        owner_name=parties.owner_name,
        owner_root=parties.owner_root,
        agency=parties.agency,
        agency_name=parties.agency_name,
        agency_root=parties.agency_root,
        node=parties.node,
        node_key=parties.node_key,
        dispatch_key=parties.dispatch_key,
        log=parties.log,
        clauses=TEMPLATES[template](),
        never=templates.NEVER,
        not_before_us=now_us - _BACKDATED_US,
        not_after_us=now_us + days * _DAY_US,
    )
    return to_document(value)
