-- An owner's log (handfast.audit): everything that `handfast log verify` asks for.

-- Leaf data: SHA-256(salt || entry), 32 bytes. Public; never deleted.
CREATE TABLE leaf (
    position INTEGER PRIMARY KEY,  -- index in the log, from 0
    data BLOB NOT NULL CHECK (length(data) = 32)
) STRICT;

-- What a leaf stands for. Deleting a row erases it for good; the tree stays whole.
CREATE TABLE opening (
    position INTEGER PRIMARY KEY REFERENCES leaf,
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    entry BLOB NOT NULL  -- canonical JSON (RFC 8785)
) STRICT;

-- Hashes of complete subtrees (RFC 9162 2.1): over 2^level leaves from place * 2^level on.
CREATE TABLE subtree (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, place)
) STRICT, WITHOUT ROWID;

-- The newest signed checkpoint, one row.
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    note TEXT NOT NULL  -- C2SP signed note
) STRICT;
