"""The film's pictures as JPEG by number, for the page; the last ones are kept."""

from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Final, Self

from handfast.cli.redact.review.scan import Scan
from handfast.media.picture_seeker import PictureSeeker
from handfast.media.still import jpeg

_WIDEST: Final = 1280  # px; what a page shows beside its lists
_MOST_BYTES: Final = 64 << 20
_BEFORE: Final = 16  # pictures; kept on the way to one, for whoever steps back


class Stills:
    """Gives any picture. Safe from any thread, one at a time; use it in a `with`."""

    def __init__(self, path: Path, scan: Scan, *, threads: int) -> None:
        """Take a film and what is known of it."""
        self._seeker = PictureSeeker(path, scan.times, threads=threads)
        self._lock = Lock()
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the film."""
        with self._lock:
            self._seeker.close()

    def still(self, number: int) -> bytes:
        """Return a picture.

        Raises:
            NotFoundError: There is none of this number.
        """
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
            for found, picture in self._seeker.leading_to(number):
                if found > number - _BEFORE and found not in self._kept:
                    self._keep(found, jpeg(picture, widest=_WIDEST))
            return self._kept[number]

    def _keep(self, number: int, still: bytes) -> None:
        self._kept[number] = still
        self._bytes += len(still)
        while self._bytes > _MOST_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped)
