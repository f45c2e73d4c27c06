"""What a recorder tells, as the index of segments has it."""

from handfast.media.feed import RunEnded, RunStarted, SegmentOpened
from handfast.seal.format import decode_header
from handfast.storage.segments import BegunRun, IndexedRun, IndexedSegment, Recording


def opened_segment(event: SegmentOpened) -> IndexedSegment:
    """Return a segment that begins."""
    header = decode_header(event.header)
    return IndexedSegment(
        id=header.segment,
        recording=Recording(
            camera=header.camera, stream=header.stream, rendition=header.rendition
        ),
        period=header.period,
        header=event.header,
        path=event.path,
        start_us=header.start_us,
        end_us=header.start_us,
        bytes=0,
        open=True,
    )


def begun_run(event: RunStarted) -> BegunRun:
    """Return a run that begins."""
    return BegunRun(
        segment=event.segment,
        period=event.period,
        run=event.run,
        leaf=event.leaf,
        start_us=event.start_us,
    )


def ended_run(event: RunEnded) -> IndexedRun:
    """Return a run that can be read."""
    return IndexedRun(
        run=event.run,
        key=event.key,
        leaf=event.leaf,
        start_us=event.start_us,
        end_us=event.end_us,
        offset=event.offset,
        length=event.length,
        units=event.units,
        first_pts=event.first_pts,
        sha256=event.sha256,
    )
