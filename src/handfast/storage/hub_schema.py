"""The hub's tables, column by column; one schema for SQLite now and PostgreSQL later.

Instants are microseconds since 1970 UTC. Ids are UUID text, fingerprints and hashes
unpadded base64url. No column holds a key that opens anything, nor a picture.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION: Final = 1

SCHEMA: Final = MetaData()

ORGANISATIONS: Final = Table(
    "organisations",
    SCHEMA,
    Column("id", String, primary_key=True, comment="owner's or agency's id"),
    Column("kind", String, nullable=False, comment="owner | agency"),
    Column("name", Text, nullable=False, comment="as on its enrolment file"),
    Column("root", LargeBinary, nullable=False, unique=True, comment="Ed25519 public key"),
    Column("admitted_us", BigInteger, nullable=False, comment="when it was admitted here"),
)

CERTIFICATES: Final = Table(
    "certificates",
    SCHEMA,
    Column("fingerprint", String, primary_key=True, comment="of `key`"),
    Column("kind", String, nullable=False, comment="node | dispatch | administrator"),
    Column("holder", String, nullable=False, comment="id of the node or person"),
    Column("organisation", String, nullable=False, comment="whose root stands behind it"),
    Column("key", LargeBinary, nullable=False, comment="Ed25519 public key, 32 bytes"),
    Column("issuer", String, nullable=False, comment="fingerprint of the signer"),
    Column("serial", BigInteger, nullable=False, comment="as the issuer numbers it"),
    Column("not_before_us", BigInteger, nullable=False, comment="inclusive"),
    Column("not_after_us", BigInteger, nullable=False, comment="exclusive"),
    Column("envelope", LargeBinary, nullable=False, comment="the signed certificate, JSON"),
    Index("certificates_holder", "kind", "holder"),
)

REVOCATIONS: Final = Table(
    "revocations",
    SCHEMA,
    Column("issuer", String, primary_key=True, comment="fingerprint of the signer"),
    Column("serial", BigInteger, nullable=False, comment="only grows"),
    Column("revoked", Text, nullable=False, comment="fingerprints, separated by spaces"),
    Column("envelope", LargeBinary, nullable=False, comment="the signed list, JSON"),
)

SITES: Final = Table(
    "sites",
    SCHEMA,
    Column("node", String, primary_key=True, comment="one node per site"),
    Column("owner", String, nullable=False, comment="organisation"),
    Column("name", Text, nullable=False, comment="what the owner calls the site"),
    Column("serial", BigInteger, nullable=False, comment="of the registration; only grows"),
    Column("lon", Float, nullable=False, comment="degrees east, WGS 84"),
    Column("lat", Float, nullable=False, comment="degrees north, WGS 84"),
    Column("envelope", LargeBinary, nullable=False, comment="the signed registration, JSON"),
)

CAMERAS: Final = Table(
    "cameras",
    SCHEMA,
    Column("node", String, primary_key=True, comment="whose registration names it"),
    Column("camera", String, primary_key=True, comment="camera id"),
    Column("lon", Float, nullable=False, comment="degrees east, WGS 84"),
    Column("lat", Float, nullable=False, comment="degrees north, WGS 84"),
    Column("by_alarm", Boolean, nullable=False, comment="the agreement opens it on alarm"),
    Column("by_request", Boolean, nullable=False, comment="the agreement opens it on request"),
    Index("cameras_place", "lat", "lon"),
)

SIGNALS: Final = Table(
    "signals",
    SCHEMA,
    Column("node", String, primary_key=True, comment="where it holds"),
    Column("signal", String, primary_key=True, comment="its name, e.g. intrusion"),
    Column("sequence", BigInteger, nullable=False, comment="only grows per node and signal"),
    Column("episode", String, nullable=False, comment="one alarm with its flapping"),
    Column("is_test", Boolean, nullable=False, comment="opens no incident"),
    Column("first_raised_us", BigInteger, nullable=False, comment="first raise of the episode"),
    Column("cleared_us", BigInteger, comment="null while raised"),
    Column("lease_until_us", BigInteger, nullable=False, comment="end unless renewed"),
    Column("envelope", LargeBinary, nullable=False, comment="the signed state, JSON"),
)

INCIDENTS: Final = Table(
    "incidents",
    SCHEMA,
    Column("id", String, primary_key=True, comment="incident id"),
    Column("kind", String, nullable=False, comment="e.g. intrusion, missing-person"),
    Column("title", Text, nullable=False, comment="one line for the list"),
    Column("lon", Float, nullable=False, comment="degrees east, WGS 84"),
    Column("lat", Float, nullable=False, comment="degrees north, WGS 84"),
    Column("radius_m", Float, nullable=False, comment="metres around the place"),
    Column("opened_us", BigInteger, nullable=False, comment="inclusive"),
    Column("closed_us", BigInteger, comment="null while open"),
    Column("expires_us", BigInteger, comment="exclusive; of its statement, else null"),
    Column("opened_by", String, nullable=False, comment="signal, or the agency's id"),
    Column("node", String, comment="of the alarm that opened it"),
    Column("episode", String, comment="of the alarm that opened it"),
    Column("statement", LargeBinary, comment="signed by the dispatch key, JSON"),
    Index("incidents_closed", "closed_us"),
)

INCIDENT_SIGNALS: Final = Table(
    "incident_signals",
    SCHEMA,
    Column("incident", String, primary_key=True, comment="incident id"),
    Column("node", String, primary_key=True, comment="where the signal holds"),
    Column("episode", String, primary_key=True, comment="which alarm"),
    Column("signal", String, nullable=False, comment="its name"),
    Index("incident_signals_episode", "node", "episode"),
)

REQUESTS: Final = Table(
    "requests",
    SCHEMA,
    Column("hash", String, primary_key=True, comment="of the access-request statement"),
    Column("node", String, nullable=False, comment="who decides"),
    Column("device", String, nullable=False, comment="fingerprint of who asks"),
    Column("asked_us", BigInteger, nullable=False, comment="when it passed here"),
    Column("decided_us", BigInteger, comment="of the newest decision"),
    Column("decision", LargeBinary, comment="newest signed decision, JSON; key sealed inside"),
    Index("requests_asked", "asked_us"),
)

GRANTS: Final = Table(
    "grants",
    SCHEMA,
    Column("id", String, primary_key=True, comment="grant id"),
    Column("request", String, nullable=False, comment="hash of the request"),
    Column("node", String, nullable=False, comment="who granted"),
    Column("device", String, nullable=False, comment="fingerprint of who may look"),
    Column("camera", String, nullable=False, comment="camera id"),
    Column("stream", String, nullable=False, comment="main | sub"),
    Column("rendition", String, nullable=False, comment="clear | redacted"),
    Column("view", String, nullable=False, comment="live | recorded"),
    Column("until_us", BigInteger, nullable=False, comment="absolute end, exclusive"),
    Column("ended_us", BigInteger, comment="when the node ended it, else null"),
    Column("reason", String, comment="why it ended"),
    Index("grants_until", "until_us"),
)

OUTBOXES: Final = Table(
    "outboxes",
    SCHEMA,
    Column("node", String, primary_key=True, comment="whose outbox"),
    Column("sequence", BigInteger, nullable=False, comment="highest committed"),
    Column("checkpoint", Text, comment="newest checkpoint of the owner's log, else null"),
)

OUTBOX_ITEMS: Final = Table(
    "outbox_items",
    SCHEMA,
    Column("node", String, primary_key=True, comment="whose outbox"),
    Column("id", String, primary_key=True, comment="item id, so that it counts once"),
    Column("committed_us", BigInteger, nullable=False, comment="for forgetting old ones"),
    Index("outbox_items_committed", "committed_us"),
)

SCHEMA_VERSION: Final = Table(
    "schema_version",
    SCHEMA,
    Column("version", BigInteger, primary_key=True, comment="of these tables"),
)
