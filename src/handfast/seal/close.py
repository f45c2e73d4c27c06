"""Sealing: access units in, the bytes of a segment out. The hot path of recording.

Measured at 20 kB a unit: AES-256-GCM 5 us, SHA-256 19 us, the rest 2 us. `encrypt_into` a
reused buffer gains 2 % and costs every caller a copy or a rule about when the buffer may be
reused, so plain `encrypt` stays.
"""

import hashlib
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from handfast.kit.errors import ConflictError, InvalidError
from handfast.seal.config import decode_config as decode_config
from handfast.seal.config import encode_config as encode_config
from handfast.seal.keytree import LEAVES, commitment, run_key, stream_label
from handfast.seal.records import (
    HEADER_BYTES,
    TRACKS,
    UNIT,
    UNIT_BYTES,
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


class _Run:
    """The run in progress: its key, and what its digest needs."""

    __slots__ = ("begin", "cipher", "context", "first_pts", "key", "record", "sha256", "unit")

    def __init__(
        self, record: RunRecord, key: bytes, *, cipher: AESGCM, context: bytes, begin: int
    ) -> None:
        self.record = record
        self.key = key
        self.cipher = cipher
        self.context = context
        self.begin = begin  # offset of the run record in the file
        self.sha256 = hashlib.sha256()
        self.unit = 0
        self.first_pts = 0


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
        self._offset = HEADER_BYTES
        self._number = -1
        self._leaf = 0
        self._run: _Run | None = None

    @property
    def offset(self) -> int:
        """Length of the file so far: the header and all bytes returned."""
        return self._offset

    @property
    def run(self) -> int:
        """Number of the run in progress or last ended; -1 before the first."""
        return self._number

    @property
    def unit(self) -> int:
        """Number of the unit last sealed in the run in progress; 0 before its first."""
        return self._run.unit if self._run else 0

    @property
    def run_key(self) -> bytes:
        """Key of the run in progress, for live release.

        Raises:
            ConflictError: No run is in progress.
        """
        return self._current().key

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
        number = self._number + 1
        key = run_key(self._leaf_key(leaf), self._label, self._header.segment, number)
        cipher, context = AESGCM(key), run_context(self._header, leaf, number)
        sealed = b"" if config is None else _seal_config(cipher, context, config)
        record = RunRecord(
            key=config is not None,
            leaf=leaf,
            run=number,
            start_us=start_us,
            commitment=commitment(key),
            config_length=len(sealed),
        )
        run = _Run(record, key, cipher=cipher, context=context, begin=self._offset)
        head = encode_run(record) + sealed
        run.sha256.update(head)
        self._offset += len(head)
        self._number, self._leaf, self._run = number, leaf, run
        return head

    def _require_next(self, leaf: int, config: bytes | None) -> None:
        if self._run is not None:
            raise ConflictError(f"run {self.run} is in progress; end it before the next begins")
        if self._number < 0 and config is None:
            raise InvalidError("a segment begins with a keyframe; wait for one")
        if leaf < self._leaf:
            raise ConflictError(f"leaf {leaf} lies before {self._leaf}; begin a new period")
        if leaf >= LEAVES:
            raise InvalidError(f"leaf {leaf} is outside the period; begin a new one")

    def _current(self) -> _Run:
        if self._run is None:
            raise ConflictError("no run is in progress; begin one first")
        return self._run

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
        run = self._run or self._current()
        if not 0 <= track < TRACKS:
            raise InvalidError(f"track {track} is not in 0..{TRACKS - 1}")
        unit = run.unit + 1
        flags = track << 4 | key
        length = len(data) + TAG_BYTES
        aad = run.context + struct.pack(UNIT_TAIL, unit, flags, length, pts, dts)
        record = struct.pack(UNIT, UNIT_KIND, flags, length, pts, dts)
        sealed = run.cipher.encrypt(nonce(unit), data, aad)
        hash_more = run.sha256.update
        hash_more(record)
        hash_more(sealed)
        self._offset += UNIT_BYTES + length
        if unit == 1:
            run.first_pts = pts
        run.unit = unit
        return record, sealed

    def end_run(self) -> RunDigest:
        """End the run in progress and return what the manifest says of it.

        Raises:
            ConflictError: No run is in progress, or it has no unit.
        """
        run = self._current()
        if not run.unit:
            raise ConflictError(f"run {self.run} has no unit; seal one before it ends")
        self._run = None
        return RunDigest(
            run=run.record.run,
            leaf=run.record.leaf,
            key=run.record.key,
            offset=run.begin,
            length=self._offset - run.begin,
            units=run.unit,
            first_pts=run.first_pts,
            start_us=run.record.start_us,
            sha256=run.sha256.digest(),
        )


def _seal_config(cipher: AESGCM, context: bytes, config: bytes) -> bytes:
    aad = config_aad(context, len(config) + TAG_BYTES)
    return cipher.encrypt(nonce(0), config, aad)
