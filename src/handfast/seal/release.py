"""Handing keys over: sealed to a device at the grant, and run by run while it is live.

HPKE base mode does not say who sealed; the node's signature around it does. Opening is in
`handfast.seal.open`.
"""

import hashlib
import struct
from typing import TypedDict, Unpack
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from handfast.kit.encoding import Json, canonical
from handfast.kit.errors import InvalidError
from handfast.seal.suite import KEY_BYTES, SUITE, require_length

ENCAPSULATED_BYTES = 32
_LIVE_LABEL = b"handfast/v1/live"
_LIVE = ">16s16s16sII"
_NONCE = ">4xQ"


def hpke_suite() -> Suite:
    """Return suite 1's HPKE: X25519, HKDF-SHA256, AES-256-GCM (RFC 9180)."""
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def release_info(request_hash: str, grant: UUID, checkpoint: str) -> bytes:
    """Bind a release to its cause: hash of canonical suite, request, grant and checkpoint.

    Args:
        request_hash: `statement_hash` of the access request.
        grant: The grant's id.
        checkpoint: Text of the signed checkpoint that covers the decision's log entry.
    """
    bound: dict[str, Json] = {
        "suite": SUITE,
        "request": request_hash,
        "grant": str(grant),
        "checkpoint": checkpoint,
    }
    return hashlib.sha256(canonical(bound)).digest()


def seal_release(public_open_key: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Seal keys to a device's X25519 key; only that device opens them, with the same `info`.

    Returns:
        Encapsulated key (32 bytes), ciphertext and tag.

    Raises:
        InvalidError: The public key is not 32 bytes long or of low order.
    """
    require_length("an X25519 public key", public_open_key, KEY_BYTES)
    try:
        public = X25519PublicKey.from_public_bytes(public_open_key)
        return hpke_suite().encrypt(plaintext, public, info=info)
    except ValueError as error:
        raise InvalidError(
            "the device's opening key is unusable; enrol the device again"
        ) from error


class LiveBinding(TypedDict):
    """What a wrapped run key is bound to.

    Attributes:
        segment: Segment id, 16 bytes.
        leaf: Second of the period in which the run lies.
    """

    grant: UUID
    segment: bytes
    run: int
    leaf: int


def wrap_run_key(
    live_key: bytes, *, counter: int, run_key: bytes, **bound: Unpack[LiveBinding]
) -> bytes:
    """Wrap the key of one run under a grant's live key (48 bytes).

    Args:
        live_key: 32 bytes, one per live grant.
        counter: Must be new for every call with this live key: it is the nonce.
        run_key: The key to wrap, 32 bytes.
        **bound: Whose it is, see `LiveBinding`.
    """
    require_length("a live key", live_key, KEY_BYTES)
    require_length("a run key", run_key, KEY_BYTES)
    return AESGCM(live_key).encrypt(live_nonce(counter), run_key, live_aad(bound))


def live_aad(bound: LiveBinding) -> bytes:
    """Write the additional data of a wrapped run key."""
    grant = bound["grant"].bytes
    return struct.pack(_LIVE, _LIVE_LABEL, grant, bound["segment"], bound["run"], bound["leaf"])


def live_nonce(counter: int) -> bytes:
    """Write the nonce of a wrapped run key."""
    return struct.pack(_NONCE, counter)
