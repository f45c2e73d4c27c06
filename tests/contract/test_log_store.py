"""Every store of the log keeps the same promises; the one on disk also when it is killed."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from handfast.audit.leaf import Opening, leaf_data
from handfast.audit.ports import Batch, LogStore
from handfast.audit.proof import prove_range, verify_proof
from handfast.audit.tree import Edge
from handfast.kit.errors import (
    ConflictError,
    CorruptError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from handfast.storage.sqlite_log import SqliteLog
from tests.fakes.log_store import FakeLogStore
from tests.unit.audit.people import entries, fill, open_log

SECRET = b"a name that is to be forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A store under test, and how its disk gets full for a while."""

    store: LogStore
    full_disk: Callable[[], AbstractContextManager[None]]


@contextmanager
def fake(_: Path) -> Iterator[Subject]:
    """Give the store in memory."""
    store = FakeLogStore()

    @contextmanager
    def full_disk() -> Iterator[None]:
        store.full = True
        yield
        store.full = False

    yield Subject(store=store, full_disk=full_disk)


@contextmanager
def sqlite(folder: Path) -> Iterator[Subject]:
    """Give the store in a file; no file of this process may grow while its disk is full."""
    store = SqliteLog(folder / "log.sqlite")

    @contextmanager
    def full_disk() -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
        yield
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    yield Subject(store=store, full_disk=full_disk)
    store.close()


@pytest.fixture(params=[fake, sqlite], ids=["fake", "sqlite"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    """Give each test both stores in turn."""
    with request.param(tmp_path) as each:
        yield each


def batch(first: int, count: int, checkpoint: str = "a note") -> Batch:
    """Make a batch for a log of numbered entries."""
    edge = Edge()
    hashes = [edge.add(b"%d" % number) for number in range(first + count)][first:]
    openings = tuple(
        Opening(index=index, salt=bytes([index]) * 32, entry=b"%d" % index)
        for index in range(first, first + count)
    )
    return Batch(
        first=first,
        leaves=tuple(leaf_data(opening.salt, opening.entry) for opening in openings),
        openings=openings,
        hashes=tuple(complete for each in hashes for complete in each),
        checkpoint=checkpoint,
    )


def test_an_empty_store_says_so(subject: Subject) -> None:
    """No entries, no checkpoint, no hashes."""
    store = subject.store
    assert (store.size(), store.checkpoint()) == (0, None)
    assert (store.leaves(0, 0), store.openings(0, 9), store.hashes([])) == ([], [], [])
    with pytest.raises(NotFoundError):
        store.leaves(0, 1)
    with pytest.raises(NotFoundError):
        store.hashes([(0, 0)])


def test_a_batch_is_read_back_as_it_was_written(subject: Subject) -> None:
    """Leaves, openings, hashes and the newest checkpoint."""
    store = subject.store
    one, two = batch(0, 3, "first"), batch(3, 4, "second")
    store.append(one)
    store.append(two)
    assert (store.size(), store.checkpoint()) == (7, "second")
    assert tuple(store.leaves(0, 7)) == one.leaves + two.leaves
    assert tuple(store.openings(2, 5)) == (one.openings + two.openings)[2:5]
    places, values = zip(*one.hashes, *two.hashes, strict=True)
    assert tuple(store.hashes(places)) == values
    assert tuple(store.hashes(places[::-1])) == values[::-1]


@pytest.mark.parametrize("first", [0, 2, 4])
def test_a_batch_that_does_not_follow_is_refused(subject: Subject, first: int) -> None:
    """Another writer was faster; nothing of the batch is visible."""
    subject.store.append(batch(0, 3, "kept"))
    with pytest.raises(ConflictError):
        subject.store.append(batch(first, 2, "refused"))
    assert (subject.store.size(), subject.store.checkpoint()) == (3, "kept")
    subject.store.append(batch(3, 1))


def test_erased_openings_are_gone_and_leaves_stay(subject: Subject) -> None:
    """Also when asked again, and for indexes that never were."""
    store = subject.store
    store.append(batch(0, 4))
    leaves = store.leaves(0, 4)
    for _ in range(2):
        store.erase([1, 3, 99])
        assert [opening.index for opening in store.openings(0, 4)] == [0, 2]
    assert store.leaves(0, 4) == leaves
    assert store.size() == 4
    store.append(batch(4, 1))


def test_a_full_disk_leaves_nothing_of_a_batch(subject: Subject) -> None:
    """It is refused as a whole, and taken when there is room again."""
    store = subject.store
    log = open_log(store)
    log.append(entries(0, 3))
    before = store.checkpoint()
    with subject.full_disk(), pytest.raises(UnavailableError):
        log.append([b'{"long":"' + b"x" * 100_000 + b'"}'])
    assert (store.size(), store.checkpoint()) == (3, before)
    assert open_log(store).append(entries(3, 5))[1].index == 4
    assert [proof.index for proof in prove_range(store, 0, 9)] == [0, 1, 2, 3, 4]


def test_readers_see_whole_batches_only(subject: Subject) -> None:
    """While a writer writes, size and checkpoint stay together."""
    store, done = subject.store, threading.Event()

    def write() -> None:
        for first in range(0, 120, 4):
            store.append(batch(first, 4, f"of {first + 4}"))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        note = store.checkpoint()
        promised = int(note.split()[1]) if note else 0
        size = store.size()
        assert promised <= size
        assert size % 4 == 0
        assert len(store.leaves(0, size)) == len(store.openings(0, size)) == size
    writer.join()


def checked(path: Path) -> int:
    """Open a log, hold it against its checkpoint and all proofs, continue it; its old size."""
    store = SqliteLog(path)
    size, log = store.size(), open_log(store)
    for proof in prove_range(store, 0, size):
        verify_proof(proof, log.vkey)
    assert log.append([b"{}"])[0].index == size
    store.close()
    return size


def run_killed(*arguments: str | Path) -> subprocess.Popen[bytes]:
    """Start the program that will be killed."""
    command = [sys.executable, "-m", "tests.contract.killed_log", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_p2_audit_before_effect_survives_a_kill_between_any_two_statements(
    tmp_path: Path,
) -> None:
    """Whatever was acknowledged is in the log, and the log is whole, wherever it was cut."""
    sizes: list[int] = []
    for statement in range(100):
        path = tmp_path / f"{statement}.sqlite"
        with run_killed(path, str(statement)) as process:
            said, _ = process.communicate(timeout=30)
        acknowledged = int(said.split()[-1])
        sizes.append(checked(path))
        assert acknowledged <= sizes[-1]
        assert sizes[-1] in {3, 5}
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
    # It was killed before and after the commit, and in the end not at all.
    assert (sizes[0], sizes[-2], sizes[-1], len(sizes) > 6) == (3, 5, 5, True)


@pytest.mark.parametrize("acknowledged", [1, 20, 60])
def test_p2_audit_before_effect_survives_a_kill_at_any_moment(
    tmp_path: Path, acknowledged: int
) -> None:
    """Several writers, killed from outside in the middle of whatever they did."""
    path = tmp_path / "log.sqlite"
    indexes: list[int] = []
    with run_killed(path) as process:
        assert process.stdout is not None
        for line in process.stdout:
            indexes.append(int(line))
            if len(indexes) == acknowledged:
                os.kill(process.pid, signal.SIGKILL)
    assert sorted(indexes) == sorted(set(indexes))
    assert max(indexes) < checked(path)


def test_a_closed_log_is_found_as_it_was(tmp_path: Path) -> None:
    """Opened again, by the same program or another."""
    store = SqliteLog(tmp_path / "log.sqlite")
    note = fill(store, 2, 9)[-1].checkpoint
    store.close()
    again = SqliteLog(tmp_path / "log.sqlite")
    assert (again.size(), again.checkpoint()) == (9, note)
    again.close()


def test_erased_entries_leave_no_trace_in_the_files(tmp_path: Path) -> None:
    """Neither in the database nor in its journal."""
    store = SqliteLog(tmp_path / "log.sqlite")
    log = open_log(store)
    log.append([b"{}", b'{"name":"' + SECRET + b'"}'])
    files = [tmp_path / "log.sqlite", tmp_path / "log.sqlite-wal"]
    assert any(SECRET in path.read_bytes() for path in files)
    store.erase([1])
    assert not any(SECRET in path.read_bytes() for path in files)
    store.close()


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    """With the file's name and what to do."""
    path = tmp_path / "log.sqlite"
    path.write_bytes(b"noise " * 2000)
    with pytest.raises(CorruptError, match=r"log\.sqlite"):
        SqliteLog(path)
    with pytest.raises(UnavailableError, match="no folder"):
        SqliteLog(tmp_path / "no folder" / "log.sqlite")


def test_a_batch_that_contradicts_the_store_is_corrupt(tmp_path: Path) -> None:
    """A leaf of the wrong length never gets in."""
    store = SqliteLog(tmp_path / "log.sqlite")
    wrong = Batch(first=0, leaves=(b"short",), openings=(), hashes=(), checkpoint="a note")
    with pytest.raises((CorruptError, InvalidError)):
        store.append(wrong)
    assert store.size() == 0
    store.close()
