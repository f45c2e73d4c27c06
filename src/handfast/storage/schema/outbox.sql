-- What a program still has to tell another one, in order.

CREATE TABLE message (
    sequence  INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of delivery; never used again
    id        TEXT NOT NULL UNIQUE,  -- the receiver drops an id it has already committed
    kind      TEXT NOT NULL,         -- which message of docs/reference/protocol.md
    body      BLOB NOT NULL          -- its bytes, as they will travel
) STRICT;
