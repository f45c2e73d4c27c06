"""Simulated cameras: marks that can be read, footage fetched."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import InvalidError, UnavailableError
from handfast.media.clip import load_clip
from handfast.media.footage import clips_in
from handfast.media.footage_sources import FootageSource, cache_directory, obtain
from handfast.media.marks import (
    FrameMark,
    draw_bar,
    find_mark,
    mark_digits,
    mark_nal,
    read_bar,
)
from handfast.media.sim_player import due_us
from handfast.media.units import Codec


@given(st.integers(0, 65_535), st.sampled_from([320, 640, 1280, 1920]), st.integers(0, 12))
def test_bar_codes_are_read_from_noisy_pictures(index: int, width: int, blur: int) -> None:
    """In luma and in RGB, with the noise of a coder on top."""
    luma = np.full((width * 9 // 16, width), 100, np.uint8)
    draw_bar(luma, index)
    noisy = luma.astype(np.int16) + np.random.default_rng(index).integers(
        -blur, blur + 1, luma.shape, np.int16
    )
    picture = np.clip(noisy, 0, 255).astype(np.uint8)
    assert read_bar(picture) == index
    assert read_bar(np.repeat(picture[:, :, None], 3, axis=2)) == index
    assert read_bar(np.full_like(luma, 100)) is None


@given(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 1), st.integers(0, 65_535))
def test_marks_travel_in_the_sei(number: int, sent_us: int, index: int) -> None:
    """Written over the zeros, found anywhere in a unit."""
    mark = FrameMark(number, sent_us, index)
    for codec in (Codec.H264, Codec.H265):
        nal = mark_nal(codec)
        written = nal[:-37] + mark_digits(mark) + nal[-1:]
        assert len(written) == len(nal)
        assert find_mark(b"before" + written + b"after") == mark
        assert b"\0\0" not in written
    assert find_mark(b"nothing") is None
    assert find_mark(mark_nal(Codec.H264)[:-5]) is None


def test_cameras_keep_to_the_wall_clock() -> None:
    """Twenty-five pictures a second since 1970, spread over the 40 ms."""
    assert due_us(0, 25) == 1_000_000
    assert len({due_us(camera, 0) for camera in range(10)}) == 10
    assert all(0 <= due_us(camera, 0) < 40_000 for camera in range(100))


def test_own_clips_are_found_and_broken_ones_named(tmp_path: Path) -> None:
    """A directory of MP4 files serves as footage."""
    with pytest.raises(UnavailableError, match=r"no \.mp4 files"):
        clips_in(tmp_path)
    (tmp_path / "a.mp4").write_bytes(b"no film")
    (tmp_path / "a.sub.mp4").write_bytes(b"no film")
    (tmp_path / "b.mp4").write_bytes(b"no film")
    assert [(each.main.name, each.sub.name) for each in clips_in(tmp_path)] == [
        ("a.mp4", "a.sub.mp4"),
        ("b.mp4", "b.mp4"),
    ]
    with pytest.raises(InvalidError, match="prepare it again"):
        load_clip(tmp_path / "a.mp4")


def test_a_film_that_cannot_be_fetched_is_done_without(tmp_path: Path) -> None:
    """The person learns which command to try; a film in the cache is not fetched again."""

    def refuse(film: Path) -> None:
        raise UnavailableError(f"no network for {film.name}")

    said: list[str] = []
    source = FootageSource(name="x.mp4", origin="nowhere", command="fetch x", fetch=refuse)
    assert obtain(source, tmp_path, said.append) is None
    assert said[-1] == "to see why, run: fetch x"
    assert "no network for x.mp4" in said[-2]
    (tmp_path / "films" / "x.mp4").write_bytes(b"film")
    assert obtain(source, tmp_path, said.append) == tmp_path / "films" / "x.mp4"
    assert cache_directory({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/handfast")
