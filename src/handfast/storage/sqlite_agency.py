"""`handfast.agency.ports.AgencyStore` on SQLite. Schema: schema/agency.sql."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from handfast.seal.identity import Envelope
from handfast.storage.sqlite import Database

_VERSION = 1
EnrolmentState: TypeAlias = Literal["pending", "certified", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRow:
    """A device that asks, or asked, to be certified."""

    fingerprint: str
    name: str
    label: str
    envelope: Envelope
    received_us: int
    state: EnrolmentState


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """A certificate with the fields people are listed by."""

    fingerprint: str
    issuer: str
    kind: str
    person: str
    name: str
    role: str
    not_after_us: int
    envelope: Envelope


class SqliteAgency:
    """Enrolments, certificates, revocations, agreements, incidents. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it when new."""
        self._database = Database(path, schema="agency.sql", version=_VERSION)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def put_enrolment(self, row: EnrolmentRow) -> None:
        """Keep a device's request; durable on return. A newer one of the same key replaces."""
        values = (
            row.fingerprint,
            row.name,
            row.label,
            _write(row.envelope),
            row.received_us,
            row.state,
        )
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO enrolment VALUES (?, ?, ?, ?, ?, ?)", values
            )

    def set_enrolment_state(self, fingerprint: str, state: EnrolmentState) -> None:
        """Record the answer; durable on return."""
        with self._database.write() as connection:
            connection.execute(
                "UPDATE enrolment SET state = ? WHERE fingerprint = ?", (state, fingerprint)
            )

    def enrolment(self, fingerprint: str) -> EnrolmentRow | None:
        """Return one device's request, or `None`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM enrolment WHERE fingerprint = ?", (fingerprint,)
            ).fetchone()
        return None if row is None else _enrolment(row)

    def pending_enrolments(self, *, since_us: int) -> list[EnrolmentRow]:
        """Return devices that wait and asked at `since_us` or later, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM enrolment WHERE state = 'pending' AND received_us >= ? "
                "ORDER BY received_us",
                (since_us,),
            ).fetchall()
        return [_enrolment(row) for row in rows]

    def put_certificate(self, row: CertificateRow) -> None:
        """Keep a verified certificate; durable on return."""
        values = (
            row.fingerprint,
            row.issuer,
            row.kind,
            row.person,
            row.name,
            row.role,
            row.not_after_us,
            _write(row.envelope),
        )
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO certificate VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
            )

    def certificate(self, fingerprint: str) -> CertificateRow | None:
        """Return the certificate of a key, or `None`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT * FROM certificate WHERE fingerprint = ?", (fingerprint,)
            ).fetchone()
        return None if row is None else _certificate(row)

    def certificates(self) -> list[CertificateRow]:
        """Return every certificate, people in alphabetical order."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM certificate ORDER BY name, person, not_after_us DESC"
            ).fetchall()
        return [_certificate(row) for row in rows]

    def put_revocation(self, issuer: str, serial: int, envelope: Envelope) -> bool:
        """Keep a list unless one with the same or a higher serial is there; say whether."""
        with self._database.write() as connection:
            done = connection.execute(
                "INSERT INTO revocation VALUES (?, ?, ?) ON CONFLICT (issuer) DO UPDATE "
                "SET serial = excluded.serial, envelope = excluded.envelope "
                "WHERE excluded.serial > serial",
                (issuer, serial, _write(envelope)),
            )
            return done.rowcount > 0

    def revocations(self) -> list[Envelope]:
        """Return the newest list of each issuer."""
        return self._envelopes("SELECT envelope FROM revocation ORDER BY issuer")

    def put_agreement(self, agreement: str, serial: int, envelope: Envelope) -> bool:
        """Keep an agreement unless one with the same or a higher serial is there."""
        with self._database.write() as connection:
            done = connection.execute(
                "INSERT INTO agreement VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET serial = excluded.serial, envelope = excluded.envelope "
                "WHERE excluded.serial > serial",
                (agreement, serial, _write(envelope)),
            )
            return done.rowcount > 0

    def agreements(self) -> list[Envelope]:
        """Return the newest version of each agreement."""
        return self._envelopes("SELECT envelope FROM agreement ORDER BY id")

    def put_incident(self, incident: str, at_us: int, person: str, envelope: Envelope) -> None:
        """Keep a signed statement and who asked for it; durable on return."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?)",
                (incident, at_us, person, _write(envelope)),
            )

    def incident(self, incident: str) -> Envelope | None:
        """Return the newest statement about an incident, or `None`."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT envelope FROM incident WHERE id = ?", (incident,)
            ).fetchone()
        return None if row is None else _read(row[0])

    def _envelopes(self, query: str) -> list[Envelope]:
        with self._database.read() as connection:
            return [_read(row[0]) for row in connection.execute(query)]


def _write(envelope: Envelope) -> bytes:
    return msgspec.json.encode(envelope)


def _read(blob: bytes) -> Envelope:
    return msgspec.json.decode(blob, type=Envelope)


def _enrolment(row: sqlite3.Row) -> EnrolmentRow:
    fingerprint, name, label, envelope, received_us, state = row
    return EnrolmentRow(
        fingerprint=fingerprint,
        name=name,
        label=label,
        envelope=_read(envelope),
        received_us=received_us,
        state=state,
    )


def _certificate(row: sqlite3.Row) -> CertificateRow:
    fingerprint, issuer, kind, person, name, role, not_after_us, envelope = row
    return CertificateRow(
        fingerprint=fingerprint,
        issuer=issuer,
        kind=kind,
        person=person,
        name=name,
        role=role,
        not_after_us=not_after_us,
        envelope=_read(envelope),
    )
