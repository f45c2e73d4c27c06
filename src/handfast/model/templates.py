"""Clauses to begin an agreement with: real circumstances, in the owner's favour.

`school` follows New Jersey's 18A:41-9 (named persons, circumstances, misuse prevention) and
opens by the alarm alone; `shop` follows Nashville's "share with boundaries": asked each time;
`transit` shows nobody unless somebody asks, because passers-by have agreed to nothing.
"""

from handfast.model.agreement import Clause, ClauseId, OnRequest, Purpose, WhileSignal
from handfast.model.media import Rendition, View

_MINUTE_US = 60_000_000
NEVER = frozenset({Purpose.IMMIGRATION_ENFORCEMENT})
BOTH_VIEWS = frozenset({View.LIVE, View.RECORDED})
FIRST_RESPONSE = frozenset({"officer", "dispatcher"})


def school() -> tuple[Clause, ...]:
    """Clear by the alarm alone; otherwise redacted, and only when the school says yes.

    While the intrusion alarm is up and 5 minutes after, from 10 minutes before. One person of
    a redacted picture becomes clear when two of the school's people agree.
    """
    return (
        _by_alarm("intrusion", Rendition.CLEAR),
        _asked("look", Rendition.REDACTED),
        _asked("unmask", Rendition.UNMASKED, approvals=2),
    )


def shop() -> tuple[Clause, ...]:
    """On request, for a stated incident nearby: one owner's device says yes each time."""
    return (_asked("ask", Rendition.CLEAR),)


def transit() -> tuple[Clause, ...]:
    """Redacted while the alarm is up, at once; clear for a stated incident, on request."""
    return (
        _by_alarm("alarm", Rendition.REDACTED),
        _asked("ask", Rendition.CLEAR),
        _asked("unmask", Rendition.UNMASKED),
    )


def _by_alarm(name: str, rendition: Rendition) -> Clause:
    return Clause(
        id=ClauseId(name),
        roles=FIRST_RESPONSE,
        views=BOTH_VIEWS,
        rendition=rendition,
        cameras=None,
        purposes=frozenset({Purpose.EMERGENCY}),
        when=WhileSignal(kind="intrusion", linger_us=5 * _MINUTE_US),
        look_back_us=10 * _MINUTE_US,
        longest_us=120 * _MINUTE_US,
        needs_incident=False,
    )


def _asked(name: str, rendition: Rendition, *, approvals: int = 1) -> Clause:
    return Clause(
        id=ClauseId(name),
        roles=FIRST_RESPONSE,
        views=BOTH_VIEWS,
        rendition=rendition,
        cameras=None,
        purposes=frozenset({Purpose.EMERGENCY, Purpose.MISSING_PERSON}),
        when=OnRequest(approvals=approvals, answer_within_us=15 * _MINUTE_US),
        look_back_us=60 * _MINUTE_US,
        longest_us=30 * _MINUTE_US,
        needs_incident=True,
    )
