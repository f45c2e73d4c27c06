-- Key periods of a node: every root that opens a recording, wrapped under the key file.
-- Kept out of backups: what is deleted here must be gone.

CREATE TABLE period (
    id            BLOB PRIMARY KEY CHECK (length(id) = 16),  -- random; stands in segment headers
    camera        BLOB NOT NULL CHECK (length(camera) = 16), -- UUID
    stream        INTEGER NOT NULL,  -- 0 main, 1 sub
    rendition     INTEGER NOT NULL,  -- 0 clear, 1 redacted
    started_us    INTEGER NOT NULL,  -- wall clock when leaf 0 began, us since 1970 UTC
    monotonic_us  INTEGER NOT NULL,  -- the machine's monotonic clock at that instant, us; means
                                     -- something until the machine restarts
    wrapped_root  BLOB NOT NULL      -- 32-byte root under the wrapping key, bound to the five
                                     -- columns before it (handfast.seal.keystore)
) STRICT, WITHOUT ROWID;
