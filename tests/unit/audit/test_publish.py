"""The published log has the paths and bytes of C2SP tlog-tiles."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.audit.publish import Tile, export, parse_tile, publish, tiles
from handfast.audit.tree import leaf_hash, node_hash
from handfast.kit.errors import NotFoundError
from tests.fakes.log_store import FakeLogStore
from tests.unit.audit.people import entries, fill, open_log

some_tiles = st.builds(
    Tile,
    level=st.none() | st.integers(0, 7),
    index=st.integers(0, (1 << 55) - 1),
    width=st.integers(1, 256),
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(level=0, index=0, width=256), "tile/0/000"),
        (Tile(level=0, index=1234067, width=256), "tile/0/x001/x234/067"),
        (Tile(level=3, index=999, width=8), "tile/3/999.p/8"),
        (Tile(level=None, index=1000, width=255), "tile/entries/x001/000.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    """Groups of three digits, an x before all but the last; .p/ for partial tiles."""
    assert tile.path == path
    assert parse_tile(path) == tile


@given(some_tiles)
def test_every_path_reads_back(tile: Tile) -> None:
    """And no tile has two spellings."""
    assert parse_tile(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/1000",
        "tile/0/000/",
        "/tile/0/000",
        "tile/data/000",
        "../log.sqlite",
        "tile/0/../../log.sqlite",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_other_paths_lead_nowhere(path: str) -> None:
    """One spelling per tile, and no way out of the log."""
    with pytest.raises(NotFoundError):
        parse_tile(path)


@given(st.integers(0, 200_000))
def test_the_tiles_hold_each_hash_once(size: int) -> None:
    """As many as there are complete subtrees at the tiles' levels."""
    widths: dict[int | None, int] = {}
    for tile in tiles(size):
        assert tile.index == widths.get(tile.level, 0) // 256
        widths[tile.level] = widths.get(tile.level, 0) + tile.width
    expected: dict[int | None, int] = {None: size} | {
        level: size >> 8 * level for level in range(3)
    }
    assert widths == {level: width for level, width in expected.items() if width}


def test_tiles_hold_the_hashes_of_the_entries() -> None:
    """Level 0 are leaf hashes; level 1 the roots of full tiles."""
    store = FakeLogStore()
    fill(store, 100, 300)
    leaves = store.leaves(0, 300)
    bundle = publish(store, "tile/entries/001.p/44").body
    assert bundle == b"".join(b"\x00\x20" + leaf for leaf in leaves[256:])
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert publish(store, "tile/0/000").body == b"".join(hashes[:256])
    assert publish(store, "tile/0/001.p/44").body == b"".join(hashes[256:])
    level = hashes[:256]
    while len(level) > 1:
        level = [node_hash(*level[at : at + 2]) for at in range(0, len(level), 2)]
    assert publish(store, "tile/1/000.p/1").body == level[0]


def test_only_tiles_may_be_cached() -> None:
    """The checkpoint moves on; everything else stays for ever."""
    store = FakeLogStore()
    appended = fill(store, 3)
    checkpoint = publish(store, "checkpoint")
    assert (checkpoint.body.decode(), checkpoint.immutable) == (appended[2].checkpoint, False)
    assert publish(store, "tile/0/000.p/3").immutable
    assert publish(store, "tile/0/000.p/2").body == publish(store, "tile/0/000.p/3").body[:64]


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/000.p/4", "tile/1/000.p/1", "tile/0/001"]
)
def test_what_is_not_filled_yet_is_not_there(path: str) -> None:
    """A client asks again later."""
    store = FakeLogStore()
    fill(store, 3)
    with pytest.raises(NotFoundError, match="not filled"):
        publish(store, path)


def test_an_empty_log_publishes_nothing(tmp_path: Path) -> None:
    """Not even a checkpoint."""
    with pytest.raises(NotFoundError, match="empty"):
        publish(FakeLogStore(), "checkpoint")
    with pytest.raises(NotFoundError, match="empty"):
        export(FakeLogStore(), tmp_path)


def test_an_export_is_continued(tmp_path: Path) -> None:
    """A second one adds what is new and leaves what was there."""
    store = FakeLogStore()
    fill(store, 258)
    assert export(store, tmp_path) == 258
    kept = (tmp_path / "tile/0/000").stat().st_mtime_ns
    fill_more = fill_on(store, 300)
    assert export(store, tmp_path) == 300
    assert (tmp_path / "checkpoint").read_text() == fill_more
    assert (tmp_path / "tile/0/000").stat().st_mtime_ns == kept
    assert {path.name for path in tmp_path.rglob("*.partial")} == set()
    for tile in tiles(300):
        assert (tmp_path / tile.path).read_bytes() == publish(store, tile.path).body


def fill_on(store: FakeLogStore, size: int) -> str:
    """Append to a log that is not empty and return the new checkpoint."""
    log = open_log(store)
    return log.append(entries(store.size(), size))[-1].checkpoint
