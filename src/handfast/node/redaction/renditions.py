"""One recorder for all renditions: clear ones from ingest, redacted ones from the studio."""

from collections.abc import AsyncIterator
from typing import Protocol

from handfast.media.feed import Event, UnitCopied
from handfast.media.units import StreamKey
from handfast.model.media import Rendition
from handfast.node.ports import Recorder


class Ingest(Recorder, Protocol):
    """A recorder that gives pictures in the clear too."""

    def copy(self, stream: StreamKey) -> None:
        """Tell a stream's pictures in the clear as well, from a keyframe on."""
        ...

    def end_copy(self, stream: StreamKey) -> None:
        """Tell them no longer."""
        ...


class Making(Recorder, Protocol):
    """Makes renditions of pictures in the clear."""

    @property
    def making(self) -> frozenset[StreamKey]:
        """Renditions that are being made."""
        ...

    def feed(self, unit: UnitCopied) -> None:
        """Give a picture in the clear to every rendition that is made of its stream."""
        ...


class Renditions:
    """`handfast.node.ports.Recorder` over both. Belongs to one event loop; nothing blocks."""

    def __init__(self, ingest: Ingest, studio: Making) -> None:
        """Take where clear pictures come from, and who redacts them."""
        self._ingest = ingest
        self._studio = studio

    async def events(self) -> AsyncIterator[Event]:
        """Yield what ingest tells, without the pictures in the clear: they stay inside."""
        async for event in self._ingest.events():
            if isinstance(event, UnitCopied):
                self._give(event)
            else:
                yield event

    def attach(self, stream: StreamKey) -> None:
        """Send the units of a stream too, and begin to make what is not made yet."""
        if stream.rendition is Rendition.CLEAR:
            self._ingest.attach(stream)
            return
        before = self._studio.making
        self._studio.attach(stream)
        if self._studio.making != before:
            self._ingest.copy(stream.source)

    def detach(self, stream: StreamKey) -> None:
        """Send its units no longer."""
        if stream.rendition is Rendition.CLEAR:
            self._ingest.detach(stream)
        else:
            self._studio.detach(stream)

    def request_keyframe(self, stream: StreamKey) -> None:
        """Ask for a keyframe: the camera, or the encoder at the site."""
        if stream.rendition is Rendition.CLEAR:
            self._ingest.request_keyframe(stream)
        else:
            self._studio.request_keyframe(stream)

    def _give(self, unit: UnitCopied) -> None:
        if any(each.source == unit.stream for each in self._studio.making):
            self._studio.feed(unit)
        else:
            self._ingest.end_copy(unit.stream)  # the last one that was made of it has ended
