"""What answering officers needs, and the one place where decisions are put into words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from handfast.kit.ids import Ids
from handfast.model.access import Decision, Deny, Grant, Pending, Permit
from handfast.model.camera import Camera, CameraId
from handfast.model.media import TrackKind
from handfast.node.challenges import Challenges
from handfast.node.checks import Case
from handfast.node.entries import Asker, grant_json
from handfast.node.flood import Allowance
from handfast.node.judge import Judge
from handfast.node.metrics import NodeMetrics
from handfast.node.open_grants import OpenGrants
from handfast.node.pep import Logged, Pep
from handfast.node.ports import Accesses, Bell, Requests, ToHub
from handfast.node.steady import SteadyClock
from handfast.node.trust import Trusted
from handfast.protocol.signing import sign
from handfast.protocol.statements import (
    AccessRequestStatement,
    DecisionStatement,
    GrantStatement,
)
from handfast.seal.identity import Envelope, SigningKey
from handfast.storage.sqlite_node import Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What answering needs; built once by `assembly`.

    Attributes:
        cameras: The site's cameras by id.
        trusted: Returns what is believed now.
        kind_of: See `Gate`.
        unauthenticated: How many denials of unknown askers are logged; the rest is counted.
    """

    node: str
    key: SigningKey
    clock: SteadyClock
    ids: Ids
    cameras: Mapping[CameraId, Camera]
    trusted: Callable[[], Trusted]
    kind_of: Callable[[AccessRequestStatement], TrackKind | None]
    challenges: Challenges
    judge: Judge
    pep: Pep
    grants: OpenGrants
    requests: Requests
    accesses: Accesses
    hub: ToHub
    bell: Bell
    metrics: NodeMetrics
    unauthenticated: Allowance

    async def refuse(self, case: Case, deny: Deny) -> Envelope:
        """Log and sign the denial of a checked ask."""
        asker = self.asker(case)
        return await self.deny(case.request.hash, deny, ask=case.ask.request, asker=asker)

    async def deny(
        self, request: str, deny: Deny, *, ask: Envelope, asker: Asker | None = None
    ) -> Envelope:
        """Log and sign a denial; when the log takes nothing, that is the reason."""
        decision, logged = await self.pep.record(
            deny, request=request, at_us=self.clock.now_us(), ask=ask, asker=asker
        )
        self.metrics.decisions.labels("deny").inc()
        self.bell.ring("accesses")
        return self.sign(request, decision, logged=logged)

    def sign(
        self,
        request: str,
        decision: Decision,
        *,
        logged: Logged | None,
        grant: Grant | None = None,
        sealed: str | None = None,
    ) -> Envelope:
        """Sign a decision as both sides will read it."""
        denied = decision if isinstance(decision, Deny) else None
        statement = DecisionStatement(
            node=self.node,
            request=request,
            outcome=_outcome(decision),
            reason=denied.reason.value if denied else None,
            explanation=denied.explanation if denied else None,
            answer_by_us=decision.answer_by_us if isinstance(decision, Pending) else None,
            grant=None if grant is None else _statement(grant),
            log=None if logged is None else logged.proof,
            sealed=sealed,
            decided_us=self.clock.now_us(),
        )
        return sign(statement, self.key)

    def asker(self, case: Case) -> Asker:
        """Say who asks and why, for the owner."""
        return Asker(viewer=case.request.viewer, why=self.why(case))

    def why(self, case: Case) -> Why:
        """Say why somebody asks, in words for the owner."""
        return Why(
            purpose=case.request.purpose.value,
            agency=case.agency_root,
            agency_name=case.agency_name,
            camera_name=self.cameras[case.request.camera].name,
            incident_title="" if case.incident is None else case.incident.title,
            comment=case.statement.comment,
        )


def _outcome(decision: Decision) -> Literal["permit", "pending", "deny"]:
    match decision:
        case Permit():
            return "permit"
        case Pending():
            return "pending"
        case Deny():
            return "deny"


def _statement(grant: Grant) -> GrantStatement:
    return msgspec.convert(grant_json(grant), GrantStatement)
