"""Is this ask whole, fresh and by whom it says? Everything before the decision itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from handfast.kit.encoding import unb64
from handfast.kit.errors import CorruptError, DeniedError, InvalidError
from handfast.model.access import AccessRequest, Deny, Hash, Reason, RequestId
from handfast.model.agreement import Purpose
from handfast.model.camera import AgencyId, Camera, CameraId, NodeId, Place
from handfast.model.incident import Incident, IncidentId, SignalReference
from handfast.model.media import Rendition, TrackKind, View
from handfast.model.signal import EpisodeId
from handfast.node.chain import Certified, check_officer
from handfast.node.challenges import Challenges
from handfast.node.trust import Standing, Trusted
from handfast.protocol.signing import hash_of, verify
from handfast.protocol.statements import AccessRequestStatement, IncidentStatement
from handfast.protocol.wire import Ask
from handfast.seal.identity import Envelope, fingerprint, statement_hash

CLOCK_APART_US = 120_000_000
SEGMENT_ID_BYTES: Final = 16
_BAD = (InvalidError, CorruptError, DeniedError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An ask that has been checked: ready to be decided on, now and each second again.

    Attributes:
        asked_us: When it first arrived, by this node's clock.
        incident: The dispatch key's statement, checked; or `None`.
    """

    ask: Ask
    statement: AccessRequestStatement
    request: AccessRequest
    certified: Certified
    agency_root: str
    agency_name: str
    incident: Incident | None
    asked_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What an ask is held against.

    Attributes:
        challenges: Ours; `None` when a stored request is taken up again, whose challenge
            was used up and whose clock was compared when it came.
        kind_of: Returns what the track of a request is, as this site shows it; `None` when
            it shows none such.
    """

    node: str
    cameras: Mapping[CameraId, Camera]
    trusted: Trusted
    challenges: Challenges | None
    kind_of: Callable[[AccessRequestStatement], TrackKind | None]
    now_us: int


class _RefusedError(Exception):
    """Ends the checks; never leaves this module."""

    def __init__(self, reason: Reason, explanation: str) -> None:
        super().__init__(explanation)
        self.deny = Deny(reason=reason, explanation=explanation)


def check_ask(ask: Ask, gate: Gate, *, asked_us: int) -> Case | Deny:
    """Check an ask, step by step; the first step that fails is the reason.

    1. the agency's root is pinned by an agreement in force here; 2. the certificate chain
    holds; 3. the request is signed by the device of that chain, and only then read; 4. it is
    for this node; 5. its challenge is ours, unexpired and unused; 6. the clocks agree; 7. it
    names an agreement with that very agency; 8. camera, stream and times make sense; 9. an
    incident statement, when one comes along, is by the pinned dispatch key and the one named.
    """
    try:
        certified, root = _check_chain(ask, gate)  # 1, 2
        statement = _read_request(ask, certified)  # 3
        _check_fresh(statement, gate)  # 4, 5, 6
        standing = _find_agreement(statement, root, gate)  # 7
        _check_question(statement, gate.cameras)  # 8
        _check_unmasking(statement)  # 8
        _check_track(statement, gate)  # 8
        incident = _check_incident(ask.incident, statement, standing, gate.trusted)  # 9
    except _RefusedError as refused:
        return refused.deny
    return Case(
        ask=ask,
        statement=statement,
        request=_request(statement, certified),
        certified=certified,
        agency_root=root,
        agency_name=standing.agreement.agency_name,
        incident=incident,
        asked_us=asked_us,
    )


def _check_chain(ask: Ask, gate: Gate) -> tuple[Certified, str]:
    """The agreement's pinned root is looked up by the name of the chain's top signer."""
    signers = ask.chain[-1].signatures if ask.chain else ()
    root = signers[0].keyid if signers else ""
    party = next(iter(gate.trusted.by_agency_root(root)), None)
    if party is None:
        raise _RefusedError(Reason.AGENCY_NOT_PARTY, "No agreement here is with your agency.")
    certified = check_officer(
        ask.chain,
        root=party.agreement.agency_root,
        agency=party.agreement.agency,
        revoked=gate.trusted.revoked,
        now_us=gate.now_us,
    )
    if isinstance(certified, Deny):
        raise _RefusedError(certified.reason, certified.explanation)
    return certified, root


def _read_request(ask: Ask, certified: Certified) -> AccessRequestStatement:
    device: dict[str, bytes] = {certified.viewer.device: certified.sign}
    try:
        statement = verify(ask.request, AccessRequestStatement, trusted=device)
    except _BAD as error:
        raise _RefusedError(
            Reason.NOT_UNDERSTOOD, f"The request does not hold: {error}."
        ) from error
    if statement.device != certified.viewer.device:
        raise _RefusedError(Reason.CERTIFICATE_INVALID, "The request names another device.")
    return statement


def _check_fresh(statement: AccessRequestStatement, gate: Gate) -> None:
    if statement.node != gate.node:
        raise _RefusedError(Reason.WRONG_NODE, "The request was written for another site.")
    if gate.challenges is None:
        return
    if not gate.challenges.consume(statement.challenge):
        raise _RefusedError(
            Reason.CHALLENGE_UNKNOWN, "The challenge is not ours, old or used; ask again."
        )
    if abs(statement.asked_us - gate.now_us) > CLOCK_APART_US:
        raise _RefusedError(
            Reason.CLOCK_APART, "Your clock and the site's differ by minutes; set yours."
        )


def _find_agreement(statement: AccessRequestStatement, root: str, gate: Gate) -> Standing:
    standing = gate.trusted.standing.get(statement.agreement)
    if standing is None or fingerprint(standing.agreement.agency_root) != root:
        raise _RefusedError(
            Reason.AGREEMENT_UNKNOWN,
            "The agreement is not in force here; fetch the newest one.",
        )
    return standing


def _check_question(
    statement: AccessRequestStatement, cameras: Mapping[CameraId, Camera]
) -> None:
    camera = cameras.get(CameraId(statement.camera))
    if camera is None or statement.stream not in camera.streams:
        raise _RefusedError(Reason.CAMERA_NOT_SHARED, "The site has no such camera or stream.")
    since_us, until_us = statement.from_us, statement.until_us
    if statement.view is View.LIVE:
        sensible = since_us is None and until_us is None
    else:
        sensible = since_us is not None and until_us is not None and since_us < until_us
    if not sensible:
        raise _RefusedError(
            Reason.NOT_UNDERSTOOD, "Live has no times; recorded needs from < until."
        )
    if statement.purpose not in {purpose.value for purpose in Purpose}:
        raise _RefusedError(Reason.NOT_UNDERSTOOD, "The purpose is none that agreements know.")


def _check_unmasking(statement: AccessRequestStatement) -> None:
    """One track, for a stated reason; `Judge` asks for two persons where children are."""
    unmasks = statement.rendition is Rendition.UNMASKED
    if unmasks is (statement.track is msgspec.UNSET):
        raise _RefusedError(
            Reason.NOT_UNDERSTOOD, "Unmasking names one track, other requests name none."
        )
    is_live = unmasks and statement.view is View.LIVE
    if is_live is (statement.seen_in is msgspec.UNSET):
        raise _RefusedError(
            Reason.NOT_UNDERSTOOD,
            "A track of a live picture is named with the segment it was seen in; else none is.",
        )
    if statement.seen_in is not msgspec.UNSET:
        _check_segment(statement.seen_in)
    if unmasks and not statement.comment.strip():
        raise _RefusedError(Reason.NOT_UNDERSTOOD, "Unmasking needs a stated reason.")


def _check_segment(text: str) -> None:
    try:
        is_one = len(unb64(text)) == SEGMENT_ID_BYTES
    except InvalidError:
        is_one = False
    if not is_one:
        raise _RefusedError(Reason.NOT_UNDERSTOOD, "A segment is named by 16 bytes.")


def _check_track(statement: AccessRequestStatement, gate: Gate) -> None:
    """What the officer saw has to be what this site shows, which is what is logged.

    A recorded range is made again for whoever may see it, so it is compared once. In a live
    picture the number has to mean the same still when the owner has answered.
    """
    said = statement.track_kind
    if statement.track is msgspec.UNSET:
        if said is not msgspec.UNSET:
            raise _RefusedError(Reason.NOT_UNDERSTOOD, "Only a track is of a kind.")
        return
    is_live = statement.view is View.LIVE
    if not is_live and (said is msgspec.UNSET or gate.challenges is None):
        return
    shown = gate.kind_of(statement)
    if shown is None or said not in {msgspec.UNSET, shown}:
        where = "the live picture" if is_live else "the range, opened again"
        raise _RefusedError(
            Reason.TRACK_NOT_SEEN,
            f"The site shows no such thing there; choose anew in {where}.",
        )


def _check_incident(
    envelope: Envelope | None,
    asked: AccessRequestStatement,
    standing: Standing,
    trusted: Trusted,
) -> Incident | None:
    if envelope is None:
        return None
    agreement = standing.agreement
    dispatch = fingerprint(agreement.dispatch_key)
    if trusted.revoked.names(dispatch, issuers=(fingerprint(agreement.agency_root),)):
        raise _RefusedError(
            Reason.CERTIFICATE_REVOKED, "The agency's dispatch key has been revoked."
        )
    try:
        pinned = {dispatch: agreement.dispatch_key}
        incident = _incident(verify(envelope, IncidentStatement, trusted=pinned))
    except _BAD as error:
        raise _RefusedError(
            Reason.INCIDENT_NOT_STATED, f"The incident does not hold: {error}."
        ) from error
    if (incident.id, incident.agency) != (asked.incident, agreement.agency):
        raise _RefusedError(
            Reason.INCIDENT_NOT_STATED, "The statement is about another incident."
        )
    return incident


def _incident(stated: IncidentStatement) -> Incident:
    signal = stated.signal
    return Incident(
        id=IncidentId(stated.incident),
        agency=AgencyId(stated.agency),
        kind=stated.kind,
        title=stated.title,
        place=Place(lon=stated.lon, lat=stated.lat),
        radius_m=stated.radius_m,
        opened_us=stated.opened_us,
        expires_us=stated.expires_us,
        signal=None
        if signal is None
        else SignalReference(node=NodeId(signal.node), episode=EpisodeId(signal.episode)),
    )


def _request(statement: AccessRequestStatement, certified: Certified) -> AccessRequest:
    return AccessRequest(
        id=RequestId(statement.request),
        hash=Hash(hash_of(statement)),
        node=NodeId(statement.node),
        agreement=Hash(statement.agreement),
        camera=CameraId(statement.camera),
        stream=statement.stream,
        view=statement.view,
        rendition=statement.rendition,
        purpose=Purpose(statement.purpose),
        incident=IncidentId(statement.incident),
        from_us=statement.from_us,
        until_us=statement.until_us,
        viewer=certified.viewer,
        track=None if statement.track is msgspec.UNSET else statement.track,
        track_kind=None if statement.track_kind is msgspec.UNSET else statement.track_kind,
        seen_in=None if statement.seen_in is msgspec.UNSET else unb64(statement.seen_in),
    )


def payload_hash(envelope: Envelope) -> str:
    """Name what was asked even when it cannot be believed: the hash of its payload bytes."""
    try:
        return statement_hash(unb64(envelope.payload))
    except InvalidError:
        return statement_hash(envelope.payload.encode())
