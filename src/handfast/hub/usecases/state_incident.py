"""Take an incident that an agency's dispatch key has signed."""

from handfast.hub.chain import Trust, check_chain
from handfast.hub.errors import RefusedError
from handfast.hub.sessions import Session
from handfast.hub.usecases.open_incident import open_by_statement
from handfast.hub.views import envelope as read_envelope
from handfast.kit.errors import HandfastError, InvalidError
from handfast.model.access import Reason
from handfast.protocol.chain import ChainError
from handfast.protocol.signing import verify
from handfast.protocol.statements import IncidentStatement
from handfast.seal.identity import Envelope
from handfast.storage.hub_rows import IncidentRow
from handfast.storage.sqlite_hub import HubTransaction


def state_incident(
    tables: HubTransaction,
    statement: Envelope,
    chain: list[Envelope],
    *,
    session: Session,
    trust: Trust,
    now_us: int,
) -> IncidentRow:
    """Check an incident statement and store it.

    Args:
        tables: Within one transaction.
        statement: As received.
        chain: The dispatch certificate, or nothing when it was admitted with the agency.
        session: Who brings it; of the same agency.
        trust: Enrolled roots and revocations.
        now_us: Now.

    Raises:
        DeniedError: No dispatch key of the caller's agency has signed it.
        InvalidError: It is malformed or has expired.
        ConflictError: It speaks of a closed or another agency's incident.
    """
    trusted = _dispatch_keys(tables, chain, session=session, trust=trust, now_us=now_us)
    try:
        said = verify(statement, IncidentStatement, trusted=trusted)
    except InvalidError:
        raise
    except HandfastError as error:
        message = "no dispatch key of your agency has signed this incident"
        raise RefusedError(Reason.INCIDENT_NOT_STATED, message) from error
    if said.agency != session.agency:
        raise RefusedError("other-agency", f"this incident is agency {said.agency}'s")
    return open_by_statement(tables, said, envelope=statement, now_us=now_us)


def _dispatch_keys(
    tables: HubTransaction,
    chain: list[Envelope],
    *,
    session: Session,
    trust: Trust,
    now_us: int,
) -> dict[str, bytes]:
    chains = [chain] if chain else []
    chains += [
        [read_envelope(row.envelope)]
        for row in tables.directory.certificates("dispatch")
        if row.organisation == session.agency
    ]
    keys: dict[str, bytes] = {}
    for each in chains:
        try:
            found = check_chain(each, kind="dispatch", trust=trust, now_us=now_us)
        except ChainError:
            if chain:
                raise
            continue
        if found.organisation.id == session.agency:
            keys[found.fingerprint] = found.key
    return keys
