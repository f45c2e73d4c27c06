"""The log as files (c2sp.org/tlog-tiles): for HTTP, a web server's folder, or a USB stick.

    checkpoint                      the newest signed checkpoint
    tile/<L>/<N>[.p/<W>]            up to 256 hashes of level 8 * L, from N * 256 on
    tile/entries/<N>[.p/<W>]        up to 256 entries, each after its length in 2 bytes

N is written in groups of three digits, all but the last with an `x`: 1234067 is
`x001/x234/067`. A path ending in `.p/<W>` is a tile still being filled. Everything but
`checkpoint` never changes. Entries are leaf data: salted hashes that say nothing.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from handfast.audit.leaf import LEAF_BYTES
from handfast.audit.note import parse_checkpoint
from handfast.audit.ports import LogReader
from handfast.kit.errors import NotFoundError

TILE_LEVELS = 8  # levels of the tree in one tile
TILE_WIDTH = 1 << TILE_LEVELS
CHECKPOINT = "checkpoint"
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-5]?[0-9])/(?P<tile>(?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
_ENTRY_LENGTH = LEAF_BYTES.to_bytes(2, "big")


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One resource of a published log.

    Attributes:
        media_type: For the `Content-Type` header.
        immutable: May be cached for ever.
    """

    body: bytes = field(repr=False)
    media_type: str
    immutable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """Where a tile stands.

    Attributes:
        level: Tile level, 0 for leaf hashes; `None` for a bundle of entries.
        index: Position among the tiles of its level.
        width: Hashes or entries in it, 1..256.
    """

    level: int | None
    index: int
    width: int

    @property
    def path(self) -> str:
        """The path below the log's address."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level is None else self.level
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"


def tiles(size: int) -> Iterator[Tile]:
    """List all tiles of a log of `size` entries: entries first, then hashes upwards."""
    yield from _level(None, size)
    level, width = 0, size
    while width:
        yield from _level(level, width)
        level, width = level + 1, width >> TILE_LEVELS


def _level(level: int | None, width: int) -> Iterator[Tile]:
    full, rest = divmod(width, TILE_WIDTH)
    for index in range(full):
        yield Tile(level=level, index=index, width=TILE_WIDTH)
    if rest:
        yield Tile(level=level, index=full, width=rest)


def parse_tile(path: str) -> Tile:
    """Read a tile's path; only the one spelling of each tile is accepted.

    Raises:
        NotFoundError: It is no tile's path.
    """
    match = _PATH.fullmatch(path)
    if match is not None:
        level = None if match["level"] == "entries" else int(match["level"])
        index = int(re.sub("[x/]", "", match["tile"]))
        tile = Tile(level=level, index=index, width=int(match["width"] or TILE_WIDTH))
        if tile.path == path:
            return tile
    raise NotFoundError(f"{path!r} is no resource of a log (c2sp.org/tlog-tiles)")


def publish(reader: LogReader, path: str) -> Published:
    """Render one resource, for serving over HTTP. Blocks for disk reads.

    Args:
        reader: The log.
        path: Below the log's address, without a leading slash.

    Raises:
        NotFoundError: No such resource, or the log is not that long yet.
    """
    note = reader.checkpoint()
    if note is None:
        raise NotFoundError("the log is empty; it has nothing to publish yet")
    if path == CHECKPOINT:
        return Published(body=note.encode(), media_type="text/plain", immutable=False)
    size = parse_checkpoint(note.split("\n")).size
    body = _render(reader, parse_tile(path), size)
    return Published(body=body, media_type="application/octet-stream", immutable=True)


def _render(reader: LogReader, tile: Tile, size: int) -> bytes:
    first = tile.index * TILE_WIDTH
    end = first + tile.width
    level = (tile.level or 0) * TILE_LEVELS
    if end > size >> level:
        raise NotFoundError(f"{tile.path} is not filled yet; the log has {size} entries")
    if tile.level is None:
        return b"".join(_ENTRY_LENGTH + leaf for leaf in reader.leaves(first, end))
    return b"".join(reader.hashes([(level, place) for place in range(first, end)]))


def export(reader: LogReader, directory: Path) -> int:
    """Write the whole log as files; tiles already there are kept, the checkpoint comes last.

    May be stopped and repeated at any time: what is there always fits the checkpoint that
    is there.

    Returns:
        Entries exported.

    Raises:
        NotFoundError: The log is empty.
    """
    note = reader.checkpoint()
    if note is None:
        raise NotFoundError("the log is empty; there is nothing to export yet")
    size = parse_checkpoint(note.split("\n")).size
    for tile in tiles(size):
        target = directory / tile.path
        if not target.exists():
            _write(target, _render(reader, tile, size))
    _write(directory / CHECKPOINT, note.encode())
    return size


def _write(target: Path, body: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    with partial.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
