"""Small files: atomic, durable, and secret where they must be."""

import multiprocessing
from pathlib import Path

import pytest

from handfast.kit.errors import CorruptError, InvalidError
from handfast.storage.files import (
    make_directory,
    read_key,
    read_or_create_key,
    release,
    reserve,
    write_durably,
)
from tests.fakes.steady import CountingIds


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Old content, then new content, and nothing left beside it."""
    path = tmp_path / "state.json"
    write_durably(path, b"old")
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path) -> None:
    """Nothing is lost when the new content cannot be put in place."""
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_durably(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """Whoever comes second gets the same key."""
    ids = CountingIds()
    first = read_or_create_key(tmp_path / "key", ids)
    assert read_or_create_key(tmp_path / "key", ids) == first
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert len(first) == 32


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """It has to be taken for known."""
    read_or_create_key(tmp_path / "key", CountingIds())
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(InvalidError, match="chmod 600"):
        read_key(tmp_path / "key")


def test_a_key_of_another_length_is_refused(tmp_path: Path) -> None:
    """A truncated file is no key."""
    write_durably(tmp_path / "key", b"short")
    with pytest.raises(CorruptError, match="32 bytes"):
        read_key(tmp_path / "key")


def test_processes_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    """Only one of them makes it."""
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[bytes] = context.Queue()
    workers = [
        context.Process(target=_make_key, args=(tmp_path / "key", n, queue)) for n in range(6)
    ]
    for worker in workers:
        worker.start()
    keys = {queue.get(timeout=20) for _ in workers}
    for worker in workers:
        worker.join()
    assert len(keys) == 1


def test_directories_are_for_their_owner_alone(tmp_path: Path) -> None:
    """All that were missing are made."""
    make_directory(tmp_path / "a" / "b")
    make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_ballast_takes_room_and_gives_it_back(tmp_path: Path) -> None:
    """So that a database can commit on a full disk."""
    ballast = tmp_path / "ballast"
    reserve(ballast, 1 << 20)
    assert ballast.stat().st_blocks * 512 >= 1 << 20
    assert release(ballast)
    assert not release(ballast)


def _make_key(path: Path, number: int, queue: "multiprocessing.Queue[bytes]") -> None:
    ids = CountingIds()
    for _ in range(number):
        ids.secret(1)
    queue.put(read_or_create_key(path, ids))
