"""Sealing: access units in, the bytes of a segment out. The hot path of recording.

Measured at 20 kB a unit: AES-256-GCM 5 us, SHA-256 19 us, the rest 2 us. `encrypt_into` a
reused buffer gains 2 % and costs every caller a copy or a rule about when the buffer may be
reused, so plain `encrypt` stays.
"""

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handfast.kit.errors import ConflictError, InvalidError
from handfast.seal.config import decode_config as decode_config
from handfast.seal.config import encode_config as encode_config
from handfast.seal.keytree import LEAVES, commitment, run_key, stream_label
from handfast.seal.records import (
    HEADER,
    TRACKS,
    UNIT,
    UNIT_KIND,
    UNIT_TAIL,
    Buffer,
    RunRecord,
    SegmentHeader,
    config_aad,
    encode_run,
    nonce,
    run_context,
)
from handfast.seal.scan import RunDigest
from handfast.seal.suite import TAG_BYTES


class SegmentSealer:
    """Seals the runs of one segment, in order; writes nothing itself.

    The caller writes `encode_header(header)` and then every byte returned here, in order.
    One sealer per segment id, for ever: a second one would use the same keys and nonces
    again. Not for several threads at once.
    """

    def __init__(self, header: SegmentHeader, leaf_key: Callable[[int], bytes]) -> None:
        """Begin after the header.

        Args:
            header: What the segment records; its segment id must be new.
            leaf_key: Key of a second of the period, e.g. `LeafWalker(root).leaf`.
        """
        self._header = header
        self._leaf_key = leaf_key
        self._label = stream_label(header.camera, header.stream.code, header.rendition.code)
        self._offset = HEADER.size
        self._record: RunRecord | None = None
        self._open = False
        self._unit = 0

    @property
    def offset(self) -> int:
        """Length of the file so far: the header and all bytes returned."""
        return self._offset

    @property
    def run(self) -> int:
        """Number of the run in progress or last ended; -1 before the first."""
        return self._record.run if self._record else -1

    @property
    def unit(self) -> int:
        """Number of the unit last sealed in this run; 0 before the first."""
        return self._unit

    @property
    def run_key(self) -> bytes:
        """Key of the run in progress, for live release.

        Raises:
            ConflictError: No run is in progress.
        """
        if not self._open:
            raise ConflictError("no run is in progress, so there is no run key; begin one")
        return self._key

    def begin_run(self, leaf: int, start_us: int, config: bytes | None) -> bytes:
        """Begin a run and return its record, sealed configuration included.

        Args:
            leaf: Second of the period, never less than that of the run before.
            start_us: Wall clock at which the run's first unit was received.
            config: `encode_config(...)` when the run begins at a keyframe, else `None`.

        Raises:
            ConflictError: A run is in progress, or `leaf` goes back.
            InvalidError: The segment does not begin with a keyframe, or `leaf` is out of range.
        """
        self._require_next(leaf, config)
        run = self.run + 1
        self._key = run_key(self._leaf_key(leaf), self._label, self._header.segment, run)
        self._cipher = AESGCM(self._key)
        self._context = run_context(self._header, leaf, run)
        sealed = b""
        if config is not None:
            aad = config_aad(self._context, len(config) + TAG_BYTES)
            sealed = self._cipher.encrypt(nonce(0), config, aad)
        self._record = RunRecord(
            key=config is not None,
            leaf=leaf,
            run=run,
            start_us=start_us,
            commitment=commitment(self._key),
            config_length=len(sealed),
        )
        head = encode_run(self._record) + sealed
        self._hash = hashlib.sha256(head)
        self._begin = self._offset
        self._offset += len(head)
        self._unit = 0
        self._open = True
        return head

    def _require_next(self, leaf: int, config: bytes | None) -> None:
        if self._open:
            raise ConflictError(f"run {self.run} is in progress; end it before the next begins")
        if self._record is None and config is None:
            raise InvalidError("a segment begins with a keyframe; wait for one")
        if self._record is not None and leaf < self._record.leaf:
            raise ConflictError(
                f"leaf {leaf} lies before {self._record.leaf}; begin a new period"
            )
        if not 0 <= leaf < LEAVES:
            raise InvalidError(f"leaf {leaf} is outside the period; begin a new one")

    def seal_unit(
        self,
        track: int,
        key: bool,  # noqa: FBT001 - the hot path passes by position
        pts: int,
        dts: int,
        data: Buffer,
    ) -> tuple[bytes, bytes]:
        """Seal one access unit of the run in progress.

        Args:
            track: 0 video, 1 audio.
            key: Whether it is a keyframe.
            pts: Presentation time, 90 kHz ticks.
            dts: Decoding time, 90 kHz ticks.
            data: The unit; video as NAL units with 4-byte lengths.

        Returns:
            The 22-byte record, and the ciphertext with its tag.

        Raises:
            ConflictError: No run is in progress.
            InvalidError: `track` is not in 0..15.
        """
        if not self._open:
            raise ConflictError("no run is in progress; begin one before sealing a unit")
        if not 0 <= track < TRACKS:
            raise InvalidError(f"track {track} is not in 0..{TRACKS - 1}")
        unit = self._unit + 1
        flags = track << 4 | key
        length = len(data) + TAG_BYTES
        aad = self._context + UNIT_TAIL.pack(unit, flags, length, pts, dts)
        sealed = self._cipher.encrypt(nonce(unit), data, aad)
        record = UNIT.pack(UNIT_KIND, flags, length, pts, dts)
        self._hash.update(record)
        self._hash.update(sealed)
        self._offset += UNIT.size + length
        if unit == 1:
            self._first_pts = pts
        self._unit = unit
        return record, sealed

    def end_run(self) -> RunDigest:
        """End the run in progress and return what the manifest says of it.

        Raises:
            ConflictError: No run is in progress, or it has no unit.
        """
        record = self._record
        if not self._open or record is None or not self._unit:
            raise ConflictError("no run with a unit is in progress; seal a unit first")
        self._open = False
        return RunDigest(
            run=record.run,
            leaf=record.leaf,
            key=record.key,
            offset=self._begin,
            length=self._offset - self._begin,
            units=self._unit,
            first_pts=self._first_pts,
            start_us=record.start_us,
            sha256=self._hash.digest(),
        )
