"""Key periods on disk: wrapped, shared between processes, forgotten for good."""

from pathlib import Path
from uuid import UUID

import pytest

from handfast.kit.errors import CorruptError, NotFoundError
from handfast.model.media import Rendition, Stream
from handfast.storage.files import read_key, read_or_create_key, write_durably
from handfast.storage.sqlite_periods import Period, SqlitePeriods
from tests.fakes.steady import CountingIds

CAMERA = UUID("0194f3a0-0000-7000-8000-00000000000a")


class Place:
    """A store that can be opened several times."""

    def __init__(self, root: Path) -> None:
        """Make its key."""
        self.ids = CountingIds()
        self.root = root
        self.key_file = root / "wrapping.key"
        read_or_create_key(self.key_file, self.ids)

    def open(self) -> SqlitePeriods:
        """Open it once more."""
        return SqlitePeriods(self.root / "periods.db", key_file=self.key_file, ids=self.ids)

    def bytes_on_disk(self) -> bytes:
        """Return everything that a thief would find."""
        return b"".join(path.read_bytes() for path in sorted(self.root.iterdir()))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return an empty place."""
    return Place(tmp_path)


def make(store: SqlitePeriods) -> Period:
    """Make a period."""
    return store.new_period(
        CAMERA, Stream.MAIN, Rendition.CLEAR, started_us=1_000_000, monotonic=12.25
    )


def test_a_period_made_in_one_process_is_found_in_another(place: Place) -> None:
    """The ingest process seals, the node releases."""
    ingest, node = place.open(), place.open()
    period = make(ingest)
    assert node.find(period.id) == period


def test_no_root_stands_in_the_clear_on_the_disk(place: Place) -> None:
    """Neither in the database nor in its journal."""
    period = make(place.open())
    assert period.root not in place.bytes_on_disk()


def test_a_forgotten_root_is_gone_and_the_others_stay(place: Place) -> None:
    """The wrapping key is another one afterwards, and other processes follow."""
    store, other = place.open(), place.open()
    gone, kept = make(store), make(store)
    before = read_key(place.key_file)
    store.forget([gone.id, bytes(16)])
    assert read_key(place.key_file) != before
    for each in (store, other):
        with pytest.raises(NotFoundError, match="stay sealed"):
            each.root(gone.id)
        assert each.root(kept.id) == kept.root
    assert gone.id not in place.bytes_on_disk()
    assert make(other).id != kept.id


@pytest.mark.parametrize("committed", [False, True])
def test_a_rotation_cut_short_is_settled_at_the_next_start(
    place: Place, *, committed: bool
) -> None:
    """Whether the power went before or after the commit, every root still opens."""
    store = place.open()
    period = make(store)
    old = read_key(place.key_file)
    if committed:
        store.forget([])
        write_durably(place.key_file.with_name("wrapping.key.next"), read_key(place.key_file))
        write_durably(place.key_file, old)
    else:
        write_durably(place.key_file.with_name("wrapping.key.next"), bytes(32))
    assert store.root(period.id) == period.root
    again = place.open()
    assert again.root(period.id) == period.root
    assert not place.key_file.with_name("wrapping.key.next").exists()


def test_a_store_under_another_key_is_called_corrupt(place: Place) -> None:
    """Store and key file belong together."""
    store = place.open()
    period = make(store)
    write_durably(place.key_file, bytes(32))
    with pytest.raises(CorruptError, match="wrapping key together"):
        store.root(period.id)


def test_a_store_without_its_key_file_does_not_open(tmp_path: Path) -> None:
    """It would make periods that nobody can open."""
    with pytest.raises(FileNotFoundError):
        SqlitePeriods(tmp_path / "p.db", key_file=tmp_path / "none", ids=CountingIds())
