"""Period roots at rest: wrapped, and bound to what they are the roots of.

A wrapped root is `nonce (12) || ciphertext (32) || tag (16)`, AES-256-GCM. The nonce is
computed from everything that goes in (in the manner of SIV, RFC 5297), so wrapping needs no
random source, two different roots never share a nonce, and the same root wraps to the same
bytes.
"""

import hmac
import struct
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handfast.kit.errors import CorruptError
from handfast.model.media import Rendition, Stream
from handfast.seal.keytree import hkdf
from handfast.seal.suite import KEY_BYTES, NONCE_BYTES, TAG_BYTES, require_length

WRAPPED_ROOT_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
_IDS = struct.Struct(">16s16sBB16sQ")


def wrap_root(  # noqa: PLR0913 - each of them is bound into the wrapping
    wrapping_key: bytes,
    *,
    camera: UUID,
    stream: Stream,
    rendition: Rendition,
    period: bytes,
    started_us: int,
    root: bytes,
) -> bytes:
    """Wrap the root of a period under the node's wrapping key (60 bytes).

    Args:
        wrapping_key: 32 bytes; deleting it shreds every root under it.
        camera: Whose period it is, with `stream` and `rendition`.
        stream: Of the period.
        rendition: Of the period.
        period: Its random 16-byte id.
        started_us: Wall clock when its leaf 0 began.
        root: 32 bytes.
    """
    require_length("a period root", root, KEY_BYTES)
    ids = _ids(camera, stream, rendition, period=period, started_us=started_us)
    nonce_key = hkdf(wrapping_key, b"handfast/v1/root-nonce")
    nonce = hmac.digest(nonce_key, ids + root, "sha256")[:NONCE_BYTES]
    return nonce + _cipher(wrapping_key).encrypt(nonce, root, ids)


def unwrap_root(  # noqa: PLR0913 - the mirror of wrap_root
    wrapping_key: bytes,
    *,
    camera: UUID,
    stream: Stream,
    rendition: Rendition,
    period: bytes,
    started_us: int,
    wrapped: bytes,
) -> bytes:
    """Return the 32-byte root that `wrap_root` wrapped with the same ids.

    Raises:
        CorruptError: It is another period's, under another key, or changed.
    """
    ids = _ids(camera, stream, rendition, period=period, started_us=started_us)
    try:
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        return _cipher(wrapping_key).decrypt(nonce, sealed, ids)
    except (InvalidTag, ValueError) as error:
        raise CorruptError(
            f"the root of period {period.hex()} of camera {camera} does not unwrap; "
            "restore the node's key store and wrapping key together"
        ) from error


def _cipher(wrapping_key: bytes) -> AESGCM:
    return AESGCM(hkdf(wrapping_key, b"handfast/v1/root-wrap"))


def _ids(
    camera: UUID, stream: Stream, rendition: Rendition, *, period: bytes, started_us: int
) -> bytes:
    require_length("a period id", period, 16)
    label = b"handfast/v1/root"
    return _IDS.pack(label, camera.bytes, stream.code, rendition.code, period, started_us)
