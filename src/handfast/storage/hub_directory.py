"""Organisations, certificates and revocations in the hub's database."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from handfast.storage.hub_rows import CertificateRow, OrganisationRow, RevocationRow
from handfast.storage.hub_schema import CERTIFICATES, ORGANISATIONS, REVOCATIONS


class Directory:
    """Whom the hub knows; good inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        """Work in the connection's transaction."""
        self._connection = connection

    def admit(self, row: OrganisationRow) -> None:
        """Store an organisation; a second time replaces name and root."""
        values = {"kind": row.kind, "name": row.name, "root": row.root}
        values_new = {**values, "id": row.id, "admitted_us": row.admitted_us}
        changed = self._connection.execute(
            update(ORGANISATIONS).where(ORGANISATIONS.c.id == row.id).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(ORGANISATIONS).values(values_new))

    def organisations(self) -> list[OrganisationRow]:
        """Return all enrolled organisations."""
        rows = self._connection.execute(select(ORGANISATIONS).order_by(ORGANISATIONS.c.id))
        return [_organisation(row) for row in rows]

    def certify(self, row: CertificateRow) -> None:
        """Store a certificate that has been checked; a newer one of a key replaces it."""
        values = {name: getattr(row, name) for name in CERTIFICATES.c.keys()}  # noqa: SIM118 - not a dict
        changed = self._connection.execute(
            update(CERTIFICATES)
            .where(CERTIFICATES.c.fingerprint == row.fingerprint)
            .values(values)
        )
        if not changed.rowcount:
            self._connection.execute(insert(CERTIFICATES).values(values))

    def certificates(self, kind: str, holder: str | None = None) -> list[CertificateRow]:
        """Return the certificates of a kind, newest first; all holders' without `holder`."""
        query = select(CERTIFICATES).where(CERTIFICATES.c.kind == kind)
        if holder is not None:
            query = query.where(CERTIFICATES.c.holder == holder)
        rows = self._connection.execute(query.order_by(CERTIFICATES.c.serial.desc()))
        return [CertificateRow(**row._asdict()) for row in rows]

    def revocation(self, issuer: str) -> RevocationRow | None:
        """Return the newest list of an issuer."""
        row = self._connection.execute(
            select(REVOCATIONS).where(REVOCATIONS.c.issuer == issuer)
        ).one_or_none()
        return None if row is None else _revocation(row)

    def revocations(self) -> list[RevocationRow]:
        """Return the newest list of every issuer."""
        return [_revocation(row) for row in self._connection.execute(select(REVOCATIONS))]

    def revoke(self, row: RevocationRow) -> None:
        """Store a list in place of its predecessor; the caller has compared serials."""
        values = {
            "serial": row.serial,
            "revoked": " ".join(sorted(row.revoked)),
            "envelope": row.envelope,
        }
        changed = self._connection.execute(
            update(REVOCATIONS).where(REVOCATIONS.c.issuer == row.issuer).values(values)
        )
        if not changed.rowcount:
            self._connection.execute(
                insert(REVOCATIONS).values({**values, "issuer": row.issuer})
            )


def _organisation(row: Row[Any]) -> OrganisationRow:
    return OrganisationRow(**row._asdict())


def _revocation(row: Row[Any]) -> RevocationRow:
    return RevocationRow(
        issuer=row.issuer,
        serial=row.serial,
        revoked=frozenset(row.revoked.split()),
        envelope=row.envelope,
    )
