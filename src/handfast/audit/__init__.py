"""The owner's log: an append-only Merkle tree in the public C2SP formats (P9).

`leaf` and `tree` are the arithmetic, `note` the signed checkpoints, `append` the only way in
(for the two enforcement points), `proof`, `publish` and `verify` the ways out. The formats:
c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint, c2sp.org/signed-note; RFC 9162 section 2.1.
"""
