"""A live rendition: pictures of a camera as they come, covered once, shown as due."""

from dataclasses import dataclass
from typing import Final

import msgspec

from handfast.kit.clock import Clock
from handfast.media.feed import RenditionState, UnitCopied
from handfast.media.recorder import Recorder
from handfast.media.unit_pictures import PictureSize, PlanarPicture, UnitDecoder
from handfast.media.units import TICKS_PER_SECOND, KeptTrack, StreamKey, TrackConfig
from handfast.node.redaction.kept_rendition import KeptRendition, copy_of
from handfast.node.redaction.orders import Making
from handfast.node.redaction.rendition import Covering
from handfast.vision.redactor import Redacted, Redactor

_LATE_US: Final = 400_000
"""Pictures older than this are decoded only: what is shown stays close to now."""

_RARELY_S: Final = 1.0
"""On a machine that never catches up a late picture is shown after this long all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What was done to one picture.

    Attributes:
        of_kept: How each stream stands in which one track is clear.
    """

    done: Redacted
    of_kept: tuple[RenditionState, ...]


class LiveRendition:
    """Keeps up with a camera: decodes all, shows what the rate and the machine allow."""

    def __init__(
        self, making: Making, redactor: Redactor, recorder: Recorder, *, clock: Clock
    ) -> None:
        """Take what to make, with what, where it goes, and what tells how late we are.

        The recorder knows each stream that is made, those of `keep` included.
        """
        self._making = making
        self._redactor = redactor
        self._recorder = recorder
        self._clock = clock
        self._covering = Covering(making, redactor, recorder)
        self._kept: dict[StreamKey, KeptRendition] = {}
        self._size = PictureSize(width=making.width, height=making.height)
        self._config: TrackConfig | None = None
        self._decoder: UnitDecoder | None = None
        self._due_pts: float | None = None
        self._shown_at = float("-inf")

    def want_key(self, stream: StreamKey) -> None:
        """Make the next picture of a stream a key picture: somebody joins."""
        if stream == self._making.stream:
            self._covering.want_key()
        elif kept := self._kept.get(stream):
            kept.want_key()

    def keep(self, stream: StreamKey, kept: KeptTrack) -> None:
        """Make a stream too in which one track is clear; one that is made goes on."""
        if stream not in self._kept:
            making = msgspec.structs.replace(self._making, stream=stream)
            self._kept[stream] = KeptRendition(making, kept, self._redactor, self._recorder)

    def drop(self, stream: StreamKey) -> None:
        """Make it no longer."""
        self._kept.pop(stream, None)

    def take(self, unit: UnitCopied) -> Shown | None:
        """Take one picture of the camera.

        Returns:
            What was done to the picture shown last; `None` when none was shown.

        Raises:
            UnavailableError: It cannot be decoded here, or nothing can be encoded.
        """
        if unit.config is not None and unit.config != self._config:
            self._config = unit.config
            self._decoder = UnitDecoder(unit.config, self._size)
            self._due_pts = None
        if self._decoder is None:
            return None  # waits for a key unit
        done = None
        pictures = self._decoder.decode(
            unit.data, pts=unit.pts, received_us=unit.received_us, is_due=self._is_due
        )
        for picture in pictures:
            done = self._show(picture)
        return done

    def _is_due(self, pts: int, received_us: int) -> bool:
        """Tell whether the rate has room for a picture, and whether it is young enough."""
        step = TICKS_PER_SECOND / self._making.fps
        due = self._due_pts
        if due is None or abs(pts - due) > 10 * step:
            due = float(pts)  # the first one, or a new time line
        if pts < due - step / 8:
            self._due_pts = due
            return False
        self._due_pts = due + step
        is_late = self._clock.now_us() - received_us > _LATE_US
        return not is_late or self._clock.monotonic() - self._shown_at >= _RARELY_S

    def _show(self, picture: PlanarPicture) -> Shown:
        began = self._shown_at = self._clock.monotonic()
        copies = [(kept, copy_of(picture)) for kept in self._kept.values()]
        done = self._covering.show(picture)
        of_kept = tuple(kept.show(copy, done) for kept, copy in copies)
        self._redactor.ease((self._clock.monotonic() - began) * self._making.fps)
        return Shown(done=done, of_kept=of_kept)
