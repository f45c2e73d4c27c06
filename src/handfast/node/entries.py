"""What stands in the owner's log: one canonical JSON object per event, by `kind`.

Entries carry names of people on purpose (the owner must see who looked); leaves are salted,
so a published tree tells none of it, and deleting a salt erases the name.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from handfast.kit.encoding import Json, b64, canonical
from handfast.model.access import Decision, Deny, Grant, Pending, Viewer
from handfast.model.signal import Signal
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_node import Access, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseWindow:
    """Keys of runs that begin in `[from_us, until_us)` go out under one log entry.

    Attributes:
        number: From 0, which is the decision's own entry.
    """

    number: int
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asked and for what, when certificates and request were found whole."""

    viewer: Viewer
    why: Why


def _entry(kind: str, at_us: int, body: Mapping[str, Json]) -> bytes:
    return canonical({"kind": kind, "at_us": at_us, **body})


def envelope_json(envelope: Envelope) -> Json:
    """Return an envelope as JSON values."""
    built: dict[str, Json] = msgspec.to_builtins(envelope)
    return built


def decision_entry(
    decision: Decision,
    *,
    request: str,
    at_us: int,
    ask: Envelope | None,
    asker: Asker | None = None,
    opened: tuple[Grant, Why, ReleaseWindow] | None = None,
) -> bytes:
    """Write the entry of one decision: what was asked by whom, what was opened, or why not."""
    body: dict[str, Json] = {
        "request": request,
        "ask": None if ask is None else envelope_json(ask),
    }
    if asker is not None:
        body |= {
            "name": asker.viewer.name,
            "role": asker.viewer.role,
            "person": asker.viewer.person,
            "why": msgspec.to_builtins(asker.why),
        }
    if isinstance(decision, Deny):
        body |= {"outcome": "deny", "reason": decision.reason.value}
        body["explanation"] = decision.explanation
    elif isinstance(decision, Pending):
        body |= {"outcome": "pending", "answer_by_us": decision.answer_by_us}
    if opened is not None:
        grant, why, window = opened
        body |= {
            "outcome": "permit",
            "grant": grant_json(grant),
            "name": grant.viewer.name,
            "role": grant.viewer.role,
            "why": msgspec.to_builtins(why),
            "window": {"from_us": window.from_us, "until_us": window.until_us},
        }
    return _entry("decision", at_us, body)


def grant_json(grant: Grant) -> dict[str, Json]:
    """Return a grant as protocol.md writes it."""
    return {
        "id": grant.id,
        "agreement": grant.agreement,
        "clause": grant.clause,
        "camera": grant.camera,
        "stream": grant.stream.value,
        "view": grant.view.value,
        "rendition": grant.rendition.value,
        "person": grant.viewer.person,
        "device": grant.viewer.device,
        "incident": grant.incident,
        "since_us": grant.since_us,
        "until_us": grant.until_us,
        "from_us": grant.from_us,
        "range_until_us": grant.range_until_us,
        **_track(grant),
    }


def _track(grant: Grant) -> dict[str, Json]:
    track: dict[str, Json] = {} if grant.track is None else {"track": grant.track}
    if grant.track_kind is not None:
        track["track_kind"] = grant.track_kind
    return track if grant.seen_in is None else {**track, "seen_in": b64(grant.seen_in)}


def window_entry(grant: Grant, clause: str, window: ReleaseWindow, *, at_us: int) -> bytes:
    """Write the entry of one release window."""
    body: dict[str, Json] = {
        "grant": grant.id,
        "clause": clause,
        "window": window.number,
        "from_us": window.from_us,
        "until_us": window.until_us,
    }
    return _entry("window", at_us, body)


def end_entry(access: Access, *, at_us: int) -> bytes:
    """Write the expiry entry: who saw what, when, how long, why, and why it ended."""
    grant = access.grant
    body: dict[str, Json] = {
        "grant": grant.id,
        "reason": access.reason,
        "ended_us": access.ended_us,
        "since_us": grant.since_us,
        "camera": grant.camera,
        "view": grant.view.value,
        "rendition": grant.rendition.value,
        **_track(grant),
        "person": grant.viewer.person,
        "name": grant.viewer.name,
        "why": msgspec.to_builtins(access.why),
        "viewed_us": access.viewed_us,
        "runs_released": access.runs_released,
    }
    return _entry("end", at_us, body)


def signal_entry(signal: Signal, raised_by: str, *, at_us: int) -> bytes:
    """Write the entry of a signal's change."""
    body: dict[str, Json] = {
        "signal": signal.kind,
        "episode": signal.episode,
        "state": signal.state.value,
        "test": signal.test,
        "first_raised_us": signal.first_raised_us,
        "raised_us": signal.raised_us,
        "cleared_us": signal.cleared_us,
        "lease_until_us": signal.lease_until_us,
        "sequence": signal.sequence,
        "by": raised_by,
    }
    return _entry("signal", at_us, body)


def statement_entry(kind: str, envelope: Envelope, *, at_us: int) -> bytes:
    """Write the entry of what an owner's device signed; `kind` as in node-api.md."""
    return _entry(kind, at_us, {"statement": envelope_json(envelope)})


def event_entry(kind: str, body: Mapping[str, Json], *, at_us: int) -> bytes:
    """Write the entry of something the node did by itself, e.g. `retention`."""
    return _entry(kind, at_us, body)
