"""Period roots at rest: wrapped, and bound to what they are the roots of.

A wrapped root is `nonce (12) || ciphertext (32) || tag (16)`, AES-256-GCM. The nonce is
computed from everything that goes in (in the manner of SIV, RFC 5297), so wrapping needs no
random source, two different roots never share a nonce, and the same root wraps to the same
bytes.
"""

import hmac
import struct
from typing import TypedDict, Unpack
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handfast.kit.errors import CorruptError
from handfast.model.media import Rendition, Stream
from handfast.seal.keytree import hkdf
from handfast.seal.suite import KEY_BYTES, NONCE_BYTES, TAG_BYTES, require_length

WRAPPED_ROOT_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
_IDS = ">16s16sBB16sQ"


class RootIds(TypedDict):
    """What a root is the root of; all of it is bound into the wrapping.

    Attributes:
        period: Random 16-byte id.
        started_us: Wall clock when leaf 0 of the period began.
    """

    camera: UUID
    stream: Stream
    rendition: Rendition
    period: bytes
    started_us: int


def wrap_root(wrapping_key: bytes, *, root: bytes, **ids: Unpack[RootIds]) -> bytes:
    """Wrap the root of a period under the node's wrapping key (60 bytes).

    Args:
        wrapping_key: 32 bytes; deleting it shreds every root under it.
        root: 32 bytes.
        **ids: See `RootIds`.
    """
    require_length("a period root", root, KEY_BYTES)
    bound = _bytes_of(ids)
    nonce_key = hkdf(wrapping_key, b"handfast/v1/root-nonce")
    nonce = hmac.digest(nonce_key, bound + root, "sha256")[:NONCE_BYTES]
    return nonce + _cipher(wrapping_key).encrypt(nonce, root, bound)


def unwrap_root(wrapping_key: bytes, *, wrapped: bytes, **ids: Unpack[RootIds]) -> bytes:
    """Return the 32-byte root that `wrap_root` wrapped with the same ids.

    Raises:
        CorruptError: It is another period's, under another key, or changed.
    """
    nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
    try:
        return _cipher(wrapping_key).decrypt(nonce, sealed, _bytes_of(ids))
    except (InvalidTag, ValueError) as error:
        raise CorruptError(
            f"the root of period {ids['period'].hex()} of camera {ids['camera']} does not "
            "unwrap; restore the node's key store and wrapping key together"
        ) from error


def _cipher(wrapping_key: bytes) -> AESGCM:
    return AESGCM(hkdf(wrapping_key, b"handfast/v1/root-wrap"))


def _bytes_of(ids: RootIds) -> bytes:
    require_length("a period id", ids["period"], 16)
    return struct.pack(
        _IDS,
        b"handfast/v1/root",
        ids["camera"].bytes,
        ids["stream"].code,
        ids["rendition"].code,
        ids["period"],
        ids["started_us"],
    )
