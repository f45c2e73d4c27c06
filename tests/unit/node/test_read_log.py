"""The owner reads who was refused, and holds the log to what a device saw of it."""

import anyio
import pytest

from handfast.audit.note import parse_checkpoint
from handfast.audit.proof import verify_proof
from handfast.audit.tree import verify_consistency
from handfast.kit.encoding import canonical, unb64
from handfast.kit.errors import ConflictError
from handfast.node.usecases.read_log import Continuation, ReadLog, Refusals, Stills
from tests.fakes.log_store import FakeLogStore
from tests.unit.audit.people import open_log


def _refusals(store: FakeLogStore, before: int, limit: int) -> Refusals:
    async def read() -> Refusals:
        return await ReadLog(store).refusals(before=before, limit=limit)

    return anyio.run(read)


def _stills(store: FakeLogStore, before: int, limit: int) -> Stills:
    async def read() -> Stills:
        return await ReadLog(store).stills(before=before, limit=limit)

    return anyio.run(read)


def _continues(store: FakeLogStore, first: int, size: int | None = None) -> Continuation:
    async def read() -> Continuation:
        return await ReadLog(store).continues(first, size=size)

    return anyio.run(read)


def _entry(number: int) -> bytes:
    """Every seventh entry denies; the others permit or are something else."""
    if number % 7 == 0:
        return canonical({"kind": "decision", "outcome": "deny", "at_us": number})
    if number % 7 == 1:
        return canonical({"kind": "decision", "outcome": "permit", "at_us": number})
    if number % 7 == 2:
        return canonical({"kind": "still", "at_us": number, "statement": {}})
    return canonical({"kind": "window", "at_us": number})


def _filled(entries: int) -> tuple[FakeLogStore, str]:
    store = FakeLogStore()
    log = open_log(store)
    log.append([_entry(number) for number in range(entries)])
    return store, log.vkey


def test_refusals_come_newest_first_page_by_page_each_with_its_proof() -> None:
    """Across several blocks of the log, without gaps and without repeats."""
    store, vkey = _filled(1500)
    seen: list[int] = []
    before: int | None = 1 << 53
    while before is not None:
        page = _refusals(store, before, 100)
        for proof in page.refusals:
            assert verify_proof(proof, vkey) == _entry(proof.index)
        seen += [proof.index for proof in page.refusals]
        before = page.next
    assert seen == [number for number in reversed(range(1500)) if number % 7 == 0]


def test_pictures_shown_to_own_devices_come_newest_first_each_with_its_proof() -> None:
    """So that no device of the owner's looks without the others seeing it."""
    store, vkey = _filled(30)
    page = _stills(store, 100, 3)
    assert [proof.index for proof in page.stills] == [23, 16, 9]
    assert page.next == 9
    for proof in page.stills:
        assert verify_proof(proof, vkey) == _entry(proof.index)
    assert [proof.index for proof in _stills(store, 9, 3).stills] == [2]


def test_an_erased_refusal_is_passed_over() -> None:
    """Its leaf stays, its name is gone."""
    store, _ = _filled(20)
    store.erase([7])
    assert [proof.index for proof in _refusals(store, 100, 100).refusals] == [14, 0]


@pytest.mark.parametrize(("first", "size"), [(1, None), (5, None), (8, 13), (20, None)])
def test_the_log_proves_that_it_continues(first: int, size: int | None) -> None:
    """Between any two sizes, against roots computed from the entries alone."""
    store, _ = _filled(20)
    found = _continues(store, first, size)
    assert found.checkpoint is not None
    newest = parse_checkpoint(found.checkpoint.split("\n"))
    assert newest.size == 20
    end = size or newest.size
    hashes = [unb64(value) for value in found.hashes]
    verify_consistency(first, _root(first), new=end, new_root=_root(end), hashes=hashes)


def test_what_the_log_cannot_continue_is_a_conflict() -> None:
    """A device that saw more must hear that the log has shrunk."""
    store, _ = _filled(3)
    with pytest.raises(ConflictError, match="3 entries"):
        _continues(store, 4)
    with pytest.raises(ConflictError):
        _continues(store, 1, 4)
    with pytest.raises(ConflictError):
        _continues(FakeLogStore(), 1)
    assert _continues(FakeLogStore(), 0) == Continuation(checkpoint=None, hashes=[])
    assert _continues(store, 0).hashes == []


def _root(size: int) -> bytes:
    store, _ = _filled(size)
    checkpoint = store.checkpoint()
    assert checkpoint is not None
    return parse_checkpoint(checkpoint.split("\n")).root
