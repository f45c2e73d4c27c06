-- What an agency's server keeps. Envelopes are DSSE JSON as received; instants are microseconds UTC.

CREATE TABLE enrolment (          -- devices that ask to be certified
  fingerprint TEXT PRIMARY KEY,   -- of the device's signing key, base64url
  name        TEXT NOT NULL,      -- what the person typed; proves nothing
  label       TEXT NOT NULL,      -- what the person calls the device
  envelope    BLOB NOT NULL,
  received_us INTEGER NOT NULL,   -- forgotten 24 h later when still pending
  state       TEXT NOT NULL CHECK (state IN ('pending', 'certified', 'refused'))
) STRICT;

CREATE TABLE certificate (        -- every certificate this agency's root or administrators made
  fingerprint  TEXT PRIMARY KEY,  -- of the certified signing key; a newer one replaces
  issuer       TEXT NOT NULL,     -- fingerprint of the key that signed it
  kind         TEXT NOT NULL,
  person       TEXT NOT NULL,     -- id of the person (or of the dispatch key)
  name         TEXT NOT NULL,
  role         TEXT NOT NULL,
  not_after_us INTEGER NOT NULL,
  envelope     BLOB NOT NULL
) STRICT;

CREATE TABLE revocation (         -- the newest list of each issuer
  issuer   TEXT PRIMARY KEY,
  serial   INTEGER NOT NULL,
  envelope BLOB NOT NULL
) STRICT;

CREATE TABLE agreement (          -- countersigned agreements, the highest serial of each
  id       TEXT PRIMARY KEY,
  serial   INTEGER NOT NULL,
  envelope BLOB NOT NULL
) STRICT;

CREATE TABLE incident (           -- statements signed by the dispatch key, newest of each
  id        TEXT PRIMARY KEY,
  signed_us INTEGER NOT NULL,
  person    TEXT NOT NULL,        -- id of the person who asked for the statement
  envelope  BLOB NOT NULL
) STRICT;
