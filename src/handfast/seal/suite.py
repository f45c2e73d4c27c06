"""The algorithms of suite 1 by number; a reader refuses what it does not know."""

from handfast.kit.errors import InvalidError

# AES-256-GCM, HMAC-SHA256, HKDF-SHA256, HPKE(X25519, HKDF-SHA256, AES-256-GCM), Ed25519.
SUITE = 1
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


def require_suite(number: int) -> None:
    """Refuse every suite but the one this program implements.

    Raises:
        InvalidError: `number` names another suite.
    """
    if number != SUITE:
        raise InvalidError(
            f"suite {number} is unknown here (known: {SUITE}); install a newer handfast"
        )


def require_length(what: str, value: bytes, length: int) -> None:
    """Refuse a key or id of the wrong length, without showing it.

    Raises:
        InvalidError: `value` does not have `length` bytes.
    """
    if len(value) != length:
        raise InvalidError(f"{what} has {len(value)} bytes; it must have {length}")
