"""A camera in front of which tests draw people, for redaction without models."""

from collections.abc import Sequence

import numpy as np

from handfast.media.feed import UnitCopied
from handfast.media.unit_pictures import PlanarPicture, UnitEncoder
from handfast.media.units import StreamKey
from handfast.vision.boxes import Detection
from tests.fakes.steady import HandClock

LOUD = 220
"""Luma of drawn people."""

STEP = 9000
"""Ten pictures a second, 90 kHz."""


def filmed(people: Sequence[Detection], *, pts: int, received_us: int) -> PlanarPicture:
    """Draw people into a street of 320 x 240 px."""
    planes = np.full((360, 320), 128, np.uint8)
    planes[:240] = 110
    for each in people:
        left, top, right, bottom = (int(edge) for edge in each.box)
        planes[top:bottom, left:right] = LOUD
    return PlanarPicture(planes=planes, pts=pts, received_us=received_us)


class Camera:
    """Films ten pictures a second, a keyframe each second.

    Attributes:
        people: Whom it sees, and what a detector would say of them.
    """

    def __init__(self, stream: StreamKey, clock: HandClock) -> None:
        """Begin with nobody in sight."""
        self.people: list[Detection] = []
        self._stream = stream
        self._clock = clock
        self._encoder = UnitEncoder(320, 240, fps=10, bitrate_bps=2_000_000)
        self._count = 0

    def picture(self) -> UnitCopied:
        """Let a tenth of a second pass, and return what ingest copies."""
        self._clock.move(0.1)
        now_us = self._clock.now_us()
        picture = filmed(self.people, pts=self._count * STEP, received_us=now_us)
        coded = self._encoder.encode(picture, key=self._count % 10 == 0)
        assert coded is not None
        self._count += 1
        return UnitCopied(
            stream=self._stream,
            config=coded.config,
            key=coded.unit.key,
            pts=picture.pts,
            dts=picture.pts,
            data=coded.unit.data,
            received_us=now_us,
        )
