"""Files of the cache are there whole or not at all."""

from pathlib import Path

import pytest

from handfast.kit.cache import cache_directory, whole_file


def test_the_cache_lies_where_the_system_says(tmp_path: Path) -> None:
    """`XDG_CACHE_HOME` moves it; without, it is in the home directory."""
    assert cache_directory({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "handfast"
    assert cache_directory({}) == Path.home() / ".cache" / "handfast"


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """Until the block ends, whoever looks sees what was there before."""
    path = tmp_path / "made" / "here.bin"
    with whole_file(path) as unfinished:
        unfinished.write_bytes(b"first")
        assert not path.exists()
    with whole_file(path) as unfinished:
        unfinished.write_bytes(b"second")
        assert path.read_bytes() == b"first"
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A full disk in the middle leaves the old file, and no half of the new one."""
    path = tmp_path / "here.bin"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="full"), whole_file(path) as unfinished:  # noqa: PT012 - the file must be begun
        unfinished.write_bytes(b"ne")
        raise OSError("disk full")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
