"""The outbox: durable, in order, gone only when it has arrived."""

from pathlib import Path

import pytest

from handfast.kit.errors import ConflictError, CorruptError, InvalidError
from handfast.storage.outbox import Draft, Outbox
from handfast.storage.sqlite import Database


def draft(number: int) -> Draft:
    """Return a message."""
    return Draft(id=f"id-{number}", kind="signal", body=b"%d" % number)


def test_messages_come_out_in_the_order_they_went_in(tmp_path: Path) -> None:
    """Sequences grow."""
    outbox = Outbox(tmp_path / "outbox.db")
    sequences = outbox.put(draft(n) for n in range(5))
    letters = outbox.waiting(limit=3)
    assert [letter.body for letter in letters] == [b"0", b"1", b"2"]
    assert [x.sequence for x in outbox.waiting(after=letters[-1].sequence)] == [*sequences[3:]]


def test_a_message_stays_until_it_was_delivered(tmp_path: Path) -> None:
    """Also across a restart; numbers are never used again."""
    outbox = Outbox(tmp_path / "outbox.db")
    (first, second) = outbox.put([draft(1), draft(2)])
    outbox.delivered(first)
    outbox.close()
    outbox = Outbox(tmp_path / "outbox.db")
    assert [letter.id for letter in outbox.waiting()] == ["id-2"]
    outbox.delivered(second)
    (third,) = outbox.put([draft(3)])
    assert third > second
    assert len(outbox) == 1


def test_an_id_waits_only_once(tmp_path: Path) -> None:
    """All of a batch or nothing."""
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.put([draft(1)])
    with pytest.raises(ConflictError, match="an id of its own"):
        outbox.put([draft(2), draft(1)])
    assert [letter.id for letter in outbox.waiting()] == ["id-1"]


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    """Nothing is guessed about columns."""
    Database(tmp_path / "outbox.db", schema="outbox.sql", version=9).close()
    with pytest.raises(InvalidError, match="schema 9"):
        Outbox(tmp_path / "outbox.db")


def test_a_file_that_is_no_database_is_called_corrupt(tmp_path: Path) -> None:
    """With the advice to move it away."""
    (tmp_path / "outbox.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(CorruptError, match="move it away"):
        Outbox(tmp_path / "outbox.db")


def test_a_database_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Its journal too."""
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.put([draft(1)])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
