"""Units become pictures and pictures units; damage is told until the next key picture."""

import numpy as np
import pytest

from handfast.media.unit_pictures import (
    CodedPicture,
    PictureSize,
    PlanarPicture,
    UnitDecoder,
    UnitEncoder,
)
from handfast.media.units import TrackConfig

WIDTH, HEIGHT, STEP = 320, 180, 3600
FULL = PictureSize(width=1920, height=1080)


def drawn(number: int) -> PlanarPicture:
    """Draw a block that wanders over noise, so that every unit has something to say."""
    planes = np.random.default_rng(number).integers(
        90, 110, (HEIGHT * 3 // 2, WIDTH), dtype=np.uint8
    )
    planes[40:100, number * 4 : number * 4 + 40] = 220
    return PlanarPicture(planes=planes, pts=number * STEP, received_us=number)


@pytest.fixture(scope="module")
def film() -> tuple[TrackConfig, list[CodedPicture]]:
    """Encode 40 pictures, a key picture every ten."""
    encoder = UnitEncoder(WIDTH, HEIGHT, fps=25, bitrate_bps=4_000_000)
    coded = [encoder.encode(drawn(number), key=number % 10 == 0) for number in range(40)]
    units = [each for each in coded if each is not None]
    config = units[0].config
    assert config is not None
    return config, units


def decoded(
    config: TrackConfig, units: list[CodedPicture], *, size: PictureSize = FULL
) -> list[PlanarPicture]:
    """Decode units one by one."""
    decoder = UnitDecoder(config, size)
    return [
        picture
        for number, each in enumerate(units)
        for picture in decoder.decode(each.unit.data, pts=each.unit.pts, received_us=number)
    ]


def test_every_picture_goes_through_at_once(
    film: tuple[TrackConfig, list[CodedPicture]],
) -> None:
    """None waits for another one, each keeps its times, keys come when asked for."""
    config, units = film
    assert len(units) == 40
    assert [n for n, each in enumerate(units) if each.unit.key] == [0, 10, 20, 30]
    assert all((each.config is not None) == each.unit.key for each in units)
    pictures = decoded(config, units)
    assert [picture.pts for picture in pictures] == [n * STEP for n in range(40)]
    assert [picture.received_us for picture in pictures] == list(range(40))
    assert not any(picture.damaged for picture in pictures)
    off = np.abs(pictures[7].y.astype(int) - drawn(7).y.astype(int))
    assert float(off.mean()) < 8


def test_pictures_are_made_smaller_in_their_shape_and_never_larger(
    film: tuple[TrackConfig, list[CodedPicture]],
) -> None:
    """The planes fit one another and may be written to."""
    config, units = film
    small = decoded(config, units[:1], size=PictureSize(width=160, height=160))[0]
    assert (small.y.shape, small.u.shape, small.v.shape) == ((90, 160), (45, 80), (45, 80))
    small.y[:] = 1
    small.u[:] = 2
    small.v[:] = 3
    assert sorted(np.unique(small.planes)) == [1, 2, 3]
    assert decoded(config, units[:1])[0].y.shape == (HEIGHT, WIDTH)


def test_a_damaged_unit_is_told_until_the_next_key_picture(
    film: tuple[TrackConfig, list[CodedPicture]],
) -> None:
    """Nothing that builds on it passes for whole; after the key picture all is well."""
    config, units = film
    decoder = UnitDecoder(config, FULL)
    told: dict[int, bool] = {}
    for number, each in enumerate(units):
        data = each.unit.data
        if number == 13:
            data = data[:40] + bytes(len(data) - 40)
        for picture in decoder.decode(data, pts=each.unit.pts, received_us=number):
            told[picture.pts // STEP] = picture.damaged
    assert not any(told[number] for number in range(13))
    assert all(told.get(number, True) for number in range(13, 20))
    assert not any(told[number] for number in range(20, 40))


def test_bytes_that_are_no_unit_cost_no_more_than_their_group(
    film: tuple[TrackConfig, list[CodedPicture]],
) -> None:
    """Lengths that lie, nothing at all, noise: no exception, and the next group is whole."""
    config, units = film
    decoder = UnitDecoder(config, FULL)
    for junk in (b"", b"\0\0\0\0", b"\xff\xff\xff\xff\x65", bytes(range(256))):
        list(decoder.decode(junk, pts=0, received_us=0))
    pictures = [
        picture
        for each in units[:10]
        for picture in decoder.decode(each.unit.data, pts=each.unit.pts, received_us=0)
    ]
    assert [picture.damaged for picture in pictures] == [False] * 10
