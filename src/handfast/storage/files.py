"""Small files that survive a power cut: atomic replacement, keys only their owner may read."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from handfast.kit.errors import CorruptError, InvalidError
from handfast.kit.ids import Ids

OWNER_ONLY = 0o600
OWNER_ONLY_DIRECTORY = 0o700
KEY_BYTES = 32
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def sync_directory(path: Path) -> None:
    """Make creations, renames and removals of names inside `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(path: Path) -> None:
    """Create `path` and its missing parents, 0700, durable on return."""
    missing = [path] if not path.is_dir() else []
    while missing and not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    for each in reversed(missing):
        with suppress(FileExistsError):  # another process was faster
            each.mkdir(mode=OWNER_ONLY_DIRECTORY)
        sync_directory(each.parent)


def write_durably(path: Path, data: bytes, *, mode: int = OWNER_ONLY) -> None:
    """Replace `path` by `data`; on return it is durable, and no reader ever saw a part.

    A crash leaves the old content or the new one. Two writers at once: the last one stays.

    Raises:
        OSError: The disk refused; `path` is as before.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write_new(beside, data, mode)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def read_key(path: Path) -> bytes:
    """Read a 32-byte secret key.

    Raises:
        FileNotFoundError: There is none.
        InvalidError: Others than its owner may read it.
        CorruptError: It has another length.
    """
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        key = file.read(KEY_BYTES + 1)
    if mode & _OTHERS:
        raise InvalidError(f"{path}: others may read this key; chmod 600 it, then replace it")
    if len(key) != KEY_BYTES:
        raise CorruptError(f"{path}: a key has {KEY_BYTES} bytes; restore it from its backup")
    return key


def read_or_create_key(path: Path, ids: Ids) -> bytes:
    """Return the key at `path`, which is made (0600, durable) when there is none yet.

    Safe when several processes start at once: all of them return the same key.

    Raises:
        InvalidError: See `read_key`.
        CorruptError: See `read_key`.
    """
    with suppress(FileNotFoundError):
        return read_key(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    _write_new(beside, ids.secret(KEY_BYTES), OWNER_ONLY)
    # A hard link fails where a rename would overwrite what another process has just made.
    with suppress(FileExistsError):
        os.link(beside, path)
    beside.unlink()
    sync_directory(path.parent)
    return read_key(path)


def reserve(path: Path, size: int) -> None:
    """Hold `size` bytes of the volume back in a ballast file, durable on return.

    Databases need room to commit the very removals that make room. `release` the ballast
    when the volume is full, and reserve it again once retention has freed enough.

    Raises:
        OSError: The volume does not have the room.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
    try:
        os.posix_fallocate(descriptor, 0, size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_directory(path.parent)


def release(path: Path) -> bool:
    """Give the ballast back to the volume; `False` when there was none."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _write_new(path: Path, data: bytes, mode: int) -> None:
    path.unlink(missing_ok=True)  # left behind by a process that had our number
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
