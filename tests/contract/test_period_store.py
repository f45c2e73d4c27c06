"""What every store of key periods promises: the fake in memory and SQLite."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from handfast.kit.errors import NotFoundError
from handfast.model.media import Rendition, Stream
from handfast.storage.files import read_or_create_key
from handfast.storage.sqlite_periods import SqlitePeriods
from tests.fakes.recording import MemoryPeriods
from tests.fakes.steady import CountingIds

CAMERA = UUID("0194f3a0-0000-7000-8000-00000000000a")
Store = MemoryPeriods | SqlitePeriods


def in_memory(_: Path) -> MemoryPeriods:
    """Make the fake."""
    return MemoryPeriods(CountingIds())


def in_sqlite(root: Path) -> SqlitePeriods:
    """Make the real one."""
    ids = CountingIds()
    read_or_create_key(root / "key", ids)
    return SqlitePeriods(root / "periods.db", key_file=root / "key", ids=ids)


@pytest.fixture(params=[in_memory, in_sqlite])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Return an empty store."""
    make: Callable[[Path], Store] = request.param
    return make(tmp_path)


def test_a_new_period_has_an_id_and_a_root_of_its_own(store: Store) -> None:
    """Two periods of the same stream share nothing."""
    periods = [
        store.new_period(CAMERA, Stream.MAIN, Rendition.CLEAR, started_us=7, monotonic=1.5)
        for _ in range(2)
    ]
    assert len({period.id for period in periods}) == 2
    assert len({period.root for period in periods}) == 2
    assert {(len(p.id), len(p.root)) for p in periods} == {(16, 32)}
    assert {(p.started_us, p.monotonic) for p in periods} == {(7, 1.5)}


def test_the_root_of_a_period_is_found_again(store: Store) -> None:
    """For as long as it is not forgotten."""
    period = store.new_period(
        CAMERA, Stream.SUB, Rendition.REDACTED, started_us=7, monotonic=1.5
    )
    assert store.root(period.id) == period.root
    assert store.find(period.id).stream is Stream.SUB


def test_an_unknown_period_is_not_found(store: Store) -> None:
    """What it sealed stays sealed."""
    with pytest.raises(NotFoundError):
        store.root(bytes(16))
