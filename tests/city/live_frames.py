"""Live frames as a node sends them, with random-looking bytes where ciphertext would be."""

from uuid import UUID

from handfast.model.media import Rendition, Stream
from handfast.seal.frames import (
    FrameType,
    KeyFrame,
    encode_key_frame,
    encode_run_frame,
    encode_segment_frame,
    encode_statement_frame,
    encode_units_frame,
)
from handfast.seal.records import (
    RunRecord,
    SegmentHeader,
    UnitRecord,
    encode_run,
    encode_unit,
)

GRANT = "018f0000-0000-7000-8000-0000000000aa"
CAMERA = "018f0000-0000-7000-8000-0000000000ca"
SEGMENT = b"segment-0000000a"


def segment_frame(segment: bytes = SEGMENT) -> bytes:
    """Return a type 1 frame."""
    return encode_segment_frame(
        SegmentHeader(
            stream=Stream.MAIN,
            rendition=Rendition.CLEAR,
            owner=UUID(int=1),
            camera=UUID(CAMERA),
            period=bytes(16),
            segment=segment,
            period_start_us=0,
            start_us=0,
        )
    )


def run_frame(run: int, *, key: bool, segment: bytes = SEGMENT) -> bytes:
    """Return a type 2 frame; at a keyframe with a sealed configuration of 30 bytes."""
    sealed = bytes(30) if key else b""
    record = RunRecord(
        key=key,
        leaf=run,
        run=run,
        start_us=run,
        commitment=bytes(32),
        config_length=len(sealed),
    )
    return encode_run_frame(segment, encode_run(record) + sealed)


def units_frame(
    run: int, first: int = 1, *, count: int = 1, size: int = 100, segment: bytes = SEGMENT
) -> bytes:
    """Return a type 3 frame of `count` units with `size` bytes of ciphertext each."""
    units = []
    for n in range(first, first + count):
        record = UnitRecord(track=0, key=n == 1, length=size, pts=n, dts=n)
        units.append(encode_unit(record) + bytes([run % 256]) * size)
    return encode_units_frame(segment, run, first_unit=first, units=units)


def key_frame(run: int, *, grant: str = GRANT, segment: bytes = SEGMENT) -> bytes:
    """Return a type 4 frame."""
    return encode_key_frame(
        KeyFrame(
            grant=UUID(grant),
            segment=segment,
            run=run,
            leaf=run,
            counter=run,
            wrapped=bytes(48),
        )
    )


def window_frame() -> bytes:
    """Return a type 5 frame."""
    return encode_statement_frame(FrameType.WINDOW, b"{}")


def end_frame() -> bytes:
    """Return a type 6 frame."""
    return encode_statement_frame(FrameType.END, b"{}")
