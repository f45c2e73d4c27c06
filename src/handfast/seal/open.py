"""Opening what was sealed: runs, releases, wrapped keys. Out of reach of the hub (P1)."""

import contextlib
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Unpack

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handfast.kit.errors import CorruptError, InvalidError
from handfast.seal.config import decode_config as decode_config
from handfast.seal.frames import iterate_units
from handfast.seal.keytree import commitment
from handfast.seal.pem import read_pem, write_pem
from handfast.seal.records import (
    RUN_BYTES,
    UNIT_BYTES,
    RunRecord,
    SegmentHeader,
    config_aad,
    decode_run,
    nonce,
    run_context,
    unit_aad,
)
from handfast.seal.release import LiveBinding, hpke_suite, live_aad, live_nonce
from handfast.seal.suite import KEY_BYTES, TAG_BYTES, require_length


class OpenError(CorruptError):
    """A key does not open these bytes: they were changed, or it is the key of others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedUnit:
    """One access unit in the clear.

    Attributes:
        unit: Its number in the run, from 1.
        track: 0 video, 1 audio.
        pts: Presentation time, 90 kHz; likewise `dts`.
        data: Video as NAL units with 4-byte lengths.
    """

    unit: int
    track: int
    key: bool
    pts: int
    dts: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRun:
    """A run in the clear.

    Attributes:
        config: Plain configuration (`decode_config`), exactly when the run is a key run.
    """

    record: RunRecord
    config: bytes | None
    units: tuple[OpenedUnit, ...]


class OpeningKey:
    """A device's X25519 private key, which releases are sealed to. Safe from any thread."""

    def __init__(self, key: X25519PrivateKey) -> None:
        """Take the library's key; other packages use `generate`, `from_bytes` or `from_pem`."""
        self._key = key

    @classmethod
    def generate(cls, secret: bytes) -> "OpeningKey":
        """Make a new key from 32 unpredictable bytes (`Ids.secret(32)`)."""
        return cls.from_bytes(secret)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "OpeningKey":
        """Take a raw X25519 private key, 32 bytes (RFC 7748)."""
        require_length("an X25519 private key", raw, KEY_BYTES)
        return cls(X25519PrivateKey.from_private_bytes(raw))

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None = None) -> "OpeningKey":
        """Read a PKCS#8 file.

        Raises:
            InvalidError: It does not open, or holds another kind of key.
        """
        key = read_pem(pem, passphrase)
        if not isinstance(key, X25519PrivateKey):
            raise InvalidError("this key file holds no X25519 key; name the opening key's file")
        return cls(key)

    @property
    def public(self) -> bytes:
        """The raw public key, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def to_bytes(self) -> bytes:
        """Return the raw private key; keep it secret."""
        return self._key.private_bytes_raw()

    def to_pem(self, passphrase: bytes | None = None) -> bytes:
        """Write a PKCS#8 file, encrypted when a passphrase is given."""
        return write_pem(self._key, passphrase)

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """Open what `seal_release` sealed with the same `info`.

        Raises:
            OpenError: It was sealed to another key or for another cause, or changed.
        """
        try:
            return hpke_suite().decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError) as error:
            raise OpenError(
                "the release does not open: another device, grant or checkpoint; ask again"
            ) from error


def open_release(key: OpeningKey, info: bytes, sealed: bytes) -> bytes:
    """Open what `seal_release` sealed to this key with the same `info`.

    Raises:
        OpenError: It was sealed to another key or for another cause, or changed.
    """
    return key.open(info, sealed)


def unwrap_run_key(
    live_key: bytes, *, counter: int, wrapped: bytes, **bound: Unpack[LiveBinding]
) -> bytes:
    """Unwrap the key of one run (see `release.wrap_run_key`).

    Raises:
        OpenError: It belongs to another grant, segment, run or leaf, or was changed.
    """
    require_length("a live key", live_key, KEY_BYTES)
    try:
        return AESGCM(live_key).decrypt(live_nonce(counter), wrapped, live_aad(bound))
    except (InvalidTag, ValueError) as error:
        raise OpenError(
            f"the key of run {bound['run']} does not unwrap under this grant; ask again"
        ) from error


def open_run(
    header: SegmentHeader, run_bytes: bytes, run_key: bytes, *, sha256: bytes | None = None
) -> OpenedRun:
    """Open a whole run.

    The tags bind every unit to its place, but not how many there are, nor `start_us`:
    only the run hash of a signed manifest does. Pass it whenever there is one.

    Args:
        header: The segment's.
        run_bytes: The run record and all its units, exactly as in the file.
        run_key: 32 bytes.
        sha256: Run hash from a verified manifest.

    Raises:
        OpenError: Wrong key, changed or missing bytes.
        CorruptError: The bytes are no whole run.
    """
    if sha256 is not None and hashlib.sha256(run_bytes).digest() != sha256:
        raise OpenError("the run is not the one in the manifest; keep it out of evidence")
    record = decode_run(run_bytes)
    end = RUN_BYTES + record.config_length
    opener = _RunOpener(header, record, run_key)
    opener.require_committed()
    config = opener.config(run_bytes[RUN_BYTES:end]) if record.key else None
    return OpenedRun(record=record, config=config, units=tuple(opener.units(run_bytes[end:])))


def authentic_length(
    header: SegmentHeader, run_bytes: bytes, run_key: bytes
) -> tuple[int, int]:
    """Measure how much of a run's start is genuine, e.g. after a power loss.

    A disk may have kept a record and lost the ciphertext behind it; the layout then looks
    whole and only the tags tell.

    Returns:
        Bytes that open, from the start of the run record, and how many units they hold;
        `(0, 0)` when not even one does.
    """
    record = decode_run(run_bytes)
    end = RUN_BYTES + record.config_length
    opener = _RunOpener(header, record, run_key)
    units = 0
    with contextlib.suppress(CorruptError):  # what follows is lost, what was counted is not
        opener.require_committed()
        if record.key:
            opener.config(run_bytes[RUN_BYTES:end])
        for unit in opener.units(run_bytes[end:]):
            units += 1
            end += UNIT_BYTES + len(unit.data) + TAG_BYTES
    return (end, units) if units else (0, 0)


class _RunOpener:
    """Opens the parts of one run with its key."""

    def __init__(self, header: SegmentHeader, record: RunRecord, key: bytes) -> None:
        self._record = record
        self._key = key
        self._cipher = AESGCM(key)
        self._context = run_context(header, record.leaf, record.run)

    def require_committed(self) -> None:
        """Refuse a key that the run record does not commit to."""
        if not hmac.compare_digest(commitment(self._key), self._record.commitment):
            raise OpenError(
                f"the key is not that of run {self._record.run}; ask for the right one"
            )

    def config(self, sealed: bytes) -> bytes:
        """Open the configuration."""
        return self._open(0, sealed, config_aad(self._context, len(sealed)))

    def units(self, buffer: bytes) -> Iterator[OpenedUnit]:
        """Open the units in order, each when it is asked for."""
        for unit, (record, sealed) in enumerate(iterate_units(buffer), start=1):
            yield OpenedUnit(
                unit=unit,
                track=record.track,
                key=record.key,
                pts=record.pts,
                dts=record.dts,
                data=self._open(unit, sealed, unit_aad(self._context, unit, record)),
            )

    def _open(self, counter: int, sealed: bytes, aad: bytes) -> bytes:
        try:
            return self._cipher.decrypt(nonce(counter), sealed, aad)
        except InvalidTag as error:
            what = f"unit {counter}" if counter else "the configuration"
            raise OpenError(f"{what} of run {self._record.run} was changed") from error
