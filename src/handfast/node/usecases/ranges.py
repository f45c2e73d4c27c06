"""Recorded ranges of either rendition, behind one door."""

from dataclasses import replace

from handfast.model.access import Grant
from handfast.model.media import Rendition
from handfast.node.pep import Opened
from handfast.node.usecases.redact_range import RedactRange
from handfast.node.usecases.release_range import ReleaseRange
from handfast.protocol.wire import Recordings
from handfast.storage.segments import Recording


class Ranges:
    """Clear ranges are released as recorded, redacted ones made first. Any thread; blocks."""

    def __init__(self, clear: ReleaseRange, redacted: RedactRange) -> None:
        """Take who releases and who makes."""
        self._clear = clear
        self._redacted = redacted

    def has_recordings(self, recording: Recording, *, since_us: int, until_us: int) -> bool:
        """Tell whether anything of a range is still here; all is made of clear recordings."""
        clear = replace(recording, rendition=Rendition.CLEAR)
        return self._clear.has_recordings(clear, since_us=since_us, until_us=until_us)

    def seal(self, opened: Opened, *, open_key: bytes) -> str:
        """Seal the keys of a grant's range to its device."""
        return self._of(opened.grant).seal(opened, open_key=open_key)

    def list_recordings(self, grant: Grant, *, from_us: int, until_us: int) -> Recordings:
        """List the segments of a part of the grant's range."""
        return self._of(grant).list_recordings(grant, from_us=from_us, until_us=until_us)

    def read(self, grant: Grant, segment: str, *, offset: int, length: int) -> bytes:
        """Return bytes of the header or of runs that the grant opens; errors of either."""
        return self._of(grant).read(grant, segment, offset=offset, length=length)

    def _of(self, grant: Grant) -> ReleaseRange | RedactRange:
        return self._clear if grant.rendition is Rendition.CLEAR else self._redacted
