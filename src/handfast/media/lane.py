"""One stream's way to its disk: a bounded queue, and the file that the queue is written to."""

import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from handfast.kit.clock import Clock
from handfast.media.feed import RunEnded

_IOV_MAX = 1024  # Linux, UIO_MAXIOV: buffers in one pwritev
_LEVELS = 3  # day, stream, camera
_OWNER_ONLY = 0o600
_OWNER_ONLY_DIRECTORY = 0o700


@dataclass(frozen=True, slots=True)
class _Begin:
    number: int
    path: str
    header: bytes
    since: float


@dataclass(frozen=True, slots=True)
class _Append:
    chunks: list[bytes]
    size: int
    pictures: int
    since: float
    ended: RunEnded


@dataclass(frozen=True, slots=True)
class _Finish:
    segment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FileClosed:
    """A segment file is closed and durable.

    Attributes:
        lane: Whose it was.
        segment: Its id, as given to `Lane.finish`.
        bytes: Length of the file; 0: there is none, because no run came to be in it.
        lost_pictures: Video units that were queued for it and are not in it.
        broken: The disk failed; the file ends with the last run that was written whole.
    """

    lane: "Lane"
    segment: bytes
    bytes: int
    lost_pictures: int
    broken: bool


Outcome: TypeAlias = RunEnded | FileClosed


class _File:
    """An open segment file. Writer thread only."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self.path = path
        self.descriptor = os.open(path, flags, _OWNER_ONLY)
        self.end = 0
        self.synced = False
        self.empty = True  # no run is in it yet

    def write(self, chunks: list[bytes], size: int) -> None:
        """Append all of `chunks`; after an OSError `end` is as before and a retry is right."""
        offset = self.end
        pending = chunks
        while pending:
            some = pending[:_IOV_MAX]
            wanted = sum(map(len, some))
            written = os.pwritev(self.descriptor, some, offset)
            offset += written
            if written == wanted:
                pending = pending[_IOV_MAX:]
            else:
                rest = b"".join(pending)
                pending = [rest[written:]]
        self.end += size

    def sync(self, known: Path | None) -> Path:
        """Make the content durable, and the first time its name as well.

        Args:
            known: A directory whose own name is durable already.

        Returns:
            The directory of the file, which is known from now on.
        """
        os.fdatasync(self.descriptor)
        folder = self.path.parent
        if not self.synced:
            _sync_names(folder, upwards=0 if folder == known else _LEVELS)
            self.synced = True
        return folder

    def cut(self) -> int:
        """Keep whole runs only and close, whatever the disk says; return the length."""
        with suppress(OSError):  # the start-up scan cuts it as well
            os.ftruncate(self.descriptor, self.end)
        with suppress(OSError):
            os.close(self.descriptor)
        return self.drop_if_empty()

    def drop_if_empty(self) -> int:
        """Delete a file that came to hold no run, and return its length then."""
        if self.empty:
            with suppress(OSError):
                self.path.unlink()
            return 0
        return self.end

    def close(self) -> None:
        """Close; whoever wants the content durable has synced it."""
        os.close(self.descriptor)


class Lane:
    """A stream's queue on a volume.

    `begin`, `append`, `finish`, `waiting` and `broken` belong to the ingest thread, which
    never waits here; `step` and what it calls belong to the volume's writer thread.
    """

    def __init__(
        self, root: Path, *, clock: Clock, sync_after_s: float, post: Callable[[Outcome], None]
    ) -> None:
        """Make an empty queue; `Volume.lane` does it.

        Args:
            root: Root of the volume.
            clock: For ages.
            sync_after_s: Age of the oldest byte at which the file is made durable.
            post: Takes outcomes, in order; called on the writer thread.
        """
        self._root = root
        self._clock = clock
        self._sync_after_s = sync_after_s
        self._post = post
        self._items: deque[_Begin | _Append | _Finish] = deque()
        self._queued_bytes = 0  # written by the ingest thread
        self._settled_bytes = 0  # written by the writer thread
        self._begun = 0  # files; written by the ingest thread
        self._number = 0  # of the present file; written by the writer thread
        self._broken_number = 0  # of the last file that was given up; likewise
        self._file: _File | None = None
        self._known: Path | None = None
        self._dirty_since: float | None = None
        self._lost_pictures = 0
        self._abandoned_bytes = 0
        self._worst_age_s = 0.0

    def begin(self, path: str, header: bytes, since: float) -> None:
        """Queue a new file at `path` (relative to the root) with its header."""
        self._begun += 1
        self._items.append(_Begin(self._begun, path, header, since))

    def append(
        self, chunks: list[bytes], *, pictures: int, since: float, ended: RunEnded
    ) -> None:
        """Queue one whole run for the file begun last.

        Args:
            chunks: Its bytes in order; not copied, so not to be changed any more.
            pictures: How many video units it has.
            since: Monotonic clock at its first unit.
            ended: Posted once the run can be read from the file.
        """
        self._queued_bytes += ended.length
        self._items.append(_Append(chunks, ended.length, pictures, since, ended))

    def finish(self, segment: bytes) -> None:
        """Queue the end of the file; `FileClosed` is posted once it is durable."""
        self._items.append(_Finish(segment))

    @property
    def waiting(self) -> int:
        """Bytes in the queue."""
        return self._queued_bytes - self._settled_bytes

    @property
    def broken(self) -> bool:
        """Whether the disk refused the file begun last; what is queued for it is lost."""
        return self._broken_number == self._begun > 0

    def step(self) -> None:
        """Write what is queued and make durable what is due.

        Raises:
            OSError: The disk is full (`ENOSPC`, `EDQUOT`): nothing is lost, call again when
                there is room. Or it failed: then `abandon` gives the file up.
        """
        while self._items:
            self._settle(self._items[0])
            self._items.popleft()
        if self._dirty_since is not None and self._age(self._dirty_since) >= self._sync_after_s:
            self._sync()

    def abandon(self) -> None:
        """Give up the present file: keep its whole runs, drop what is queued for it."""
        file, self._file = self._file, None
        self._dirty_since = None
        if file is not None:
            self._broken_number = self._number
            self._abandoned_bytes = file.cut()

    def worst_age_s(self) -> float:
        """Return the highest age of a byte not yet durable since the last call; any thread."""
        worst, self._worst_age_s = max(self._worst_age_s, self._present_age()), 0.0
        return worst

    def _present_age(self) -> float:
        since = self._dirty_since
        with suppress(IndexError):  # the writer thread may take the item at this moment
            if since is None and not isinstance(item := self._items[0], _Finish):
                since = item.since
        return 0.0 if since is None else self._age(since)

    def _age(self, since: float) -> float:
        return self._clock.monotonic() - since

    def _settle(self, item: _Begin | _Append | _Finish) -> None:
        match item:
            case _Begin():
                self._open(item)
            case _Append():
                self._write(item)
            case _Finish():
                self._close(item)

    def _open(self, item: _Begin) -> None:
        self._lost_pictures = 0
        self._abandoned_bytes = 0
        file = _File(self._root / item.path)
        try:
            file.write([item.header], len(item.header))
        except OSError:
            file.close()
            file.path.unlink()
            raise
        self._file = file
        self._number = item.number
        self._dirty_since = item.since

    def _write(self, item: _Append) -> None:
        if self._file is None:
            self._lost_pictures += item.pictures
        else:
            self._file.write(item.chunks, item.size)
            self._file.empty = False
            if self._dirty_since is None:
                self._dirty_since = item.since
            self._post(item.ended)
        self._settled_bytes += item.size

    def _sync(self) -> None:
        if self._file is not None:
            self._known = self._file.sync(self._known)
        if self._dirty_since is not None:
            self._worst_age_s = max(self._worst_age_s, self._age(self._dirty_since))
        self._dirty_since = None

    def _close(self, item: _Finish) -> None:
        length = self._abandoned_bytes
        if self._file is not None:
            self._sync()
            self._file.close()
            length = self._file.drop_if_empty()
            self._file = None
        self._post(
            FileClosed(
                lane=self,
                segment=item.segment,
                bytes=length,
                lost_pictures=self._lost_pictures,
                broken=self._broken_number == self._number,
            )
        )


def _sync_names(directory: Path, *, upwards: int) -> None:
    """Make the names in `directory` durable, and its own and some above it."""
    for each in (directory, *directory.parents[:upwards]):
        descriptor = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
