"""Pictures in the clear become a redacted rendition: covered, encoded, sealed."""

from collections.abc import Sequence
from typing import Final

from handfast.kit.clock import Clock
from handfast.media.feed import UnitCopied
from handfast.media.recorder import Recorder
from handfast.media.track_notes import SCALE, TrackNote, with_tracks
from handfast.media.unit_pictures import (
    PictureSize,
    PlanarPicture,
    UnitDecoder,
    UnitEncoder,
)
from handfast.media.units import TICKS_PER_SECOND, TrackConfig
from handfast.node.redaction.orders import Making
from handfast.vision.boxes import Kind
from handfast.vision.due import Keep
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redacted, Redactor
from handfast.vision.track import Tracked

_KEY_S: Final = 1
_LATE_US: Final = 400_000
"""Pictures older than this are decoded only: what is shown stays close to now."""

_KINDS: Final = {Kind.PERSON: 0, Kind.FACE: 1, Kind.VEHICLE: 2}
_RARELY_S: Final = 1.0
"""On a machine that never catches up a late picture is shown after this long all the same."""


class Covering:
    """Redacts, encodes and seals one picture after the other. One thread.

    A picture reaches the encoder only from the hand of the engine; nothing else writes to it.
    """

    def __init__(
        self,
        making: Making,
        redactor: Redactor,
        recorder: Recorder,
        *,
        keep: Keep | None = None,
    ) -> None:
        """Take what to make, with what, where it goes, and which track stays clear, if any.

        The recorder knows the stream.
        """
        self._keep = keep
        self._making = making
        self._redactor = redactor
        self._recorder = recorder
        self._encoder: UnitEncoder | None = None
        self._shape = (0, 0)
        self._config: TrackConfig | None = None
        self._key_pts: int | None = None
        self._key_wanted = True

    def want_key(self) -> None:
        """Make the next picture a key picture: somebody joins."""
        self._key_wanted = True

    def look(self, picture: PlanarPicture) -> None:
        """Let the engine learn the background from a picture that is not shown."""
        self._redact(picture, _seen(picture))

    def show(self, picture: PlanarPicture) -> Redacted:
        """Cover a picture and seal what remains of it.

        Raises:
            UnavailableError: Nothing can be encoded here.
        """
        seen = _seen(picture)
        done = self._redact(picture, seen)
        encoder = self._encoder_for(seen)
        key_pts = self._key_pts
        is_key = (
            self._key_wanted
            or key_pts is None
            or not 0 <= picture.pts - key_pts < _KEY_S * TICKS_PER_SECOND
        )
        coded = encoder.encode(picture, key=is_key)
        if coded is not None:
            if coded.config is not None:
                self._key_pts, self._key_wanted = picture.pts, False
                self._configure(coded.config)
            unit = with_tracks(coded.unit, tracks_of(done.tracks, seen))
            self._recorder.unit(self._making.stream, unit, picture.received_us)
        return done

    def _redact(self, picture: PlanarPicture, seen: Picture) -> Redacted:
        return self._redactor.redact(
            seen, picture.received_us, keep=self._keep, damaged=picture.damaged
        )

    def _encoder_for(self, seen: Picture) -> UnitEncoder:
        shape = (seen.width, seen.height)
        if self._encoder is None or shape != self._shape:
            self._shape, self._key_pts = shape, None
            self._encoder = UnitEncoder(
                *shape, fps=self._making.fps, bitrate_bps=self._making.bitrate_bps
            )
        return self._encoder

    def _configure(self, config: TrackConfig) -> None:
        if config != self._config:
            self._config = config
            self._recorder.configured(self._making.stream, (config,))


def tracks_of(tracks: Sequence[Tracked], picture: Picture) -> list[TrackNote]:
    """Say where the tracks are, as shares of the picture."""
    scales = (SCALE / picture.width, SCALE / picture.height) * 2
    return [
        TrackNote(
            each.track,
            _KINDS[each.kind],
            *(
                min(max(round(edge * scale), 0), SCALE)
                for edge, scale in zip(each.box, scales, strict=True)
            ),
        )
        for each in tracks
    ]


def _seen(picture: PlanarPicture) -> Picture:
    return Picture(y=picture.y, u=picture.u, v=picture.v)


class LiveRendition:
    """Keeps up with a camera: decodes all, shows what the rate and the machine allow."""

    def __init__(
        self, making: Making, redactor: Redactor, recorder: Recorder, *, clock: Clock
    ) -> None:
        """Take what to make, with what, where it goes, and what tells how late we are."""
        self._making = making
        self._redactor = redactor
        self._clock = clock
        self._covering = Covering(making, redactor, recorder)
        self._size = PictureSize(width=making.width, height=making.height)
        self._config: TrackConfig | None = None
        self._decoder: UnitDecoder | None = None
        self._due_pts: float | None = None
        self._shown_at = float("-inf")

    def want_key(self) -> None:
        """Make the next picture a key picture: somebody joins."""
        self._covering.want_key()

    def take(self, unit: UnitCopied) -> Redacted | None:
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

    def _show(self, picture: PlanarPicture) -> Redacted:
        began = self._shown_at = self._clock.monotonic()
        done = self._covering.show(picture)
        self._redactor.ease((self._clock.monotonic() - began) * self._making.fps)
        return done
