-- The index of a node's segments: which runs lie where, what was signed about them, what has
-- been removed. Written by the node process only. The disk is the truth for all but manifests
-- and tombstones: the start-up scan rebuilds every other row from the files.

CREATE TABLE segment (
    number           INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of closing; never used again
    id               BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    camera           BLOB NOT NULL CHECK (length(camera) = 16),  -- UUID
    stream           INTEGER NOT NULL,  -- 0 main, 1 sub
    rendition        INTEGER NOT NULL,  -- 0 clear, 1 redacted
    period           BLOB NOT NULL,     -- 16-byte id of its key period
    header           BLOB NOT NULL CHECK (length(header) = 104),  -- first bytes of the file
    path             TEXT NOT NULL,     -- of the file, relative to the root of the segments
    start_us         INTEGER NOT NULL,  -- first unit received, us since 1970 UTC
    end_us           INTEGER NOT NULL,  -- exclusive
    bytes            INTEGER NOT NULL,  -- length of the file, header included
    lost_units       INTEGER NOT NULL,  -- video units known to be missing before or inside
    recovered        INTEGER NOT NULL,  -- 1: rebuilt from the file after a crash
    missing          INTEGER NOT NULL DEFAULT 0,  -- 1: the file has gone and nobody removed it
    removed_us       INTEGER,           -- when retention removed it; NULL while it is there
    removed_why      TEXT,              -- age | space | order
    runs             BLOB               -- 81 bytes a run (segment_index.pack_runs); NULL once
                                        -- removed, when the manifest still tells them
) STRICT;

CREATE INDEX segment_by_time ON segment (camera, stream, rendition, start_us);
CREATE INDEX segment_by_age ON segment (end_us) WHERE removed_us IS NULL;
CREATE INDEX segment_by_period ON segment (period) WHERE removed_us IS NULL;

CREATE TABLE manifest (
    segment    BLOB PRIMARY KEY REFERENCES segment (id),
    envelope   BLOB NOT NULL  -- DSSE envelope, JSON, as signed; outlives the file
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (
    id          TEXT PRIMARY KEY,   -- of the freeze
    camera      BLOB,               -- UUID; NULL: every camera
    from_us     INTEGER NOT NULL,   -- frozen are segments that overlap from_us <= t < until_us
    until_us    INTEGER NOT NULL,
    expires_us  INTEGER NOT NULL    -- exclusive; from then on it holds nothing
) STRICT, WITHOUT ROWID;
