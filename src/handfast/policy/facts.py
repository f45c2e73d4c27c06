"""What a decision is taken on; gathered by the policy information point, the node."""

from collections.abc import Mapping
from dataclasses import dataclass

from handfast.model.access import Fingerprint
from handfast.model.camera import Place
from handfast.model.incident import Incident
from handfast.model.signal import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFact:
    """One owner's device answered this very request; its signature has been verified.

    Attributes:
        until_us: How long the owner lets it last, exclusive.
    """

    device: Fingerprint
    approved: bool
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true at the site when the question is asked; built by the PEP itself.

    Attributes:
        now_us: The only time that counts.
        asked_us: When the request arrived; the reference of look-back on request.
        opened_us: When its grant was opened; equal to `now_us` for a new request. A grant
            under way is decided anew with it, so that no renewal outlives the clause.
        signals: By kind; a kind that never rose is absent.
        incident: A statement verified against the pinned dispatch key, or `None`.
    """

    now_us: int
    asked_us: int
    opened_us: int
    site: Place
    signals: Mapping[str, Signal]
    approvals: tuple[ApprovalFact, ...]
    incident: Incident | None
