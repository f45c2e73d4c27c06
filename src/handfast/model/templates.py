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

    While the intrusion alarm is up and 5 minutes after, from 10 minutes before.
    """
    return (
        Clause(
            id=ClauseId("intrusion"),
            roles=FIRST_RESPONSE,
            views=BOTH_VIEWS,
            rendition=Rendition.CLEAR,
            cameras=None,
            purposes=frozenset({Purpose.EMERGENCY}),
            when=WhileSignal(kind="intrusion", linger_us=5 * _MINUTE_US),
            look_back_us=10 * _MINUTE_US,
            longest_us=120 * _MINUTE_US,
            needs_incident=False,
        ),
        Clause(
            id=ClauseId("look"),
            roles=FIRST_RESPONSE,
            views=BOTH_VIEWS,
            rendition=Rendition.REDACTED,
            cameras=None,
            purposes=frozenset({Purpose.EMERGENCY, Purpose.MISSING_PERSON}),
            when=OnRequest(approvals=1, answer_within_us=15 * _MINUTE_US),
            look_back_us=60 * _MINUTE_US,
            longest_us=30 * _MINUTE_US,
            needs_incident=True,
        ),
        _unmask(approvals=2),
    )


def _unmask(*, approvals: int) -> Clause:
    """One person or vehicle of a redacted recording becomes clear, for a stated reason."""
    return Clause(
        id=ClauseId("unmask"),
        roles=FIRST_RESPONSE,
        views=frozenset({View.RECORDED}),
        rendition=Rendition.UNMASKED,
        cameras=None,
        purposes=frozenset({Purpose.EMERGENCY, Purpose.MISSING_PERSON}),
        when=OnRequest(approvals=approvals, answer_within_us=15 * _MINUTE_US),
        look_back_us=60 * _MINUTE_US,
        longest_us=30 * _MINUTE_US,
        needs_incident=True,
    )


def shop() -> tuple[Clause, ...]:
    """On request, for a stated incident nearby: one owner's device says yes each time."""
    return (
        Clause(
            id=ClauseId("ask"),
            roles=FIRST_RESPONSE,
            views=BOTH_VIEWS,
            rendition=Rendition.CLEAR,
            cameras=None,
            purposes=frozenset({Purpose.EMERGENCY, Purpose.MISSING_PERSON}),
            when=OnRequest(approvals=1, answer_within_us=15 * _MINUTE_US),
            look_back_us=60 * _MINUTE_US,
            longest_us=30 * _MINUTE_US,
            needs_incident=True,
        ),
    )


def transit() -> tuple[Clause, ...]:
    """Redacted while the alarm is up, at once; clear for a stated incident, on request."""
    return (
        Clause(
            id=ClauseId("alarm"),
            roles=FIRST_RESPONSE,
            views=BOTH_VIEWS,
            rendition=Rendition.REDACTED,
            cameras=None,
            purposes=frozenset({Purpose.EMERGENCY}),
            when=WhileSignal(kind="intrusion", linger_us=5 * _MINUTE_US),
            look_back_us=10 * _MINUTE_US,
            longest_us=120 * _MINUTE_US,
            needs_incident=False,
        ),
        Clause(
            id=ClauseId("ask"),
            roles=FIRST_RESPONSE,
            views=BOTH_VIEWS,
            rendition=Rendition.CLEAR,
            cameras=None,
            purposes=frozenset({Purpose.EMERGENCY, Purpose.MISSING_PERSON}),
            when=OnRequest(approvals=1, answer_within_us=15 * _MINUTE_US),
            look_back_us=60 * _MINUTE_US,
            longest_us=30 * _MINUTE_US,
            needs_incident=True,
        ),
        _unmask(approvals=1),
    )
