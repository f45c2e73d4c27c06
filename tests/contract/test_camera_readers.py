"""Both readers of cameras, held to what a simulated camera sent: FFmpeg's and our own."""

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from handfast.media.marks import read_bar
from handfast.media.source import CameraSource
from handfast.media.units import AccessUnit, CameraState, Codec, TrackConfig
from tests.unit.media.rig import (
    GATE,
    Notes,
    marks_of,
    reading,
    run_until,
    simulated,
    two_cameras,
)

PICTURES = 28


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the small clips of these tests are kept."""
    return tmp_path_factory.mktemp("clips")


def bars(config: TrackConfig, units: list[AccessUnit]) -> list[int | None]:
    """Decode units with nothing but their configuration; return the bar codes by time."""
    name = "h264" if config.codec is Codec.H264 else "hevc"
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.extradata = config.extradata
    frames = []
    for unit in units:
        packet = av.Packet(unit.data)
        packet.pts, packet.dts = unit.pts, unit.dts
        frames += decoder.decode(packet)
    frames += decoder.decode(None)
    frames.sort(key=lambda frame: frame.pts or 0)
    return [
        read_bar(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)) for frame in frames
    ]


@pytest.mark.parametrize("reader", ["handfast", "pyav"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_every_picture_arrives_and_decodes(
    clips: Path, codec: Codec, b_frames: int, reader: str
) -> None:
    """Numbers without a gap, rising decoding times, pixels that say the same as the marks."""
    notes = Notes()
    with simulated(two_cameras(clips, codec, b_frames=b_frames)) as port:
        url = f"rtsp://127.0.0.1:{port}/cam0"
        camera = CameraSource(
            key=GATE, url=url, reader="pyav" if reader == "pyav" else "handfast"
        )
        with reading([camera], notes) as loop:
            run_until(loop, lambda: len(notes.of(GATE)) >= PICTURES)
    units = notes.of(GATE)
    marks = marks_of(units)
    assert [mark.number for mark in marks] == list(
        range(marks[0].number, marks[0].number + len(marks))
    )
    assert all(a.dts < b.dts for a, b in itertools.pairwise(units))
    assert all(unit.dts <= unit.pts for unit in units)
    assert (max(unit.pts - unit.dts for unit in units) > 0) == (b_frames > 0)
    assert units[0].key
    ((_, (config,)),) = notes.configs
    assert (config.codec, config.width, config.height) == (codec, 320, 180)
    by_time = [
        mark.index
        for _, mark in sorted(zip(units, marks, strict=True), key=lambda pair: pair[0].pts)
    ]
    whole = len(by_time) - 8  # the last pictures may wait for others that did not come
    assert bars(config, units)[:whole] == by_time[:whole]
    assert [state for _, state, _ in notes.states] == [
        CameraState.CONNECTING,
        CameraState.PLAYING,
        CameraState.STOPPED,
    ]
