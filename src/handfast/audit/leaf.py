"""What the tree holds: a salted hash of an entry, so that tiles can be public.

Deleting salt and entry erases what the leaf says, and no proof breaks: the leaf stays.
"""

import hashlib
from dataclasses import dataclass, field

from handfast.kit.errors import InvalidError

SALT_BYTES = 32
LEAF_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a leaf stands for; only whoever is shown it can read it.

    Attributes:
        index: Position in the log, from 0.
        salt: 32 random bytes, new for each entry.
        entry: Canonical JSON (RFC 8785).
    """

    index: int
    salt: bytes = field(repr=False)
    entry: bytes = field(repr=False)


def leaf_data(salt: bytes, entry: bytes) -> bytes:
    """Hash salt and entry into the 32 bytes that go into the tree: SHA-256(salt || entry).

    Raises:
        InvalidError: The salt is not 32 bytes long.
    """
    if len(salt) != SALT_BYTES:
        raise InvalidError(f"a log salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hashlib.sha256(salt + entry).digest()
