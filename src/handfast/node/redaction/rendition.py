"""Pictures in the clear become a redacted rendition: covered, encoded, sealed."""

from collections.abc import Sequence
from typing import Final

from handfast.media.recorder import Recorder
from handfast.media.track_notes import SCALE, TrackNote, with_tracks
from handfast.media.unit_pictures import PlanarPicture, UnitEncoder
from handfast.media.units import TICKS_PER_SECOND, TrackConfig
from handfast.node.redaction.orders import Making
from handfast.vision.boxes import Kind
from handfast.vision.due import Keep
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redacted, Redactor
from handfast.vision.track import Tracked

_KEY_S: Final = 1
_KINDS: Final = {Kind.PERSON: 0, Kind.FACE: 1, Kind.VEHICLE: 2}


class Output:
    """Encodes and seals one picture after the other. One thread."""

    def __init__(self, making: Making, recorder: Recorder) -> None:
        """Take what to make and where it goes; the recorder knows the stream."""
        self._making = making
        self._recorder = recorder
        self._encoder: UnitEncoder | None = None
        self._shape = (0, 0)
        self._config: TrackConfig | None = None
        self._key_pts: int | None = None
        self._key_wanted = True

    def want_key(self) -> None:
        """Make the next picture a key picture: somebody joins."""
        self._key_wanted = True

    def put(self, picture: PlanarPicture, tracks: Sequence[Tracked]) -> None:
        """Seal a picture that the engine has covered, with a note of who is where.

        Raises:
            UnavailableError: Nothing can be encoded here.
        """
        seen = seen_of(picture)
        encoder = self._encoder_for(seen)
        key_pts = self._key_pts
        is_key = (
            self._key_wanted
            or key_pts is None
            or not 0 <= picture.pts - key_pts < _KEY_S * TICKS_PER_SECOND
        )
        coded = encoder.encode(picture, key=is_key)
        if coded is None:
            return
        if coded.config is not None:
            self._key_pts, self._key_wanted = picture.pts, False
            self._configure(coded.config)
        unit = with_tracks(coded.unit, tracks_of(tracks, seen))
        self._recorder.unit(self._making.stream, unit, picture.received_us)

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


class Covering:
    """Redacts one picture after the other and hands it on. One thread.

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
        self._redactor = redactor
        self._output = Output(making, recorder)

    def want_key(self) -> None:
        """Make the next picture a key picture: somebody joins."""
        self._output.want_key()

    def look(self, picture: PlanarPicture, *, search: bool) -> None:
        """Let the engine learn from a picture that is not shown; it is written to.

        Args:
            picture: What to learn from.
            search: Look for people as well; only the background is learned otherwise.
        """
        # In a damaged picture nobody is looked for, and nobody sees that it is covered whole.
        self._redact(picture, damaged=picture.damaged or not search)

    def show(self, picture: PlanarPicture) -> Redacted:
        """Cover a picture and seal what remains of it.

        Raises:
            UnavailableError: Nothing can be encoded here.
        """
        done = self._redact(picture, damaged=picture.damaged)
        self._output.put(picture, done.tracks)
        return done

    def _redact(self, picture: PlanarPicture, *, damaged: bool) -> Redacted:
        return self._redactor.redact(
            seen_of(picture), picture.received_us, keep=self._keep, damaged=damaged
        )


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


def seen_of(picture: PlanarPicture) -> Picture:
    """Return a picture as the engine takes it: the same samples, not a copy."""
    return Picture(y=picture.y, u=picture.u, v=picture.v)
