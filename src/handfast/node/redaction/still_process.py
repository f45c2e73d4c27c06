"""A redaction process that makes one picture: clear runs in, the last picture covered out."""

from collections.abc import Sequence
from typing import Final

from handfast.media.feed import StillMade
from handfast.media.still import planar_jpeg
from handfast.media.unit_pictures import PictureSize, PlanarPicture
from handfast.media.worker_link import NodeLink
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.orders import BeginStill, Order
from handfast.node.redaction.rendition import seen_of
from handfast.node.redaction.source_pictures import source_pictures
from handfast.vision.detector import Detector
from handfast.vision.redactor import Redacted, Redactor

_SECOND_US: Final = 1_000_000


class StillProcess:
    """Covers each picture as for a range, and keeps the last. It is sealed for nobody."""

    def __init__(
        self, link: NodeLink[Order], begin: BeginStill, detectors: Sequence[Detector]
    ) -> None:
        """Build the engine; nothing runs before `run`."""
        self._link = link
        self._begin = begin
        self._redactor = Redactor(settings_of(begin.making.how), detectors)
        self._due_us = 0.0

    def run(self) -> None:
        """Make the still, tell it, and return; tell nothing where there is no picture."""
        making = self._begin.making
        size = PictureSize(width=making.width, height=making.height)
        last: tuple[PlanarPicture, Redacted] | None = None
        for picture in source_pictures(self._begin.sources, size, is_due=self._is_due):
            done = self._redactor.redact(
                seen_of(picture), picture.received_us, damaged=picture.damaged
            )
            last = (picture, done)
        if last is not None:
            self._tell(*last)
        self._link.close()

    def _is_due(self, _pts: int, at_us: int) -> bool:
        if at_us < self._due_us:
            return False
        self._due_us = at_us + _SECOND_US / self._begin.making.fps
        return True

    def _tell(self, picture: PlanarPicture, done: Redacted) -> None:
        self._link.emit(
            StillMade(
                stream=self._begin.making.stream,
                jpeg=planar_jpeg(picture),
                at_us=picture.received_us,
                state=done.state.value,
                reason=done.reason or "",
            )
        )
