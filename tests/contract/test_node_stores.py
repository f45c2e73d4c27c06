"""A node's stores: SQLite and the fake keep the same promises."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from handfast.kit.errors import InvalidError
from handfast.model.access import Fingerprint, Grant, GrantId, Hash, PersonId, Viewer
from handfast.model.agreement import ClauseId
from handfast.model.camera import CameraId
from handfast.model.incident import IncidentId
from handfast.model.media import Rendition, Stream, View
from handfast.model.signal import EpisodeId, Signal, SignalState
from handfast.node.ports import Accesses, Drawings, Requests, Serials, Signals
from handfast.storage.sqlite import Database
from handfast.storage.sqlite_drawings import DrawingRow, SqliteDrawings
from handfast.storage.sqlite_node import (
    Access,
    ApprovalRow,
    ClosingRow,
    RequestRow,
    SignalRow,
    SqliteAccesses,
    SqliteRequests,
    SqliteSerials,
    SqliteSignals,
    Why,
    ended,
    open_node_database,
)
from tests.fakes.node_stores import (
    MemoryAccesses,
    MemoryDrawings,
    MemoryRequests,
    MemorySerials,
    MemorySignals,
)


@dataclass(frozen=True)
class Kept:
    """One node's memory."""

    signals: Signals
    serials: Serials
    requests: Requests
    accesses: Accesses
    drawings: Drawings


def in_memory(_folder: Path) -> Callable[[], Kept]:
    """Return what opens the fakes; a restart finds them as they were."""
    kept = Kept(
        MemorySignals(), MemorySerials(), MemoryRequests(), MemoryAccesses(), MemoryDrawings()
    )
    return lambda: kept


def in_sqlite(folder: Path) -> Callable[[], Kept]:
    """Return what opens the file, again at each call."""

    def open_it() -> Kept:
        database = open_node_database(folder / "node.db")
        return Kept(
            SqliteSignals(database),
            SqliteSerials(database),
            SqliteRequests(database),
            SqliteAccesses(database),
            SqliteDrawings(database),
        )

    return open_it


@pytest.fixture(params=[in_memory, in_sqlite], ids=["fake", "sqlite"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Kept]:
    """Open one kind of store; call again for a restart."""
    opened: Callable[[], Kept] = request.param(tmp_path)
    return opened


SIGNAL = SignalRow(
    signal=Signal(
        kind="intrusion",
        episode=EpisodeId("e"),
        state=SignalState.RAISED,
        test=False,
        first_raised_us=1,
        raised_us=2,
        cleared_us=None,
        lease_until_us=9,
        sequence=3,
    ),
    raised_by="panel:hall",
    reopened_us=0,
)
GRANT = Grant(
    id=GrantId("g1"),
    request=Hash("r"),
    agreement=Hash("a"),
    clause=ClauseId("c"),
    camera=CameraId("cam"),
    stream=Stream.MAIN,
    view=View.RECORDED,
    rendition=Rendition.CLEAR,
    incident=IncidentId("i"),
    viewer=Viewer(
        person=PersonId("p"),
        name="A. Rivera",
        role="officer",
        device=Fingerprint("d"),
        certified_until_us=99,
    ),
    since_us=10,
    until_us=20,
    from_us=5,
    range_until_us=9,
)
ACCESS = Access(
    grant=GRANT,
    why=Why(
        purpose="emergency",
        agency="root",
        agency_name="Police",
        camera_name="Gate",
        incident_title="",
        comment="",
    ),
    state="opening",
)


def test_the_newest_state_of_each_signal_is_kept(reopen: Callable[[], Kept]) -> None:
    """One row per kind, through a restart."""
    signals = reopen().signals
    signals.put(SIGNAL)
    fire = replace(SIGNAL, signal=replace(SIGNAL.signal, kind="fire", cleared_us=7))
    signals.put(fire)
    later = replace(SIGNAL, signal=replace(SIGNAL.signal, sequence=4), reopened_us=8)
    signals.put(later)
    assert reopen().signals.all() == (fire, later)


def test_serials_only_grow(reopen: Callable[[], Kept]) -> None:
    """Equal and lower values are refused for ever, zero and negative ones included."""
    serials = reopen().serials
    assert serials.highest("panel:hall") is None
    assert serials.advance("panel:hall", 5)
    assert not serials.advance("panel:hall", 5)
    assert not reopen().serials.advance("panel:hall", 4)
    assert serials.advance("panel:attic", 1)
    assert reopen().serials.advance("panel:hall", 6)
    assert serials.highest("panel:hall") == 6


def test_the_latest_time_acted_on_may_be_set_back(reopen: Callable[[], Kept]) -> None:
    """It is a fact about the clock, not a serial."""
    serials = reopen().serials
    assert serials.seen_us() == 0
    serials.set_seen_us(9)
    serials.set_seen_us(4)
    assert reopen().serials.seen_us() == 4


def test_requests_wait_in_order_of_urgency(reopen: Callable[[], Kept]) -> None:
    """Settled ones wait no longer, but are still found."""
    requests = reopen().requests
    row = RequestRow(
        hash="r1", ask=b"{}", asked_us=1, answer_by_us=50, settled=False, decision=b"1"
    )
    requests.put(row)
    requests.put(replace(row, hash="r2", answer_by_us=40))
    requests.put(replace(row, hash="r3", settled=True))
    assert [each.hash for each in reopen().requests.waiting()] == ["r2", "r1"]
    requests.put(replace(row, settled=True, decision=b"2"))
    assert requests.get("r1") == replace(row, settled=True, decision=b"2")
    assert requests.get("none") is None


def test_one_answer_of_each_device_counts(reopen: Callable[[], Kept]) -> None:
    """A newer answer replaces the older one of the same device."""
    requests = reopen().requests
    yes = ApprovalRow(
        request="r", device="phone", approved=True, until_us=9, at_us=1, envelope=b"{}"
    )
    requests.approve(yes)
    requests.approve(replace(yes, device="tablet"))
    requests.approve(replace(yes, request="other"))
    no = replace(yes, approved=False, at_us=2)
    requests.approve(no)
    assert reopen().requests.approvals("r") == (no, replace(yes, device="tablet"))


def test_closings_are_kept_in_order(reopen: Callable[[], Kept]) -> None:
    """From an instant on."""
    requests = reopen().requests
    rows = [
        ClosingRow(at_us=at, person=person, camera=None, envelope=b"{}")
        for at, person in ((1, None), (5, "p"), (9, None))
    ]
    for row in rows:
        requests.close(row)
    assert reopen().requests.closings(since_us=5) == tuple(rows[1:])


def test_an_access_goes_from_opening_to_ended(reopen: Callable[[], Kept]) -> None:
    """What a crash interrupted is found again, and what waits for its expiry entry."""
    accesses = reopen().accesses
    accesses.put(ACCESS)
    assert reopen().accesses.unfinished() == (ACCESS,)
    assert accesses.before(100, 9) == ()
    opened = replace(ACCESS, state="open", log_index=3)
    accesses.put(opened)
    assert reopen().accesses.unfinished() == (opened,)
    over = ended(opened, reason="owner-closed", ended_us=15)
    accesses.put(over)
    assert reopen().accesses.unlogged() == (over,)
    done = replace(over, end_log_index=4, viewed_us=2, runs_released=1)
    accesses.put(done)
    assert reopen().accesses.unlogged() == ()
    assert reopen().accesses.unfinished() == ()
    assert accesses.get("g1") == done


def test_who_looked_is_read_from_the_newest_on(reopen: Callable[[], Kept]) -> None:
    """In pages, by the instant of opening, exclusive."""
    accesses = reopen().accesses
    for number in range(5):
        grant = replace(GRANT, id=GrantId(f"g{number}"), since_us=10 + number)
        accesses.put(replace(ACCESS, grant=grant, state="open", log_index=number))
    page = accesses.before(100, 2)
    assert [each.grant.since_us for each in page] == [14, 13]
    page = accesses.before(page[-1].grant.since_us, 9)
    assert [each.grant.since_us for each in page] == [12, 11, 10]


def test_the_newest_drawing_of_each_camera_is_kept(reopen: Callable[[], Kept]) -> None:
    """A later one replaces it; a restart finds all."""
    drawings = reopen().drawings
    assert drawings.all() == ()
    yard = DrawingRow(camera="yard", revision=1, at_us=1, envelope=b"{}")
    drawings.put(yard)
    drawings.put(DrawingRow(camera="gate", revision=1, at_us=2, envelope=b"[]"))
    later = DrawingRow(camera="gate", revision=2, at_us=3, envelope=b"[1]")
    drawings.put(later)
    assert reopen().drawings.all() == (later, yard)


def test_a_database_from_before_drawings_is_brought_forward(tmp_path: Path) -> None:
    """What it held stays; a program of before refuses it from then on."""
    path = tmp_path / "node.db"
    before = Database(path, schema="node.sql", version=1)
    SqliteSerials(before).advance("panel:hall", 5)
    before.close()
    for _ in range(2):
        database = open_node_database(path)
        assert SqliteSerials(database).highest("panel:hall") == 5
        assert SqliteDrawings(database).all() == ()
        database.close()
    with pytest.raises(InvalidError, match="schema 2"):
        Database(path, schema="node.sql", version=1)
