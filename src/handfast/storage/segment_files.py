"""Segment files on their volumes: reading parts of them, and getting rid of them."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from handfast.kit.errors import NotFoundError
from handfast.storage.files import sync_directory


class SegmentFiles:
    """All volumes of a node. Safe from any thread; nothing is kept open."""

    def __init__(self, roots: Sequence[Path]) -> None:
        """Take the roots of the volumes; paths of segments are relative to one of them."""
        self.roots = tuple(roots)

    def find(self, path: str) -> Path | None:
        """Return where a segment lies, or `None` when it is on no volume."""
        return next((root / path for root in self.roots if (root / path).is_file()), None)

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return bytes of a segment file, fewer at its end.

        Raises:
            NotFoundError: The file is on no volume.
            OSError: The disk cannot read it.
        """
        found = self.find(path)
        if found is None:
            raise NotFoundError(f"{path} is on no volume; it was removed, or a disk is missing")
        descriptor = os.open(found, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(descriptor, length, offset)
        finally:
            os.close(descriptor)

    def remove(self, paths: Iterable[str]) -> int:
        """Delete files and return the bytes freed; durable on return. Missing ones are fine."""
        freed = 0
        directories = set()
        for path in paths:
            found = self.find(path)
            if found is not None:
                freed += found.stat().st_size
                found.unlink()
                directories.add(found.parent)
        for directory in directories:
            sync_directory(directory)
        return freed

    def free_bytes(self) -> int:
        """Return what is free on the fullest volume."""
        facts = map(os.statvfs, self.roots)
        return min(each.f_bavail * each.f_frsize for each in facts)
