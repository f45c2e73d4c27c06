"""Agreements as signed documents (docs/reference/agreement.md)."""

from collections.abc import Mapping

import msgspec

from handfast.kit.encoding import b64, unb64
from handfast.kit.errors import InvalidError
from handfast.model.agreement import (
    Agreement,
    AgreementId,
    Clause,
    ClauseId,
    OnRequest,
    Purpose,
    WhileSignal,
)
from handfast.model.camera import AgencyId, CameraId, NodeId, OwnerId
from handfast.model.media import Rendition, View
from handfast.protocol.signing import parse, verify
from handfast.protocol.statements import Statement
from handfast.seal.identity import Envelope, fingerprint
from handfast.seal.suite import require_suite

_SECOND_US = 1_000_000


class Party(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Owner or agency, with its root's public key."""

    id: str
    name: str
    root: str


class NodeParty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The node that decides: its signing key and its log in C2SP vkey form."""

    id: str
    sign: str
    log: str


class SignalTerm(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="signal"
):
    """Opens while a signal holds, and `linger_s` after."""

    signal: str
    linger_s: int
    test_opens: bool


class RequestTerm(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="request"
):
    """Opens when `approvals` of the owner's devices agree within `answer_within_s`."""

    approvals: int
    answer_within_s: int


class ClauseTerm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sentence of the agreement."""

    id: str
    roles: list[str]
    views: list[View]
    rendition: Rendition
    cameras: list[str] | None
    purposes: list[Purpose]
    when: SignalTerm | RequestTerm
    look_back_s: int
    longest_s: int
    needs_incident: bool


class AgreementDocument(Statement, frozen=True, kw_only=True):
    """The document that both roots sign."""

    kind_name = "agreement"
    suite: int
    agreement: str
    serial: int
    title: str
    owner: Party
    agency: Party
    node: NodeParty
    dispatch: str
    not_before_us: int
    not_after_us: int
    clauses: list[ClauseTerm]
    never: list[Purpose]


def read_agreement(
    envelope: Envelope, *, owner_root: bytes, agency_roots: Mapping[str, bytes]
) -> Agreement:
    """Return the agreement of a document that both sides have signed.

    Args:
        envelope: As received, from anybody.
        owner_root: The owner's root as confirmed outside the hub.
        agency_roots: Agency roots confirmed outside the hub, by fingerprint.

    Raises:
        InvalidError: Malformed, of an unknown suite, or of another owner or agency.
        CorruptError: One of the two signatures is missing or does not hold.
    """
    trusted = {fingerprint(owner_root): owner_root, **agency_roots}
    document = verify(envelope, AgreementDocument, trusted=trusted)
    named = {fingerprint(unb64(document.owner.root)), fingerprint(unb64(document.agency.root))}
    if fingerprint(owner_root) not in named or not named <= trusted.keys() or len(named) != 2:  # noqa: PLR2004 (two sides)
        message = (
            f"agreement {document.agreement} names roots that were never confirmed here; "
            "compare fingerprints with the other side and add its root first"
        )
        raise InvalidError(message)
    verify(envelope, AgreementDocument, trusted=trusted, required=named)
    return to_agreement(document)


def unverified_agreement(payload: bytes) -> Agreement:
    """Read a document whose signatures the caller has checked or is about to make."""
    return to_agreement(parse(payload, AgreementDocument))


def to_agreement(document: AgreementDocument) -> Agreement:
    """Turn the document into the value that is compiled and decided on.

    Raises:
        InvalidError: It breaks one of the model's invariants.
    """
    require_suite(document.suite)
    try:
        return Agreement(
            id=AgreementId(document.agreement),
            serial=document.serial,
            title=document.title,
            owner=OwnerId(document.owner.id),
            owner_name=document.owner.name,
            owner_root=unb64(document.owner.root),
            agency=AgencyId(document.agency.id),
            agency_name=document.agency.name,
            agency_root=unb64(document.agency.root),
            node=NodeId(document.node.id),
            node_key=unb64(document.node.sign),
            dispatch_key=unb64(document.dispatch),
            log=document.node.log,
            clauses=tuple(_to_clause(term) for term in document.clauses),
            never=frozenset(document.never),
            not_before_us=document.not_before_us,
            not_after_us=document.not_after_us,
        )
    except ValueError as error:
        message = f"agreement {document.agreement}: {error}"
        raise InvalidError(message) from error


def to_document(agreement: Agreement) -> AgreementDocument:
    """Write the value as the document that is signed."""
    return AgreementDocument(
        suite=1,
        agreement=agreement.id,
        serial=agreement.serial,
        title=agreement.title,
        owner=Party(
            id=agreement.owner, name=agreement.owner_name, root=b64(agreement.owner_root)
        ),
        agency=Party(
            id=agreement.agency, name=agreement.agency_name, root=b64(agreement.agency_root)
        ),
        node=NodeParty(id=agreement.node, sign=b64(agreement.node_key), log=agreement.log),
        dispatch=b64(agreement.dispatch_key),
        not_before_us=agreement.not_before_us,
        not_after_us=agreement.not_after_us,
        clauses=[_to_term(clause) for clause in agreement.clauses],
        never=sorted(agreement.never),
    )


def _to_clause(term: ClauseTerm) -> Clause:
    when: WhileSignal | OnRequest
    if isinstance(term.when, SignalTerm):
        when = WhileSignal(
            kind=term.when.signal,
            linger_us=term.when.linger_s * _SECOND_US,
            test_opens=term.when.test_opens,
        )
    else:
        when = OnRequest(
            approvals=term.when.approvals,
            answer_within_us=term.when.answer_within_s * _SECOND_US,
        )
    return Clause(
        id=ClauseId(term.id),
        roles=frozenset(term.roles),
        views=frozenset(term.views),
        rendition=term.rendition,
        cameras=None
        if term.cameras is None
        else frozenset(CameraId(camera) for camera in term.cameras),
        purposes=frozenset(term.purposes),
        when=when,
        look_back_us=term.look_back_s * _SECOND_US,
        longest_us=term.longest_s * _SECOND_US,
        needs_incident=term.needs_incident,
    )


def _to_term(clause: Clause) -> ClauseTerm:
    when: SignalTerm | RequestTerm
    if isinstance(clause.when, WhileSignal):
        when = SignalTerm(
            signal=clause.when.kind,
            linger_s=clause.when.linger_us // _SECOND_US,
            test_opens=clause.when.test_opens,
        )
    else:
        when = RequestTerm(
            approvals=clause.when.approvals,
            answer_within_s=clause.when.answer_within_us // _SECOND_US,
        )
    return ClauseTerm(
        id=clause.id,
        roles=sorted(clause.roles),
        views=sorted(clause.views),
        rendition=clause.rendition,
        cameras=None if clause.cameras is None else sorted(clause.cameras),
        purposes=sorted(clause.purposes),
        when=when,
        look_back_s=clause.look_back_us // _SECOND_US,
        longest_s=clause.longest_us // _SECOND_US,
        needs_incident=clause.needs_incident,
    )
