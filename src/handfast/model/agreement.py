"""Agreements: what an owner promised an agency, and under which circumstances.

An agreement is data, never code. It is compiled and evaluated by `handfast.policy` and
by nothing else. As a document: docs/reference/agreement.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from handfast.model.camera import AgencyId, CameraId, NodeId, OwnerId
from handfast.model.media import Rendition, View

AgreementId = NewType("AgreementId", str)
ClauseId = NewType("ClauseId", str)


class Purpose(StrEnum):
    """Why somebody asks; checked against the agreement and the incident, never free text."""

    EMERGENCY = "emergency"
    INVESTIGATION = "investigation"
    MISSING_PERSON = "missing-person"
    EXERCISE = "exercise"
    IMMIGRATION_ENFORCEMENT = "immigration-enforcement"


@dataclass(frozen=True, slots=True, kw_only=True)
class WhileSignal:
    """The circumstance that a site's signal holds.

    Attributes:
        kind: Name of the signal.
        linger_us: How long access outlives its end.
        test_opens: Whether a test signal counts too (exercises).
    """

    kind: str
    linger_us: int
    test_opens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRequest:
    """The circumstance that the owner's people approve a request.

    Attributes:
        approvals: How many different owner devices must agree; at least 1.
        answer_within_us: After this long an unanswered request is refused.
    """

    approvals: int
    answer_within_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One sentence: who may see which cameras how, when it starts and when it ends.

    Attributes:
        roles: Roles of the agency's people it speaks of; at least one.
        views: Live, recorded or both.
        cameras: Which; `None` means every camera of the site.
        when: The circumstance.
        look_back_us: How far before the first raise (or the request) recordings open.
        longest_us: No grant under this clause lasts longer.
        needs_incident: Whether a statement signed by the dispatch key must come along.
    """

    id: ClauseId
    roles: frozenset[str]
    views: frozenset[View]
    rendition: Rendition
    cameras: frozenset[CameraId] | None
    purposes: frozenset[Purpose]
    when: WhileSignal | OnRequest
    look_back_us: int
    longest_us: int
    needs_incident: bool

    def __post_init__(self) -> None:
        """Refuse a clause that names nobody, no view, no purpose or no length."""
        if not (self.roles and self.views and self.purposes):
            message = f"clause {self.id}: name at least one role, one view and one purpose"
            raise ValueError(message)
        if self.longest_us <= 0 or self.look_back_us < 0:
            message = f"clause {self.id}: longest must be above 0 and look-back not below 0"
            raise ValueError(message)
        if isinstance(self.when, OnRequest) and self.when.approvals < 1:
            message = f"clause {self.id}: on request means at least one approval"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One owner's standing promise to one agency. Immutable: an edit has a higher serial.

    Attributes:
        serial: Grows with every new version; nodes keep the highest and refuse lower.
        owner_root: Raw Ed25519 public key, 32 bytes, as are the other keys here.
        log: The owner's log in C2SP vkey form; clients check proofs against it.
        never: Purposes that no clause can open.
        not_before_us: Inclusive.
        not_after_us: Exclusive.
    """

    id: AgreementId
    serial: int
    title: str
    owner: OwnerId
    owner_name: str
    owner_root: bytes
    agency: AgencyId
    agency_name: str
    agency_root: bytes
    node: NodeId
    node_key: bytes
    dispatch_key: bytes
    log: str
    clauses: tuple[Clause, ...]
    never: frozenset[Purpose]
    not_before_us: int
    not_after_us: int

    def __post_init__(self) -> None:
        """Refuse an empty or upside-down agreement."""
        if self.serial < 1 or self.not_after_us <= self.not_before_us or not self.clauses:
            message = f"agreement {self.id}: serial from 1, an end after its start, a clause"
            raise ValueError(message)
        if len({clause.id for clause in self.clauses}) != len(self.clauses):
            message = f"agreement {self.id}: two clauses bear the same id; rename one"
            raise ValueError(message)
