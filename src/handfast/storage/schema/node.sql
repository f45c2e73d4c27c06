-- What a site node must remember about signals, requests and grants. Written by the node
-- process only. The owner's log is the record; these tables are what the node acts on.

CREATE TABLE signal (
    kind             TEXT PRIMARY KEY,  -- e.g. intrusion
    episode          TEXT NOT NULL,     -- UUID of one alarm with its flapping
    state            TEXT NOT NULL,     -- raised | cleared
    test             INTEGER NOT NULL,  -- 1: raised as a test
    first_raised_us  INTEGER NOT NULL,  -- first raise of the episode, us since 1970 UTC
    raised_us        INTEGER NOT NULL,  -- newest raise of the episode, us
    cleared_us       INTEGER,           -- NULL while raised
    lease_until_us   INTEGER NOT NULL,  -- exclusive end of the lease while raised, us
    sequence         INTEGER NOT NULL,  -- grows with every change
    raised_by        TEXT NOT NULL,     -- `panel:<id>` or `device:<fingerprint>`
    reopened_us      INTEGER NOT NULL   -- when an owner's device last raised it by hand; 0 never
) STRICT, WITHOUT ROWID;

CREATE TABLE serial (
    name   TEXT PRIMARY KEY,  -- `panel:<id>`, `agreement:<id>`, `revocation:<issuer>`, ...
    value  INTEGER NOT NULL   -- the highest seen; lower ones are refused for ever
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    hash          TEXT PRIMARY KEY,  -- of the access-request statement
    ask           BLOB NOT NULL,     -- the whole ask as received: request, chain, incident
    asked_us      INTEGER NOT NULL,  -- when it arrived, by this node's clock
    answer_by_us  INTEGER NOT NULL,  -- exclusive; refused when nobody answers before
    settled       INTEGER NOT NULL,  -- 0 waits for approvals; 1 permitted, denied or run out
    decision      BLOB NOT NULL      -- newest decision, DSSE envelope, JSON
) STRICT, WITHOUT ROWID;

CREATE INDEX request_waiting ON request (answer_by_us) WHERE settled = 0;

CREATE TABLE approval (
    request   TEXT NOT NULL,     -- hash of the request it answers
    device    TEXT NOT NULL,     -- fingerprint of the owner's device
    approved  INTEGER NOT NULL,  -- 1 approve, 0 refuse; the newest statement counts
    until_us  INTEGER NOT NULL,  -- how long the owner lets it last, exclusive
    at_us     INTEGER NOT NULL,  -- when it arrived
    envelope  BLOB NOT NULL,     -- the signed approval, JSON
    PRIMARY KEY (request, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE access (
    grant_id        TEXT PRIMARY KEY,
    grant_json      BLOB NOT NULL,     -- the grant with its viewer, JSON
    why_json        BLOB NOT NULL,     -- purpose, incident and agency in words, JSON
    since_us        INTEGER NOT NULL,  -- when it was opened
    state           TEXT NOT NULL,     -- opening (not yet in the log) | open | ended
    log_index       INTEGER,           -- leaf of the decision; NULL while opening
    ended_us        INTEGER,           -- NULL until it has ended
    reason          TEXT,              -- access.Reason of its end
    end_log_index   INTEGER,           -- leaf of the expiry entry; NULL until it is durable
    viewed_us       INTEGER NOT NULL,  -- how long live pictures were sent, or 0
    runs_released   INTEGER NOT NULL   -- how many run keys left the node
) STRICT, WITHOUT ROWID;

CREATE INDEX access_by_time ON access (since_us);
CREATE INDEX access_unfinished ON access (state) WHERE state <> 'ended';
CREATE INDEX access_unlogged ON access (grant_id) WHERE state = 'ended' AND end_log_index IS NULL;

CREATE TABLE closing (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us     INTEGER NOT NULL,  -- when it arrived; ends what began before
    person    TEXT,              -- whom it shuts out; NULL everybody
    camera    TEXT,              -- of which camera; NULL all
    envelope  BLOB NOT NULL      -- the owner's signed statement, JSON
) STRICT;

CREATE TABLE instant (
    name   TEXT PRIMARY KEY,  -- `seen`: the latest decision time this node has acted on
    value  INTEGER NOT NULL   -- us since 1970 UTC
) STRICT, WITHOUT ROWID;
