"""Entries go in together, durable, under a checkpoint that covers them, or not at all."""

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest

from handfast.audit.append import Appended, Log
from handfast.audit.leaf import leaf_data
from handfast.audit.note import NoteKey, open_checkpoint
from handfast.audit.ports import Batch
from handfast.audit.proof import prove, prove_range, verify_proof
from handfast.audit.tree import Tree, verify_consistency
from handfast.kit.errors import (
    ConflictError,
    CorruptError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from handfast.seal.identity import SignatureError, SigningKey
from tests.fakes.log_store import FakeLogStore
from tests.golden.segment.sample import fixed
from tests.unit.audit.people import KEY, ORIGIN, entries, fill, open_log

LOG = NoteKey(name=ORIGIN, public=KEY.public)
THREADS = 12


def test_each_entry_comes_back_with_a_proof_that_verifies() -> None:
    """For batches of all kinds; the entry is read from the proof itself."""
    store = FakeLogStore()
    appended = fill(store, 1, 2, 5, 40, 300)
    assert [each.index for each in appended] == list(range(300))
    for each, entry in zip(appended, entries(0, 300), strict=True):
        assert verify_proof(each.proof, LOG.vkey) == entry
    assert store.leaves(7, 8) == [leaf_data(appended[7].salt, b'{"entry":7}')]


def test_every_checkpoint_continues_the_one_before() -> None:
    """The log only grows."""
    store = FakeLogStore()
    fill(store, 3, 4, 17, 64, 65)
    heads = [open_checkpoint(batch.checkpoint, LOG) for batch in store.batches]
    for old, new in pairwise(heads):
        proof = Tree(new.size, store.hashes).consistency(old.size)
        verify_consistency(old.size, old.root, new=new.size, new_root=new.root, hashes=proof)


def test_no_two_leaves_have_the_same_salt() -> None:
    """Equal entries cannot be told to be equal."""
    store = FakeLogStore()
    log = open_log(store)
    first, second = log.append([b"{}", b"{}"])
    assert first.salt != second.salt
    assert len(set(store.leaves(0, 2))) == 2


def test_whoever_waits_shares_a_commit() -> None:
    """Many threads, few batches, and every entry exactly once."""
    first_is_in, go_on = threading.Event(), threading.Event()

    class SlowStore(FakeLogStore):
        """A disk that takes its time over the first batch."""

        def append(self, batch: Batch) -> None:
            """Wait until the test says so."""
            first_is_in.set()
            assert go_on.wait(10)
            super().append(batch)

    store = SlowStore()
    log, results = open_log(store), list[Appended]()

    def append(entry: bytes) -> None:
        results.extend(log.append([entry]))

    threads = [threading.Thread(target=append, args=(entry,)) for entry in entries(0, THREADS)]
    for thread in threads:
        thread.start()
    assert first_is_in.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(verify_proof(each.proof, LOG.vkey) for each in results) == sorted(
        entries(0, THREADS)
    )
    assert store.size() == THREADS
    assert len(store.batches) < THREADS


def test_a_full_disk_appends_nothing_and_the_log_goes_on() -> None:
    """The caller hears of it and gives no key out; later the log continues."""
    store = FakeLogStore()
    fill(store, 3)
    log = open_log(store)
    store.full = True
    with pytest.raises(UnavailableError, match="full"):
        log.append(entries(3, 5))
    assert store.size() == 3
    store.full = False
    (appended,) = log.append([b"{}"])
    assert (appended.index, verify_proof(appended.proof, LOG.vkey)) == (3, b"{}")


def test_everybody_in_a_failed_commit_hears_of_it() -> None:
    """Nobody is told that an entry is in the log when it is not."""
    first_is_in, go_on = threading.Event(), threading.Event()

    class BrokenStore(FakeLogStore):
        """A disk that fails for good, but not at once."""

        def append(self, batch: Batch) -> None:
            """Fail when the test says so."""
            first_is_in.set()
            assert go_on.wait(10)
            raise UnavailableError(f"the disk is gone, and entry {batch.first} with it")

    store, failed = BrokenStore(), list[UnavailableError]()
    log = open_log(store)

    def append() -> None:
        try:
            log.append([b"{}"])
        except UnavailableError as error:
            failed.append(error)

    threads = [threading.Thread(target=append) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    assert first_is_in.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(failed) == THREADS
    assert store.size() == 0


def test_a_second_writer_is_noticed() -> None:
    """Its entries are not overwritten, and the first writer may go on after reading them."""
    store = FakeLogStore()
    one, other = open_log(store), open_log(store)
    one.append([b"{}"])
    with pytest.raises(ConflictError):
        other.append([b"{}"])
    assert other.append([b"{}"])[0].index == 1


def test_nothing_is_not_an_entry() -> None:
    """An empty batch would sign a checkpoint that says nothing new."""
    with pytest.raises(InvalidError, match="at least one"):
        open_log(FakeLogStore()).append([])


def _lose_an_entry(store: FakeLogStore) -> None:
    store._leaves.pop()  # noqa: SLF001 - the test damages the store


def _change_a_hash(store: FakeLogStore) -> None:
    store._hashes[1, 0] = bytes(32)  # noqa: SLF001 - the test damages the store


def _lose_the_checkpoint(store: FakeLogStore) -> None:
    store.batches.clear()


@pytest.mark.parametrize("damage", [_lose_an_entry, _change_a_hash, _lose_the_checkpoint])
def test_a_damaged_store_is_not_continued(damage: Callable[[FakeLogStore], None]) -> None:
    """A node with a broken log says so when it starts, before it releases anything."""
    store = FakeLogStore()
    fill(store, 3)
    damage(store)
    with pytest.raises(CorruptError):
        open_log(store)


def test_a_log_is_continued_only_by_its_own_key() -> None:
    """Another key would be another log."""
    store = FakeLogStore()
    fill(store, 3)
    with pytest.raises(SignatureError, match="vkey"):
        open_log(store, SigningKey.generate(fixed("thief", 32)))


def test_the_log_names_its_verifier_key() -> None:
    """Auditors get it from the registration and from the owner."""
    log: Log = open_log(FakeLogStore())
    assert log.vkey == LOG.vkey


def test_old_entries_are_proved_anew_and_erased_ones_no_more() -> None:
    """Erasing the opening leaves every other proof and the tree as they were."""
    store = FakeLogStore()
    appended = fill(store, 5, 9)
    store.erase([4, 99])
    assert verify_proof(prove(store, 3), LOG.vkey) == b'{"entry":3}'
    assert [proof.index for proof in prove_range(store, 2, 99)] == [2, 3, 5, 6, 7, 8]
    for index in (4, 9):
        with pytest.raises(NotFoundError, match=str(index)):
            prove(store, index)
    assert verify_proof(appended[4].proof, LOG.vkey) == b'{"entry":4}'
    assert open_log(store).append([b"{}"])[0].index == 9
    assert list(prove_range(FakeLogStore(), 0, 1)) == []
