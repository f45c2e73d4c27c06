-- Version 2: areas that owners draw. Written by the node process only; the owner's log is the
-- record, this is what the node acts on.

CREATE TABLE drawing (
    camera    TEXT PRIMARY KEY,  -- the newest drawing of each camera
    revision  INTEGER NOT NULL,  -- its number, from 1
    at_us     INTEGER NOT NULL,  -- when it arrived, us since 1970 UTC
    envelope  BLOB NOT NULL      -- the signed drawing, DSSE envelope, JSON
) STRICT, WITHOUT ROWID;
