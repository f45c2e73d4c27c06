"""The dispatch key says what the agency works on; owners check it before they open (P8)."""

import msgspec

from handfast.agency.ports import Agency
from handfast.agency.usecases.log_in import Member
from handfast.kit.errors import InvalidError
from handfast.model.camera import Place
from handfast.protocol.signing import sign
from handfast.protocol.statements import IncidentSignal, IncidentStatement
from handfast.seal.identity import Envelope

LASTING_US = 4 * 3600 * 1_000_000
_LARGEST_RADIUS_M = 20_000
_LONGEST_TITLE = 200


class IncidentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer or dispatcher fills in.

    Attributes:
        incident: Id of an incident that is open already, or `None` for a new one.
        radius_m: Metres, above 0, up to 20 km.
    """

    incident: str | None
    kind: str
    title: str
    lon: float
    lat: float
    radius_m: float
    signal: IncidentSignal | None


def sign_incident(agency: Agency, draft: IncidentDraft, *, by: Member) -> Envelope:
    """Sign the statement, and remember who asked for it.

    Raises:
        InvalidError: The place, radius, kind or title cannot be.
    """
    _require_sensible(draft)
    now_us = agency.clock.now_us()
    statement = IncidentStatement(
        incident=draft.incident or str(agency.ids.uuid7()),
        agency=agency.id,
        kind=draft.kind,
        title=draft.title.strip(),
        lon=draft.lon,
        lat=draft.lat,
        radius_m=draft.radius_m,
        opened_us=now_us,
        expires_us=now_us + LASTING_US,
        signal=draft.signal,
    )
    envelope = sign(statement, agency.dispatch)
    agency.store.put_incident(statement.incident, now_us, by.person, envelope)
    return envelope


def _require_sensible(draft: IncidentDraft) -> None:
    try:
        Place(lon=draft.lon, lat=draft.lat)
    except ValueError as error:
        raise InvalidError(f"the incident's place: {error}") from error
    if not 0 < draft.radius_m <= _LARGEST_RADIUS_M:
        raise InvalidError("the incident's radius is above 0 and at most 20,000 m")
    if not (draft.kind.strip() and draft.title.strip()) or len(draft.title) > _LONGEST_TITLE:
        raise InvalidError("the incident needs a kind and a title of up to 200 letters")
