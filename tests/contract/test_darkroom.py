"""Whoever makes redacted ranges: tells of it in order, ends by itself, may be left early."""

import sys
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any
from uuid import UUID

import anyio
import cv2
import numpy as np
import pytest

from handfast.kit.clock import SystemClock
from handfast.kit.errors import UnavailableError
from handfast.media.feed import Event, RunEnded, SegmentOpened, StillMade
from handfast.media.track_notes import find_tracks
from handfast.media.unit_pictures import PlanarPicture, UnitEncoder
from handfast.media.units import VIDEO, StreamKey
from handfast.model.media import Rendition, Stream
from handfast.node.redaction.child import redaction_command
from handfast.node.redaction.darkroom import Darkroom as RealDarkroom
from handfast.node.redaction.orders import (
    Area,
    BeginRange,
    BeginStill,
    CameraRedaction,
    Covers,
    GivenPeriod,
    Making,
    Prepare,
    SourceRun,
    SourceSegment,
)
from handfast.node.redaction.standby import Standby, StandbySetup
from handfast.node.usecases.redact_range import Darkroom
from handfast.seal.close import SegmentSealer, encode_config
from handfast.seal.config import Codec, TrackConfig
from handfast.seal.format import SegmentHeader, decode_header, encode_header
from handfast.seal.keytree import LeafWalker, run_key, stream_label
from handfast.seal.open import OpenedUnit, open_run
from tests.fakes.darkroom import FakeDarkroom

pytestmark = pytest.mark.timeout(120)
SECOND = 1_000_000
START_US = 1_700_000_000 * SECOND
CAMERA, OWNER = UUID(int=7), UUID(int=1)
ROOT = b"r" * 32
STREAM = StreamKey(CAMERA, "main", Rendition.REDACTED)


def real(folder: Path) -> Darkroom:
    """Make the real one; it starts a process for each range."""
    return RealDarkroom(standby(folder))


def standby(folder: Path) -> Standby:
    """Make who gives out real processes."""
    command = redaction_command(folder / "periods.db", folder / "key")
    setup = StandbySetup(command=command, prepare=Prepare(covers=CameraRedaction().covers))
    return Standby(setup, clock=SystemClock())


def fake(_folder: Path) -> Darkroom:
    """Make the fake one."""
    return FakeDarkroom()


def filmed(folder: Path, *, seconds: int) -> SourceSegment:
    """Seal a drawn film, 25 pictures a second, a run for each second."""
    header = SegmentHeader(
        stream=Stream.MAIN,
        rendition=Rendition.CLEAR,
        owner=OWNER,
        camera=CAMERA,
        period=b"p" * 16,
        segment=b"s" * 16,
        period_start_us=START_US,
        start_us=START_US,
        predecessor=bytes(16),
    )
    walker, encoder = LeafWalker(ROOT), UnitEncoder(320, 180, fps=25, bitrate_bps=500_000)
    sealer = SegmentSealer(header, walker.leaf)
    data, runs = bytearray(encode_header(header)), []
    for second in range(seconds):
        offset, start_us = len(data), START_US + second * SECOND
        for number in range(25):
            planes = np.full((270, 320), 128, np.uint8)
            planes[40:100, second * 20 + number : second * 20 + number + 40] = 220
            picture = PlanarPicture(
                planes=planes, pts=(second * 25 + number) * 3600, received_us=0
            )
            coded = encoder.encode(picture, key=number == 0)
            assert coded is not None
            if coded.config is not None:
                track = TrackConfig(
                    track=VIDEO,
                    codec=Codec.H264,
                    clock_rate=90_000,
                    width=320,
                    height=180,
                    extradata=coded.config.extradata,
                )
                data += sealer.begin_run(second, start_us, encode_config([track]))
            unit = coded.unit
            for part in sealer.seal_unit(VIDEO, unit.key, unit.pts, unit.dts, unit.data):
                data += part
        sealer.end_run()
        key = run_key(walker.leaf(second), stream_label(CAMERA, 0, 0), b"s" * 16, second)
        runs.append(
            SourceRun(offset=offset, length=len(data) - offset, key=key, start_us=start_us)
        )
    path = folder / "source.hfs"
    path.write_bytes(data)
    return SourceSegment(path=str(path), header=encode_header(header), runs=tuple(runs))


def order(folder: Path, *, seconds: int) -> BeginRange:
    """Ask for all of a film but its first second."""
    made = folder / "made"
    made.mkdir()
    return BeginRange(
        making=Making(stream=STREAM, owner=OWNER, how=CameraRedaction()),
        folder=str(made),
        period=GivenPeriod(id=b"q" * 16, root=b"R" * 32, started_us=START_US + SECOND),
        sources=(filmed(folder, seconds=seconds),),
        from_us=START_US + SECOND,
        until_us=START_US + seconds * SECOND,
    )


@pytest.mark.parametrize("make", [real, fake])
async def test_a_range_is_told_in_order_and_ends_by_itself(
    make: Callable[[Path], Darkroom], tmp_path: Path
) -> None:
    """A segment before its runs, and nothing after the last one."""
    asked = order(tmp_path, seconds=3)
    events = [event async for event in make(tmp_path).make(asked)]
    opened = [event for event in events if isinstance(event, SegmentOpened)]
    ended = [event for event in events if isinstance(event, RunEnded)]
    assert len(opened) <= len(ended) + 1
    assert [event.start_us for event in ended] == sorted(event.start_us for event in ended)
    if opened:
        assert events.index(opened[0]) < events.index(ended[0])


@pytest.mark.parametrize("make", [real, fake])
async def test_a_range_may_be_left_early(
    make: Callable[[Path], Darkroom], tmp_path: Path
) -> None:
    """Closing waits for what was begun to end."""
    async with aclosing(make(tmp_path).make(order(tmp_path, seconds=3))) as events:
        async for _ in events:
            break


def breaking(_folder: Path) -> Darkroom:
    """Make one whose processes end before they have made anything."""
    prepare = Prepare(covers=CameraRedaction().covers)
    command = (sys.executable, "-c", "raise SystemExit(3)")
    setup = StandbySetup(command=command, prepare=prepare)
    return RealDarkroom(Standby(setup, clock=SystemClock()))


def fake_breaking(_folder: Path) -> Darkroom:
    """Make the fake one."""
    return FakeDarkroom(breaks=True)


@pytest.mark.parametrize("make", [breaking, fake_breaking])
async def test_a_range_that_breaks_is_told(
    make: Callable[[Path], Darkroom], tmp_path: Path
) -> None:
    """It does not end as if it were whole."""
    with pytest.raises(UnavailableError):
        async for _ in make(tmp_path).make(order(tmp_path, seconds=3)):
            pass


async def test_what_is_made_opens_with_the_given_period_and_is_covered(tmp_path: Path) -> None:
    """Only pictures of the range are there, under the redacted rendition's own keys."""
    asked = order(tmp_path, seconds=3)
    events = [event async for event in real(tmp_path).make(asked)]
    units = opened_units(asked, events)
    assert len(units) >= 15
    assert all(find_tracks(unit.data) is not None for unit in units)


def still(folder: Path, **how: Any) -> BeginStill:
    """Ask for the last picture of a film."""
    return BeginStill(
        making=Making(stream=STREAM, owner=OWNER, how=CameraRedaction(**how)),
        sources=(filmed(folder, seconds=3),),
    )


@pytest.mark.parametrize("make", [real, fake])
async def test_a_still_is_told_once_or_not_at_all(
    make: Callable[[Path], Darkroom], tmp_path: Path
) -> None:
    """And nothing else is."""
    events = [event async for event in make(tmp_path).make(still(tmp_path))]
    assert [type(event) for event in events] in ([StillMade], [])


async def test_a_still_shows_the_last_picture_with_its_masks(tmp_path: Path) -> None:
    """Its left half is covered, and the node that asked gets a picture to look at."""
    half = Area(points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
    (event,) = [each async for each in real(tmp_path).make(still(tmp_path, masks=(half,)))]
    assert isinstance(event, StillMade)
    assert event.at_us > START_US + 2 * SECOND + SECOND // 2
    assert event.state in {"normal", "more", "whole"}
    pixels = cv2.imdecode(np.frombuffer(event.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert pixels is not None
    assert pixels.shape == (180, 320)
    assert pixels[:, :150].max() < 60  # solid fill


async def test_a_process_that_waited_makes_what_it_is_told_and_not_what_it_prepared(
    tmp_path: Path,
) -> None:
    """It was loaded for vehicles alone; people and faces are looked for all the same."""
    command = redaction_command(tmp_path / "periods.db", tmp_path / "key")
    prepare = Prepare(covers=frozenset({Covers.VEHICLES}))
    waiting = Standby(StandbySetup(command=command, prepare=prepare), clock=SystemClock())
    asked = order(tmp_path, seconds=3)
    async with anyio.create_task_group() as group:
        group.start_soon(waiting.run, lambda: True)
        while not waiting.waiting:
            await anyio.wait_all_tasks_blocked()
        events = [event async for event in RealDarkroom(waiting).make(asked)]
        group.cancel_scope.cancel()
    assert len(opened_units(asked, events)) >= 15


def opened_units(asked: BeginRange, events: list[Event]) -> list[OpenedUnit]:
    """Open all runs that were told of."""
    header = next(
        decode_header(each.header) for each in events if isinstance(each, SegmentOpened)
    )
    assert (header.rendition, header.period) == (Rendition.REDACTED, b"q" * 16)
    walker = LeafWalker(b"R" * 32)
    (path,) = Path(asked.folder).rglob("*.hfs")
    units: list[OpenedUnit] = []
    for each in events:
        if isinstance(each, RunEnded):
            assert asked.from_us <= each.start_us < asked.until_us
            body = path.read_bytes()[each.offset : each.offset + each.length]
            label = stream_label(CAMERA, 0, Rendition.REDACTED.code)
            key = run_key(walker.leaf(each.leaf), label, header.segment, each.run)
            units += open_run(header, body, key, sha256=each.sha256).units
    return units
