"""Compile an agreement to one Cedar policy set and the schema it is checked against.

Deterministic: equal agreements give equal text. Every circumstance of a clause becomes a
condition in Cedar; nothing is decided beside it. Traps that are closed here (Cedar skips a
policy whose evaluation errors, a `forbid` too): the schema is compiled from the very
agreement, policies are validated against it in strict mode, and `decide` turns any
diagnostic into a denial.
"""

import json
from dataclasses import dataclass

from cedarpy import PolicySet, Schema, validate_policies

from handfast.kit.errors import InvalidError
from handfast.model.agreement import Agreement, Clause, OnRequest, WhileSignal
from handfast.model.camera import AgencyId
from handfast.model.media import Rendition, View

_SCHEMA = """
namespace Handfast {
  entity Agency;
  entity Role in [Agency];
  entity Person in [Role];
  entity Site;
  entity Camera in [Site];
  type Signal = { firstRaised: Long, ended: Long, test: Bool };
  type Approval = { count: Long, until: Long };
  type Circumstances = {
    now: Long, asked: Long, opened: Long, from: Long, until: Long,
    purpose: String, incidentCovers: Bool, signals: { %(signals)s }, approval?: Approval,
  };
  action %(actions)s appliesTo { principal: Person, resource: Camera, context: Circumstances };
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledAgreement:
    """An agreement ready to be evaluated, any number of times and from any thread.

    Attributes:
        agreement: What it was compiled from.
        text: The Cedar policies, for people and for the prover.
        schema_text: Their schema.
    """

    agreement: Agreement
    text: str
    schema_text: str
    policies: PolicySet
    schema: Schema


def compile_agreement(agreement: Agreement) -> CompiledAgreement:
    """Compile and validate.

    Raises:
        InvalidError: Cedar refuses the result, e.g. a signal's name that no policy can bear.
    """
    text = "\n".join([_limits(agreement), *(_permit(agreement, c) for c in agreement.clauses)])
    schema_text = _SCHEMA % {"signals": _signal_types(agreement), "actions": _action_names()}
    try:
        found = validate_policies(text, schema_text)
        if not found.validation_passed:
            raise ValueError("; ".join(str(error.error) for error in found.errors))
        policies, schema = PolicySet.from_str(text), Schema.from_str(schema_text)
    except ValueError as error:
        message = f"agreement {agreement.id} does not compile: {error}; correct its clauses"
        raise InvalidError(message) from error
    return CompiledAgreement(
        agreement=agreement,
        text=text,
        schema_text=schema_text,
        policies=policies,
        schema=schema,
    )


def action_name(view: View, rendition: Rendition) -> str:
    """Return the Cedar action of looking at this view in this rendition."""
    return f"{view.value}-{rendition.value}"


def role_name(agency: AgencyId, role: str) -> str:
    """Return the id of an agency's role; two agencies' officers are never the same role."""
    return f"{agency}/{role}"


def _action_names() -> str:
    return ", ".join(_quote(action_name(v, r)) for v in View for r in Rendition)


def _signal_types(agreement: Agreement) -> str:
    kinds = {c.when.kind for c in agreement.clauses if isinstance(c.when, WhileSignal)}
    return ", ".join(f"{_quote(kind)}?: Signal" for kind in sorted(kinds))


def _limits(agreement: Agreement) -> str:
    """What holds whatever a clause says: the agreement's time, and purposes never served."""
    never = ", ".join(_quote(purpose.value) for purpose in sorted(agreement.never))
    return f"""@id("in-force")
forbid (principal, action, resource) unless {{
  context.now >= {agreement.not_before_us} && context.now < {agreement.not_after_us}
}};
@id("never")
forbid (principal, action, resource) when {{ [{never}].contains(context.purpose) }};
@id("range")
forbid (principal, action, resource) unless {{
  context.from <= context.until && context.until <= context.now
}};"""


def _permit(agreement: Agreement, clause: Clause) -> str:
    actions = ", ".join(
        f"Handfast::Action::{_quote(action_name(view, clause.rendition))}"
        for view in sorted(clause.views)
    )
    conditions = [_roles(agreement, clause), *_cameras(clause), _purposes(clause)]
    conditions.append(f"context.now < context.opened + {clause.longest_us}")
    if clause.needs_incident:
        conditions.append("context.incidentCovers")
    conditions.extend(_circumstance(clause))
    body = " &&\n  ".join(conditions)
    site = f"Handfast::Site::{_quote(agreement.node)}"
    return (
        f"@id({_quote(clause.id)})\n"
        f"permit (principal, action in [{actions}], resource in {site}) when {{\n  {body}\n}};"
    )


def _roles(agreement: Agreement, clause: Clause) -> str:
    names = (role_name(agreement.agency, role) for role in sorted(clause.roles))
    roles = ", ".join(f"Handfast::Role::{_quote(name)}" for name in names)
    return f"principal in [{roles}]"


def _cameras(clause: Clause) -> list[str]:
    if clause.cameras is None:
        return []
    cameras = ", ".join(f"Handfast::Camera::{_quote(c)}" for c in sorted(clause.cameras))
    return [f"resource in [{cameras}]"]


def _purposes(clause: Clause) -> str:
    purposes = ", ".join(_quote(purpose.value) for purpose in sorted(clause.purposes))
    return f"[{purposes}].contains(context.purpose)"


def _circumstance(clause: Clause) -> list[str]:
    match clause.when:
        case WhileSignal():
            return _while_signal(clause, clause.when)
        case OnRequest():
            return [
                "context has approval",
                f"context.approval.count >= {clause.when.approvals}",
                "context.now < context.approval.until",
                f"context.from >= context.asked - {clause.look_back_us}",
            ]


def _while_signal(clause: Clause, when: WhileSignal) -> list[str]:
    signal = f"context.signals[{_quote(when.kind)}]"
    conditions = [
        f"context.signals has {_quote(when.kind)}",
        f"context.now < {signal}.ended + {when.linger_us}",
        f"context.from >= {signal}.firstRaised - {clause.look_back_us}",
    ]
    return conditions if when.test_opens else [*conditions, f"!{signal}.test"]


def _quote(text: str) -> str:
    """Write a Cedar string literal; of JSON's escapes only quote and backslash remain."""
    quoted = json.dumps(text, ensure_ascii=False)
    if not text.isprintable():
        message = f"{quoted} has control characters; give it a plain name"
        raise InvalidError(message)
    return quoted
