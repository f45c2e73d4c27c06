"""Recorded runs in the clear, opened and decoded inside a redaction process."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from handfast.kit.errors import CorruptError
from handfast.media.unit_pictures import PictureSize, PlanarPicture, UnitDecoder
from handfast.media.units import TICKS_PER_SECOND, VIDEO, Codec, TrackConfig
from handfast.node.redaction.orders import SourceSegment
from handfast.seal.config import decode_config
from handfast.seal.format import decode_header
from handfast.seal.open import OpenedRun, open_run

_SECOND_US: Final = 1_000_000
IsDue: TypeAlias = Callable[[int, int], bool]
"""Takes a picture's presentation time (90 kHz) and when the camera sent it."""


def source_pictures(
    segments: Sequence[SourceSegment], size: PictureSize, *, is_due: IsDue
) -> Iterator[PlanarPicture]:
    """Decode segments, oldest first; a run that is damaged is left out up to the next keyframe.

    Args:
        segments: What was given; their files may be read on by another process meanwhile.
        size: How large pictures are wanted.
        is_due: See `UnitDecoder.decode`.

    Yields:
        Pictures whose `received_us` is when the camera sent them.
    """
    for segment in segments:
        yield from _of_segment(segment, size, is_due)


def _of_segment(
    segment: SourceSegment, size: PictureSize, is_due: IsDue
) -> Iterator[PlanarPicture]:
    header = decode_header(segment.header)
    decoder: UnitDecoder | None = None
    known: TrackConfig | None = None
    with Path(segment.path).open("rb") as file:
        for source in segment.runs:
            file.seek(source.offset)
            try:
                run = open_run(header, file.read(source.length), source.key)
            except CorruptError:
                decoder = known = None  # nothing can be decoded before a keyframe
                continue
            config = None if run.config is None else _video_of(run.config)
            if config is not None and config != known:
                known, decoder = config, UnitDecoder(config, size)
            if decoder is not None:
                yield from _decoded(decoder, run, source.start_us, is_due)


def _decoded(
    decoder: UnitDecoder, run: OpenedRun, start_us: int, is_due: IsDue
) -> Iterator[PlanarPicture]:
    pictures = [unit for unit in run.units if unit.track == VIDEO]
    for unit in pictures:
        since = (unit.pts - pictures[0].pts) * _SECOND_US // TICKS_PER_SECOND
        yield from decoder.decode(
            unit.data, pts=unit.pts, received_us=start_us + since, is_due=is_due
        )


def _video_of(config: bytes) -> TrackConfig | None:
    for track in decode_config(config):
        if track.track == VIDEO:
            return TrackConfig(
                track=VIDEO,
                codec=Codec(track.codec.name.lower()),
                extradata=track.extradata,
                width=track.width,
                height=track.height,
            )
    return None
