"""Signals: named site conditions over time, held as leases and damped.

A raise opens a lease that its source must renew; a lost "clear" therefore cannot leave
a door open. An episode is one alarm including its flapping: clearing and raising again
within the damping time continues it, and its first raise stays the reference for
look-back. Pure: whoever calls has checked who speaks and brings the time.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NewType

EpisodeId = NewType("EpisodeId", str)


class SignalState(StrEnum):
    """Whether the condition holds now."""

    RAISED = "raised"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """How long a signal lives without renewal, and what counts as flapping.

    Attributes:
        default_us: Length of a lease whose source names none.
        longest_us: No lease is longer, whatever its source asks for.
        damping_us: A raise this soon after a clear belongs to the same episode.
        longest_episode_us: An episode ends after this long even when it is renewed for
            ever; a new raise by a person begins the next one.
    """

    default_us: int = 120_000_000
    longest_us: int = 900_000_000
    damping_us: int = 60_000_000
    longest_episode_us: int = 6 * 3600_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """The state of one kind of condition at one site.

    Attributes:
        kind: Its name, e.g. `intrusion`.
        test: Raised for a test; opens nothing unless an agreement names it.
        first_raised_us: First raise of this episode.
        raised_us: Newest raise of this episode.
        cleared_us: When it was cleared or its lease ran out; `None` while raised.
        lease_until_us: Exclusive end of the lease while raised.
        sequence: Grows with every change the node makes known.
    """

    kind: str
    episode: EpisodeId
    state: SignalState
    test: bool
    first_raised_us: int
    raised_us: int
    cleared_us: int | None
    lease_until_us: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """What a source says when it raises or renews.

    Attributes:
        kind: Name of the signal.
        test: Raised for a test.
        lease_us: How long it is to live without renewal; `None` for the default.
    """

    kind: str
    test: bool
    lease_us: int | None


def raise_signal(
    before: Signal | None,
    said: Raise,
    *,
    now_us: int,
    new_episode: EpisodeId,
    terms: LeaseTerms,
) -> Signal:
    """Raise or renew, and return the new state.

    A raise while raised renews. A test never continues a real episode, nor the reverse:
    a test that follows an alarm must not extend what the alarm opened.
    """
    length = min(said.lease_us or terms.default_us, terms.longest_us)
    sequence = 1 if before is None else before.sequence + 1
    if before is not None and before.test == said.test and _continues(before, now_us, terms):
        end = before.first_raised_us + terms.longest_episode_us
        return replace(
            before,
            state=SignalState.RAISED,
            raised_us=now_us if before.cleared_us is not None else before.raised_us,
            cleared_us=None,
            lease_until_us=min(now_us + length, end),
            sequence=sequence,
        )
    return Signal(
        kind=said.kind,
        episode=new_episode,
        state=SignalState.RAISED,
        test=said.test,
        first_raised_us=now_us,
        raised_us=now_us,
        cleared_us=None,
        lease_until_us=now_us + length,
        sequence=sequence,
    )


def clear_signal(before: Signal, *, now_us: int) -> Signal:
    """Clear now; clearing what is already cleared changes nothing."""
    if before.state is SignalState.CLEARED:
        return before
    return replace(
        before,
        state=SignalState.CLEARED,
        cleared_us=min(now_us, before.lease_until_us),
        sequence=before.sequence + 1,
    )


def expire_signal(before: Signal, *, now_us: int) -> Signal:
    """Clear when the lease has run out by `now_us`; otherwise return `before` itself."""
    if before.state is SignalState.RAISED and now_us >= before.lease_until_us:
        return clear_signal(before, now_us=before.lease_until_us)
    return before


def holds(signal: Signal, *, now_us: int, linger_us: int) -> bool:
    """Tell whether the condition, or its linger, lasts at `now_us` (end exclusive)."""
    ended = signal.lease_until_us if signal.cleared_us is None else signal.cleared_us
    return now_us < ended + linger_us


def _continues(before: Signal, now_us: int, terms: LeaseTerms) -> bool:
    if now_us >= before.first_raised_us + terms.longest_episode_us:
        return False
    ended = before.lease_until_us if before.cleared_us is None else before.cleared_us
    return now_us < ended + terms.damping_us
