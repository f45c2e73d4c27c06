"""One redacted rendition while it is live: clear pictures in, sealed redacted ones out."""

from collections.abc import Callable
from typing import Final

from handfast.kit.clock import Clock
from handfast.media.feed import UnitCopied
from handfast.media.recorder import Recorder
from handfast.media.unit_pictures import (
    PictureSize,
    PlanarPicture,
    UnitDecoder,
    UnitEncoder,
)
from handfast.media.units import TICKS_PER_SECOND, TrackConfig
from handfast.node.redaction.orders import Begin
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redacted, Redactor

_KEY_S: Final = 1
_LATE_US: Final = 400_000
"""Pictures older than this are decoded only: what is shown stays close to now."""

_RARELY_S: Final = 1.0
"""On a machine that never catches up a late picture is shown after this long all the same."""


class LiveRendition:
    """Decodes, redacts, encodes and seals. One thread.

    A picture reaches the encoder only from the hand of the engine; nothing else writes to it.
    """

    def __init__(
        self,
        begin: Begin,
        redactor: Redactor,
        recorder: Recorder,
        *,
        clock: Clock,
        told: Callable[[Redacted], None],
    ) -> None:
        """Take what to make, with what, and where it goes.

        Args:
            begin: What to make.
            redactor: The engine.
            recorder: Seals; the stream was added to it.
            clock: Measures how far behind we are, and how busy.
            told: Learns what was done to each picture.
        """
        self._begin = begin
        self._redactor = redactor
        self._recorder = recorder
        self._clock = clock
        self._told = told
        self._size = PictureSize(width=begin.width, height=begin.height)
        self._config: TrackConfig | None = None
        self._decoder: UnitDecoder | None = None
        self._encoder: UnitEncoder | None = None
        self._shape = (0, 0)
        self._due_pts: float | None = None
        self._key_pts: int | None = None
        self._key_wanted = True
        self._shown_at = float("-inf")
        self._sent: TrackConfig | None = None

    def want_key(self) -> None:
        """Make the next picture a key picture: somebody joins."""
        self._key_wanted = True

    def take(self, unit: UnitCopied) -> None:
        """Take one picture of the camera.

        Raises:
            UnavailableError: It cannot be decoded here, or nothing can be encoded.
        """
        if unit.config is not None and unit.config != self._config:
            self._config = unit.config
            self._decoder = UnitDecoder(unit.config, self._size)
            self._due_pts = None
        if self._decoder is None:
            return  # waits for a key unit
        pictures = self._decoder.decode(unit.data, pts=unit.pts, received_us=unit.received_us)
        for picture in pictures:
            if self._is_due(picture):
                self._show(picture)

    def _is_due(self, picture: PlanarPicture) -> bool:
        """Tell whether the rate has room for a picture that is not too old."""
        step = TICKS_PER_SECOND / self._begin.fps
        due, pts = self._due_pts, picture.pts
        if due is None or abs(pts - due) > 10 * step:
            due = float(pts)
        if pts < due - step / 8:
            self._due_pts = due
            return False
        self._due_pts = due + step
        is_late = self._clock.now_us() - picture.received_us > _LATE_US
        return not is_late or self._clock.monotonic() - self._shown_at >= _RARELY_S

    def _show(self, picture: PlanarPicture) -> None:
        began = self._shown_at = self._clock.monotonic()
        seen = Picture(y=picture.y, u=picture.u, v=picture.v)
        done = self._redactor.redact(seen, picture.received_us)
        encoder = self._encoder_for(seen)
        is_key = (
            self._key_wanted
            or self._key_pts is None
            or picture.pts - self._key_pts >= _KEY_S * TICKS_PER_SECOND
        )
        coded = encoder.encode(picture, key=is_key)
        if coded is not None:
            if coded.config is not None:
                self._key_pts, self._key_wanted = picture.pts, False
                self._configure(coded.config)
            self._recorder.unit(self._begin.stream, coded.unit, picture.received_us)
        self._redactor.ease((self._clock.monotonic() - began) * self._begin.fps)
        self._told(done)

    def _encoder_for(self, seen: Picture) -> UnitEncoder:
        shape = (seen.width, seen.height)
        if self._encoder is None or shape != self._shape:
            self._shape = shape
            self._encoder = UnitEncoder(
                *shape, fps=self._begin.fps, bitrate_bps=self._begin.bitrate_bps
            )
            self._key_pts = None
        return self._encoder

    def _configure(self, config: TrackConfig) -> None:
        if config != self._sent:
            self._sent = config
            self._recorder.configured(self._begin.stream, (config,))
