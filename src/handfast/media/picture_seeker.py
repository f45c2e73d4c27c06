"""Any picture of a film by its number, exactly that one."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Final, Self

from handfast.kit.errors import NotFoundError
from handfast.media.picture_reader import PictureReader
from handfast.media.pictures import DecodedPicture

_AHEAD: Final = 60  # pictures; reading on as far as this is cheaper than seeking


class PictureSeeker:
    """Finds pictures by number. Belongs to one thread; use it in a `with`.

    Numbers count what `PictureReader.read` gives from the film's beginning. A seek is
    believed only when the time of the first picture after it is known; otherwise the film is
    read from its beginning, which is slow and right.
    """

    def __init__(self, path: Path, times: Sequence[int], *, threads: int = 1) -> None:
        """Take the time of every picture, in order, as a first reading gave them."""
        self._path = path
        self._times = times
        self._numbers = {at_us: number for number, at_us in enumerate(times)}
        self._threads = threads
        self._reader: PictureReader | None = None
        self._pictures: Iterator[tuple[int, DecodedPicture]] = iter(())
        self._next = 0

    def __enter__(self) -> Self:
        """Return the seeker itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the film."""
        self.close()

    def leading_to(self, number: int) -> Iterator[tuple[int, DecodedPicture]]:
        """Yield pictures that have to be read on the way, and last the one asked for.

        Raises:
            NotFoundError: The film has no such picture (any more).
        """
        if not 0 <= number < len(self._times):
            raise NotFoundError(f"the film has {len(self._times)} pictures and no {number}")
        if self._reader is None or not self._next <= number <= self._next + _AHEAD:
            self._seek(number)
        if (yield from self._reading_to(number)):
            return
        self._begin()
        if (yield from self._reading_to(number)):
            return
        self.close()
        raise NotFoundError(f"picture {number} of {self._path} is gone; start the review again")

    def _reading_to(self, number: int) -> Generator[tuple[int, DecodedPicture], None, bool]:
        """Yield pictures up to a number; returns whether it came."""
        for found, picture in self._pictures:
            self._next = found + 1
            if found > number:
                return False
            yield found, picture
            if found == number:
                return True
        return False

    def _seek(self, number: int) -> None:
        self.close()
        self._reader = PictureReader(self._path, threads=self._threads)
        if number > _AHEAD and self._reader.seek(self._times[number]):
            pictures = self._read()
            first = next(pictures, None)
            place = None if first is None else self._numbers.get(first.at_us)
            if first is not None and place is not None and place <= number:
                self._pictures = self._counted(first, pictures, place)
                return
        self._begin()

    def _begin(self) -> None:
        """Read from the film's beginning, where counting cannot err."""
        self.close()
        self._reader = PictureReader(self._path, threads=self._threads)
        self._pictures = enumerate(self._read())

    def _read(self) -> Iterator[DecodedPicture]:
        assert self._reader is not None  # noqa: S101 - opened by whoever calls
        for item in self._reader.read():
            if isinstance(item, DecodedPicture):
                yield item

    def _counted(
        self, first: DecodedPicture, rest: Iterator[DecodedPicture], place: int
    ) -> Iterator[tuple[int, DecodedPicture]]:
        yield place, first
        for picture in rest:
            # One that is unknown is beyond all: whoever waits for another begins anew.
            place = self._numbers.get(picture.at_us, len(self._times))
            yield place, picture

    def close(self) -> None:
        """Close the film; asking for a picture opens it again."""
        if self._reader is not None:
            self._reader.__exit__(None, None, None)
            self._reader = None
        self._pictures = iter(())
