"""Copies a stream's pictures in the clear to the node, for other renditions made there."""

from handfast.media.feed import Feed, UnitCopied
from handfast.media.units import VIDEO, AccessUnit, StreamKey, TrackConfig


class PictureCopy:
    """One stream's copy. Ingest thread only.

    Attributes:
        wanted: Somebody takes the copies; otherwise `unit` need not be called.
    """

    def __init__(self, stream: StreamKey, feed: Feed) -> None:
        """Begin without anybody who wants it."""
        self.wanted = False
        self._stream = stream
        self._feed = feed
        self._config: TrackConfig | None = None
        self._flowing = False

    def configured(self, tracks: tuple[TrackConfig, ...]) -> None:
        """Take the tracks of the units that follow."""
        self._config = next((each for each in tracks if each.track == VIDEO), None)
        self._flowing = False

    def end(self) -> None:
        """Nobody wants it any more."""
        self.wanted = self._flowing = False

    def unit(self, unit: AccessUnit, received_us: int) -> None:
        """Tell a picture, or wait for a keyframe after a gap."""
        if unit.track != VIDEO or self._config is None:
            return
        self._flowing = not self._feed.congested and (self._flowing or unit.key)
        if not self._flowing:
            return
        self._feed.emit(
            UnitCopied(
                stream=self._stream,
                config=self._config if unit.key else None,
                key=unit.key,
                pts=unit.pts,
                dts=unit.dts,
                data=unit.data,
                received_us=received_us,
            )
        )
