"""The picture of a live rendition once more, for one grant: one track in it stays clear."""

from dataclasses import replace
from typing import Final

from handfast.media.feed import RenditionState
from handfast.media.recorder import Recorder
from handfast.media.unit_pictures import PlanarPicture
from handfast.media.units import KeptTrack
from handfast.node.redaction.orders import Making
from handfast.node.redaction.rendition import Output, seen_of
from handfast.vision.boxes import Kind
from handfast.vision.caution import State
from handfast.vision.due import Keep
from handfast.vision.redactor import Redacted, Redactor

NOT_SEEN: Final = "kept-not-seen"


def copy_of(picture: PlanarPicture) -> PlanarPicture:
    """Return a picture of its own; to be taken before the first is covered."""
    return replace(picture, planes=picture.planes.copy())


class KeptRendition:
    """One grant's own picture, made of what is found for the rendition of all. One thread.

    It begins with a track that is followed, or leaves nobody clear at all; a track that is
    followed no longer never comes back. So whoever appears later stays covered, whatever
    number was asked for.
    """

    def __init__(
        self, making: Making, kept: KeptTrack, redactor: Redactor, recorder: Recorder
    ) -> None:
        """Take what to make and for whom; `recorder` knows the stream of `making`.

        Where children are, the node opens it to two approvals only.
        """
        self._stream = making.stream
        self._track = kept.track
        self._keep: Keep | None = Keep(
            tracks=frozenset({kept.track}),
            two_persons=bool(making.how.children),
            kind=None if kept.kind is None else Kind(kept.kind),
        )
        self._redactor = redactor
        self._recorder = recorder
        self._output = Output(making, recorder)

    def want_key(self) -> None:
        """Make the next picture a key picture."""
        self._output.want_key()

    def show(self, copy: PlanarPicture, done: Redacted) -> RenditionState:
        """Cover a copy of the picture that `done` tells of, seal it, and tell how it stands.

        Raises:
            UnavailableError: Nothing can be encoded here.
        """
        if all(each.track != self._track for each in done.tracks):
            self._keep = None
        clear = self._redactor.redact_again(seen_of(copy), done, keep=self._keep)
        if self._recorder.prepared(self._stream):
            # Before there is a key period the first keyframe would be lost, and a second more.
            self._output.put(copy, done.tracks)
        if done.state is State.NORMAL and self._track not in clear:
            return RenditionState(stream=self._stream, state=State.MORE.value, reason=NOT_SEEN)
        return RenditionState(
            stream=self._stream, state=done.state.value, reason=done.reason or ""
        )
