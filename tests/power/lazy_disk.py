# ruff: noqa: ARG002, T201 - the calls are as FUSE makes them, and it answers over a pipe
"""A disk that keeps what was not synced in memory only: a FUSE file system for power cuts.

Content is durable after an fsync of its file, names after an fsync of their directory; POSIX
promises no more. `LazyDisk` mounts it in a process of its own and talks to it over pipes.
Commands, one a line: `cut DIRECTORY` writes what would be found after the power came back into
a plain directory and answers every later call with EIO; `quota BYTES` makes it full; `stall`
and `resume` have syncs wait.
"""

import errno
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath

from mfusepy import FUSE, FuseOSError, Operations

_UNLIMITED = 1 << 40
_BLOCK = 4096


@dataclass(eq=False)
class Node:
    """A file or a directory: as it is now, and as the platter has it."""

    mode: int
    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    entries: dict[str, "Node"] = field(default_factory=dict)
    synced_entries: dict[str, "Node"] = field(default_factory=dict)

    @property
    def is_directory(self) -> bool:
        """Whether it holds names and no content."""
        return stat.S_ISDIR(self.mode)


class LazyOperations(Operations):  # type: ignore[misc] # mfusepy ships no types
    """The file system calls. The lock makes each of them atomic."""

    use_ns = True

    def __init__(self) -> None:
        """Begin empty and unlimited."""
        self._root = Node(stat.S_IFDIR | 0o700)
        self._open: dict[int, Node] = {}
        self._numbers = count(1)
        self._lock = threading.RLock()
        self._powered = True
        self._quota = _UNLIMITED
        self._flowing = threading.Event()
        self._flowing.set()

    def command(self, line: str) -> str:
        """Obey one line and return the answer."""
        word, _, rest = line.strip().partition(" ")
        if word == "stall":
            self._flowing.clear()
        elif word == "resume":
            self._flowing.set()
        elif word == "quota":
            self._quota = int(rest)
        elif word == "cut":
            with self._lock:
                self._powered = False
                _write_out(self._root, Path(rest))
            self._flowing.set()
        return "done"

    def init(self, path: str) -> None:
        """Tell that the kernel has mounted us."""
        print("mounted", flush=True)

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        """Say what a file is."""
        with self._lock:
            node = self._open[fh] if fh else self._find(path)
            return {"st_mode": node.mode, "st_size": len(node.content), "st_nlink": 1}

    def readdir(self, path: str, fh: int) -> list[str]:
        """List names."""
        with self._lock:
            return [".", "..", *self._find(path).entries]

    def mkdir(self, path: str, mode: int) -> int:
        """Make a directory."""
        return self._make(path, stat.S_IFDIR | mode)

    def create(self, path: str, mode: int, fi: object = None) -> int:
        """Make a file and open it."""
        with self._lock:
            self._make(path, stat.S_IFREG | mode)
            return self.open(path, 0)

    def open(self, path: str, flags: int) -> int:
        """Open a file."""
        with self._lock:
            number = next(self._numbers)
            self._open[number] = self._find(path)
            return number

    def release(self, path: str, fh: int) -> int:
        """Close a file."""
        with self._lock:
            self._open.pop(fh, None)
        return 0

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Read."""
        with self._lock:
            self._require_power()
            return bytes(self._open[fh].content[offset : offset + size])

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        """Write into memory."""
        with self._lock:
            self._require_power()
            content = self._open[fh].content
            grows = offset + len(data) - len(content)
            if grows > 0 and self._used() + grows > self._quota:
                raise FuseOSError(errno.ENOSPC)
            if offset > len(content):
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
            return len(data)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        """Cut or extend."""
        with self._lock:
            content = (self._open[fh] if fh else self._find(path)).content
            del content[length:]
            content.extend(bytes(length - len(content)))
        return 0

    def unlink(self, path: str) -> int:
        """Remove a name."""
        with self._lock:
            parent, name = self._parent(path)
            parent.entries.pop(name)
        return 0

    def rmdir(self, path: str) -> int:
        """Remove a directory."""
        return self.unlink(path)

    def rename(self, old: str, new: str, flags: int = 0) -> int:
        """Move a name, replacing another one."""
        with self._lock:
            parent, name = self._parent(old)
            node = parent.entries.pop(name)
            target, new_name = self._parent(new)
            target.entries[new_name] = node
        return 0

    def link(self, target: str, source: str) -> int:
        """Give a file a second name."""
        with self._lock:
            parent, name = self._parent(target)
            if name in parent.entries:
                raise FuseOSError(errno.EEXIST)
            parent.entries[name] = self._find(source)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        """Change permissions."""
        with self._lock:
            node = self._find(path)
            node.mode = stat.S_IFMT(node.mode) | mode
        return 0

    def utimens(self, path: str, times: object = None) -> int:
        """Ignore times."""
        return 0

    def flush(self, path: str, fh: int) -> int:
        """Do nothing: closing a file makes nothing durable."""
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        """Make content durable."""
        self._flowing.wait()
        with self._lock:
            self._require_power()
            node = self._open[fh]
            node.synced = bytes(node.content)
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        """Make names durable."""
        self._flowing.wait()
        with self._lock:
            self._require_power()
            node = self._find(path)
            node.synced_entries = dict(node.entries)
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        """Say how much room there is."""
        with self._lock:
            free = max(self._quota - self._used(), 0) // _BLOCK
        blocks = {"f_blocks": self._quota // _BLOCK, "f_bfree": free, "f_bavail": free}
        return {"f_bsize": _BLOCK, "f_frsize": _BLOCK, "f_namemax": 255, **blocks}

    def _require_power(self) -> None:
        if not self._powered:
            raise FuseOSError(errno.EIO)

    def _used(self) -> int:
        return sum(len(node.content) for node in _tree(self._root))

    def _find(self, path: str) -> Node:
        self._require_power()
        node = self._root
        for name in PurePosixPath(path).parts[1:]:
            if name not in node.entries:
                raise FuseOSError(errno.ENOENT)
            node = node.entries[name]
        return node

    def _parent(self, path: str) -> tuple[Node, str]:
        whole = PurePosixPath(path)
        return self._find(str(whole.parent)), whole.name

    def _make(self, path: str, mode: int) -> int:
        with self._lock:
            parent, name = self._parent(path)
            parent.entries[name] = Node(mode)
        return 0


def _tree(node: Node) -> Iterator[Node]:
    yield node
    for each in node.entries.values():
        yield from _tree(each)


def _write_out(node: Node, place: Path) -> None:
    place.mkdir(exist_ok=True)
    for name, each in node.synced_entries.items():
        if each.is_directory:
            _write_out(each, place / name)
        else:
            (place / name).write_bytes(each.synced)
            (place / name).chmod(stat.S_IMODE(each.mode))


class LazyDisk:
    """A mounted lazy disk.

    Attributes:
        path: Where it is mounted.
    """

    def __init__(self, path: Path, process: "subprocess.Popen[str]") -> None:
        """Take the process that serves it; `mounted` makes both."""
        self.path = path
        self._process = process

    def cut(self, place: Path) -> None:
        """Cut the power and put what is left into a plain directory."""
        self._tell(f"cut {place}")

    def quota(self, size: int) -> None:
        """Make it as small as this, bytes."""
        self._tell(f"quota {size}")

    def stall(self) -> None:
        """Have every sync wait."""
        self._tell("stall")

    def resume(self) -> None:
        """Let syncs pass again."""
        self._tell("resume")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"


@contextmanager
def mounted(path: Path) -> Iterator[LazyDisk]:
    """Mount a lazy disk at a new directory, until the block ends."""
    path.mkdir()
    command = [sys.executable, "-m", "tests.power.lazy_disk", str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "mounted\n"
            yield LazyDisk(path, process)
        finally:
            process.stdin.close()
            subprocess.run(["umount", "-l", str(path)], check=False)
            process.kill()  # whoever still has a file open there must not keep it alive


def _serve(path: str) -> None:
    operations = LazyOperations()
    threading.Thread(target=_listen, args=(operations,), daemon=True).start()
    FUSE(
        operations,
        path,
        foreground=True,
        big_writes=True,
        hard_remove=True,
        attr_timeout=0,
        entry_timeout=0,
    )


def _listen(operations: LazyOperations) -> None:
    for line in sys.stdin:
        print(operations.command(line), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1])
