"""One case, judged now: the node's own facts, the agreement's word, the owner's closings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from handfast.model.access import Decision, Deny, Fingerprint, Permit, Reason
from handfast.model.agreement import Clause, OnRequest, WhileSignal
from handfast.model.camera import Camera, CameraId, Place
from handfast.model.media import Rendition
from handfast.model.signal import Signal
from handfast.node.checks import Case
from handfast.node.pep import Pep
from handfast.node.ports import Requests
from handfast.node.signals.board import SignalBoard
from handfast.node.trust import Standing, Trusted
from handfast.policy.facts import ApprovalFact, Facts
from handfast.seal.identity import fingerprint
from handfast.storage.sqlite_node import ApprovalRow, ClosingRow

_TWO = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A decision with what it means for time.

    Attributes:
        ends_us: No picture from here on may be opened as things stand now: the end of the
            time box, or of the signal's lease or linger. Meaningless for a refusal, where
            it is the instant from which the refusal holds.
    """

    decision: Decision
    ends_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeParts:
    """What judging rests on; built once by `assembly`.

    Attributes:
        trusted: Returns what is believed now.
        owner_root: The owner root's public key.
        site: Where the site is.
        cameras: As they are at each look.
    """

    pep: Pep
    board: SignalBoard
    trusted: Callable[[], Trusted]
    requests: Requests
    owner_root: bytes
    site: Place
    cameras: Mapping[CameraId, Camera]


class Judge:
    """Gathers facts and asks the PEP. Belongs to one event loop; never blocks."""

    def __init__(self, parts: JudgeParts) -> None:
        """Remember stored closings and the approvals of requests that wait."""
        requests = parts.requests
        self._pep = parts.pep
        self._board = parts.board
        self._trusted = parts.trusted
        self._owner = fingerprint(parts.owner_root)
        self._site = parts.site
        self._cameras = parts.cameras
        self._closings: list[ClosingRow] = list(requests.closings(since_us=0))
        self._approvals: dict[str, tuple[ApprovalRow, ...]] = {
            row.hash: requests.approvals(row.hash) for row in requests.waiting()
        }

    def approved(self, row: ApprovalRow) -> None:
        """Take a verified approval that is durable."""
        others = (a for a in self._approvals.get(row.request, ()) if a.device != row.device)
        self._approvals[row.request] = (*others, row)

    def closed(self, row: ClosingRow) -> None:
        """Take a verified closing that is durable."""
        self._closings.append(row)

    def all_closed_us(self) -> int | None:
        """Return when the owner last closed everything; `None` for never."""
        return max(
            (row.at_us for row in self._closings if row.person is None and row.camera is None),
            default=None,
        )

    def step_back(self, us: int) -> None:
        """The clock was set back: closings keep their distance from now."""
        self._closings = [replace(row, at_us=row.at_us - us) for row in self._closings]

    def forget(self, request: str) -> None:
        """Drop the approvals of a request that can never be decided again."""
        self._approvals.pop(request, None)

    def judge(self, case: Case, *, now_us: int, opened_us: int | None = None) -> Judged:
        """Decide a case as things stand at `now_us`.

        1. nobody in the chain has been revoked and the chain is in force; 2. the agreement
        still stands, and lets two persons decide where children are; 3. the PEP decides on
        facts built here; 4. the owner has not closed.

        Args:
            case: A checked ask.
            now_us: The only time that counts.
            opened_us: When its grant was opened; `None` for a new one.
        """
        trusted = self._trusted()
        refusal = _chain_refusal(case, trusted, now_us)
        standing = trusted.standing.get(case.request.agreement)
        if refusal is not None:
            return Judged(decision=refusal, ends_us=now_us)
        if standing is None:
            return Judged(decision=_withdrawn(), ends_us=now_us)
        if self._lacks_two_persons(case, standing):
            return Judged(decision=_two_persons(), ends_us=now_us)
        signals = self._board.at(now_us)
        facts = Facts(
            now_us=now_us,
            asked_us=case.asked_us,
            opened_us=now_us if opened_us is None else opened_us,
            site=self._site,
            signals=signals,
            approvals=self._approval_facts(case.request.hash, trusted),
            incident=case.incident,
        )
        decision = self._pep.decide(case.request, standing.compiled, facts)
        if not isinstance(decision, Permit):
            return Judged(decision=decision, ends_us=_ended_us(standing, facts, decision))
        clause = _clause(standing, decision)
        if self._is_closed(case, clause, facts):
            return Judged(decision=_closed_by_owner(), ends_us=now_us)
        return Judged(
            decision=decision, ends_us=min(decision.until_us, _signal_end_us(clause, facts))
        )

    def _approval_facts(self, request: str, trusted: Trusted) -> tuple[ApprovalFact, ...]:
        return tuple(
            ApprovalFact(
                device=Fingerprint(row.device), approved=row.approved, until_us=row.until_us
            )
            for row in self._approvals.get(request, ())
            if not trusted.revoked.names(row.device, issuers=(self._owner,))
        )

    def _lacks_two_persons(self, case: Case, standing: Standing) -> bool:
        """Tell whether an agreement would unmask where children are with fewer than two."""
        request = case.request
        camera = self._cameras.get(request.camera)
        if request.rendition is not Rendition.UNMASKED or camera is None:
            return False
        clauses = standing.agreement.clauses
        opening = [each.when for each in clauses if each.rendition is Rendition.UNMASKED]
        return camera.children and any(
            not isinstance(each, OnRequest) or each.approvals < _TWO for each in opening
        )

    def _is_closed(self, case: Case, clause: Clause, facts: Facts) -> bool:
        """A closing ends what had begun before it; a new alarm or request begins anew."""
        began_us, reopened_us = case.asked_us, 0
        if isinstance(clause.when, WhileSignal):
            began_us = facts.signals[clause.when.kind].first_raised_us
            reopened_us = self._board.reopened_us(clause.when.kind)
        return any(
            max(began_us, reopened_us) <= row.at_us
            and row.person in {None, case.request.viewer.person}
            and row.camera in {None, case.request.camera}
            for row in self._closings
        )


def _chain_refusal(case: Case, trusted: Trusted, now_us: int) -> Deny | None:
    viewer, administrator = case.certified.viewer, case.certified.administrator
    root = (case.agency_root,)
    if trusted.revoked.names(administrator, issuers=root) or trusted.revoked.names(
        viewer.device, issuers=(administrator, *root)
    ):
        return Deny(
            reason=Reason.CERTIFICATE_REVOKED,
            explanation="The device's or its administrator's certificate has been revoked.",
        )
    if now_us >= viewer.certified_until_us:
        return Deny(
            reason=Reason.CERTIFICATE_EXPIRED,
            explanation="The device's certificate has run out; renew it.",
        )
    return None


def _withdrawn() -> Deny:
    return Deny(
        reason=Reason.AGREEMENT_NOT_IN_FORCE,
        explanation="The agreement has been withdrawn or replaced; fetch the newest one.",
    )


def _two_persons() -> Deny:
    return Deny(
        reason=Reason.RENDITION_NOT_AGREED,
        explanation="Where there are children two of the owner's people must agree to unmask; "
        "the agreement does not say so.",
    )


def _closed_by_owner() -> Deny:
    return Deny(
        reason=Reason.OWNER_CLOSED,
        explanation="The owner has closed access; it opens again with a new alarm or request.",
    )


def _clause(standing: Standing, permit: Permit) -> Clause:
    return next(each for each in standing.agreement.clauses if each.id == permit.clause)


def _signal_end_us(clause: Clause, facts: Facts) -> int:
    if not isinstance(clause.when, WhileSignal):
        return 1 << 62
    return _over_us(facts.signals[clause.when.kind]) + clause.when.linger_us


def _over_us(signal: Signal) -> int:
    return signal.lease_until_us if signal.cleared_us is None else signal.cleared_us


def _ended_us(standing: Standing, facts: Facts, decision: Decision) -> int:
    """When a refusal began: for a signal that is over, exactly then and not when noticed."""
    if not isinstance(decision, Deny) or decision.reason is not Reason.SIGNAL_NOT_ACTIVE:
        return facts.now_us
    ends = [
        _over_us(facts.signals[clause.when.kind]) + clause.when.linger_us
        for clause in standing.agreement.clauses
        if isinstance(clause.when, WhileSignal) and clause.when.kind in facts.signals
    ]
    return min(facts.now_us, max(ends, default=facts.now_us))
