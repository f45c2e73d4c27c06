"""Footage: prepared once in the kind that is asked for, with the time left told."""

from pathlib import Path

import av
import numpy as np
import pytest

from handfast.kit.clock import SystemClock
from handfast.kit.errors import UnavailableError
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.footage import Workshop, prepare
from handfast.media.footage_progress import Progress
from handfast.media.footage_sources import BIKES, VTEST
from handfast.media.marks import read_bar
from handfast.media.units import Codec
from tests.fakes.steady import HandClock

PICTURES = 4


def workshop(cache: Path, said: list[str]) -> Workshop:
    """Return a workshop whose films are there already, a few pictures long."""
    (cache / "films").mkdir()
    film = EncodeSettings(width=768, height=576, bitrate_bps=500_000, bars=False)
    for source in (VTEST, BIKES):
        encode(drawn_pictures(768, 576, PICTURES), cache / "films" / source.name, film)
    return Workshop(cache=cache, say=said.append, clock=SystemClock())


def first_bar(clip: Path) -> int | None:
    """Return what the bar code of a clip's first picture says."""
    with av.open(str(clip)) as container:
        frame = next(container.decode(container.streams.video[0]))
        return read_bar(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))


def test_clips_with_and_without_bar_codes_lie_side_by_side(tmp_path: Path) -> None:
    """Only the kind that is asked for is made, and it is made once."""
    said: list[str] = []
    place = workshop(tmp_path, said)
    [plain] = prepare([(0, Codec.H264)], place, bars=False)
    assert len(list((tmp_path / "clips").iterdir())) == 2
    [barred] = prepare([(0, Codec.H264)], place, bars=True)
    assert [first_bar(plain.main), first_bar(plain.sub)] == [None, None]
    assert [first_bar(barred.main), first_bar(barred.sub)] == [0, 0]
    said.clear()
    assert prepare([(0, Codec.H264)], place, bars=False) == [plain]
    assert said == []


def test_cameras_that_share_a_scene_share_its_clip(tmp_path: Path) -> None:
    """Scenes are counted around; a scene in another codec is a clip of its own."""
    place = workshop(tmp_path, [])
    first, again, other = prepare([(0, Codec.H264), (8, Codec.H264), (0, Codec.H265)], place)
    assert first == again
    assert other.main != first.main
    assert other.sub == first.sub
    assert len(list((tmp_path / "clips").iterdir())) == 3


def test_progress_tells_the_time_left_now_and_then() -> None:
    """Not with every picture, and not before the speed is known."""
    said: list[str] = []
    clock = HandClock()
    progress = Progress(100, say=said.append, clock=clock)
    for _ in range(20):
        clock.move(1)
        progress.step(1)
    assert said == [
        "preparing footage: 2% done",
        "preparing footage: 7% done, about 93 s left",
        "preparing footage: 12% done, about 88 s left",
        "preparing footage: 17% done, about 83 s left",
    ]
    progress.stop()
    with pytest.raises(UnavailableError, match="start again"):
        progress.step(1)
