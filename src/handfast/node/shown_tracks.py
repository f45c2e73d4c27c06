"""What the track of a request is: told by whoever has shown it, a range or a live picture."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from handfast.kit.encoding import unb64
from handfast.media.units import KeptTrack, StreamKey
from handfast.model.media import TrackKind, View
from handfast.node.ports import LiveTracks
from handfast.protocol.statements import AccessRequestStatement

KindOf = Callable[[AccessRequestStatement], TrackKind | None]


class ShownTracks:
    """One answer for recorded and live views. Belongs to one event loop."""

    def __init__(self, recorded: KindOf, live: LiveTracks) -> None:
        """Take who knows about recorded ranges, and who about live pictures."""
        self._recorded = recorded
        self._live = live

    def kind_of(self, asked: AccessRequestStatement) -> TrackKind | None:
        """Return what the track of a request is; `None` when none such is shown.

        Raises:
            InvalidError: The segment is not base64url; a camera is checked before.
        """
        if asked.view is not View.LIVE:
            return self._recorded(asked)
        if asked.track is msgspec.UNSET or asked.seen_in is msgspec.UNSET:
            return None
        kept = KeptTrack("", asked.track, None, unb64(asked.seen_in))
        stream = StreamKey(UUID(asked.camera), asked.stream.value, asked.rendition, kept)
        return self._live.kind_of(stream)
