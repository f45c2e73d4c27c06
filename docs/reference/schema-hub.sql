-- The hub's database, written by `make docs` from handfast.storage.hub_schema.

CREATE TABLE cameras (
    node VARCHAR NOT NULL,  -- whose registration names it
    camera VARCHAR NOT NULL,  -- camera id
    lon FLOAT NOT NULL,  -- degrees east, WGS 84
    lat FLOAT NOT NULL,  -- degrees north, WGS 84
    by_alarm BOOLEAN NOT NULL,  -- the agreement opens it on alarm
    by_request BOOLEAN NOT NULL,  -- the agreement opens it on request
    PRIMARY KEY (node, camera)
);
CREATE INDEX cameras_place ON cameras (lat, lon);

CREATE TABLE certificates (
    fingerprint VARCHAR NOT NULL,  -- of `key`
    kind VARCHAR NOT NULL,  -- node | dispatch | administrator
    holder VARCHAR NOT NULL,  -- id of the node or person
    organisation VARCHAR NOT NULL,  -- whose root stands behind it
    key BLOB NOT NULL,  -- Ed25519 public key, 32 bytes
    issuer VARCHAR NOT NULL,  -- fingerprint of the signer
    serial BIGINT NOT NULL,  -- as the issuer numbers it
    not_before_us BIGINT NOT NULL,  -- inclusive
    not_after_us BIGINT NOT NULL,  -- exclusive
    envelope BLOB NOT NULL,  -- the signed certificate, JSON
    PRIMARY KEY (fingerprint)
);
CREATE INDEX certificates_holder ON certificates (kind, holder);

CREATE TABLE grants (
    id VARCHAR NOT NULL,  -- grant id
    request VARCHAR NOT NULL,  -- hash of the request
    node VARCHAR NOT NULL,  -- who granted
    device VARCHAR NOT NULL,  -- fingerprint of who may look
    camera VARCHAR NOT NULL,  -- camera id
    stream VARCHAR NOT NULL,  -- main | sub
    rendition VARCHAR NOT NULL,  -- clear | redacted
    view VARCHAR NOT NULL,  -- live | recorded
    until_us BIGINT NOT NULL,  -- absolute end, exclusive
    ended_us BIGINT,  -- when the node ended it, else null
    reason VARCHAR,  -- why it ended
    PRIMARY KEY (id)
);
CREATE INDEX grants_until ON grants (until_us);

CREATE TABLE incident_signals (
    incident VARCHAR NOT NULL,  -- incident id
    node VARCHAR NOT NULL,  -- where the signal holds
    episode VARCHAR NOT NULL,  -- which alarm
    signal VARCHAR NOT NULL,  -- its name
    PRIMARY KEY (incident, node, episode)
);
CREATE INDEX incident_signals_episode ON incident_signals (node, episode);

CREATE TABLE incidents (
    id VARCHAR NOT NULL,  -- incident id
    kind VARCHAR NOT NULL,  -- e.g. intrusion, missing-person
    title TEXT NOT NULL,  -- one line for the list
    lon FLOAT NOT NULL,  -- degrees east, WGS 84
    lat FLOAT NOT NULL,  -- degrees north, WGS 84
    radius_m FLOAT NOT NULL,  -- metres around the place
    opened_us BIGINT NOT NULL,  -- inclusive
    closed_us BIGINT,  -- null while open
    expires_us BIGINT,  -- exclusive; of its statement, else null
    opened_by VARCHAR NOT NULL,  -- signal, or the agency's id
    node VARCHAR,  -- of the alarm that opened it
    episode VARCHAR,  -- of the alarm that opened it
    statement BLOB,  -- signed by the dispatch key, JSON
    PRIMARY KEY (id)
);
CREATE INDEX incidents_closed ON incidents (closed_us);

CREATE TABLE organisations (
    id VARCHAR NOT NULL,  -- owner's or agency's id
    kind VARCHAR NOT NULL,  -- owner | agency
    name TEXT NOT NULL,  -- as on its enrolment file
    root BLOB NOT NULL,  -- Ed25519 public key
    admitted_us BIGINT NOT NULL,  -- when it was admitted here
    PRIMARY KEY (id)
);

CREATE TABLE outbox_items (
    node VARCHAR NOT NULL,  -- whose outbox
    id VARCHAR NOT NULL,  -- item id, so that it counts once
    committed_us BIGINT NOT NULL,  -- for forgetting old ones
    PRIMARY KEY (node, id)
);
CREATE INDEX outbox_items_committed ON outbox_items (committed_us);

CREATE TABLE outboxes (
    node VARCHAR NOT NULL,  -- whose outbox
    sequence BIGINT NOT NULL,  -- highest committed
    checkpoint TEXT,  -- newest checkpoint of the owner's log, else null
    PRIMARY KEY (node)
);

CREATE TABLE requests (
    hash VARCHAR NOT NULL,  -- of the access-request statement
    node VARCHAR NOT NULL,  -- who decides
    device VARCHAR NOT NULL,  -- fingerprint of who asks
    asked_us BIGINT NOT NULL,  -- when it passed here
    decided_us BIGINT,  -- of the newest decision
    decision BLOB,  -- newest signed decision, JSON; key sealed inside
    PRIMARY KEY (hash)
);
CREATE INDEX requests_asked ON requests (asked_us);

CREATE TABLE revocations (
    issuer VARCHAR NOT NULL,  -- fingerprint of the signer
    serial BIGINT NOT NULL,  -- only grows
    revoked TEXT NOT NULL,  -- fingerprints, separated by spaces
    envelope BLOB NOT NULL,  -- the signed list, JSON
    PRIMARY KEY (issuer)
);

CREATE TABLE schema_version (
    version BIGINT NOT NULL,  -- of these tables
    PRIMARY KEY (version)
);

CREATE TABLE signals (
    node VARCHAR NOT NULL,  -- where it holds
    signal VARCHAR NOT NULL,  -- its name, e.g. intrusion
    sequence BIGINT NOT NULL,  -- only grows per node and signal
    episode VARCHAR NOT NULL,  -- one alarm with its flapping
    is_test BOOLEAN NOT NULL,  -- opens no incident
    first_raised_us BIGINT NOT NULL,  -- first raise of the episode
    cleared_us BIGINT,  -- null while raised
    lease_until_us BIGINT NOT NULL,  -- end unless renewed
    envelope BLOB NOT NULL,  -- the signed state, JSON
    PRIMARY KEY (node, signal)
);

CREATE TABLE sites (
    node VARCHAR NOT NULL,  -- one node per site
    owner VARCHAR NOT NULL,  -- organisation
    name TEXT NOT NULL,  -- what the owner calls the site
    serial BIGINT NOT NULL,  -- of the registration; only grows
    lon FLOAT NOT NULL,  -- degrees east, WGS 84
    lat FLOAT NOT NULL,  -- degrees north, WGS 84
    envelope BLOB NOT NULL,  -- the signed registration, JSON
    PRIMARY KEY (node)
);
