"""The verifier finds whatever somebody did to a published log."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handfast.audit.note import Checkpoint, sign_checkpoint
from handfast.audit.proof import prove_range
from handfast.audit.publish import export, publish
from handfast.audit.source import DirectorySource, HttpSource
from handfast.audit.verify import Report, verify_log
from handfast.kit.errors import HandfastError, InvalidError, NotFoundError, UnavailableError
from handfast.seal.identity import SignatureError, SigningKey
from tests.examples import scaled
from tests.fakes.log_store import FakeLogStore
from tests.golden.segment.sample import fixed
from tests.unit.audit.people import KEY, ORIGIN, entries, fill, open_log

SIZE = 300
VKEY = open_log(FakeLogStore()).vkey


class StoreSource:
    """A log published straight from its store, with some resources changed."""

    def __init__(self, store: FakeLogStore, changed: dict[str, bytes | None]) -> None:
        """Serve `store`, but `changed` in place of what it has; `None` is not there."""
        self._store = store
        self._changed = changed

    def read(self, path: str) -> bytes | None:
        """Return a resource."""
        if path in self._changed:
            return self._changed[path]
        try:
            return publish(self._store, path).body
        except NotFoundError:
            return None


@functools.cache
def log() -> FakeLogStore:
    """Return a log of 300 entries, not to be changed."""
    store = FakeLogStore()
    fill(store, 7, 256, SIZE)
    return store


def openings(store: FakeLogStore, first: int, end: int) -> list[str]:
    """Return proofs as they are handed to people."""
    return [msgspec.json.encode(proof).decode() for proof in prove_range(store, first, end)]


def verify(changed: dict[str, bytes | None], **more: object) -> Report:
    """Verify the log with some resources changed."""
    return verify_log(StoreSource(log(), changed), VKEY, **more)  # type: ignore[arg-type] # passed on as they are


def broken(report: Report) -> list[str]:
    """Return the checks that do not hold."""
    return [finding.check for finding in report.findings if not finding.holds]


def test_an_honest_log_holds() -> None:
    """All five checks, with the size and root of the checkpoint."""
    since = log().batches[0].checkpoint
    report = verify({}, since=since, openings=openings(log(), 250, 260))
    assert report.holds
    assert (report.origin, report.size) == (ORIGIN, SIZE)
    checks = [finding.check for finding in report.findings]
    assert checks == ["checkpoint", "entries", "tiles", "since", "openings"]


@given(st.data())
@settings(max_examples=scaled(60))
def test_p9_provable_log_any_changed_byte_is_found(data: st.DataObject) -> None:
    """In the checkpoint, an entry or a tile; flipped or cut."""
    paths = ["checkpoint", "tile/entries/000", "tile/entries/001.p/44", "tile/0/000"]
    path = data.draw(st.sampled_from([*paths, "tile/0/001.p/44", "tile/1/000.p/1"]))
    body = bytearray(publish(log(), path).body)
    at = data.draw(st.integers(0, len(body) - 1))
    assert not verify({path: bytes(body[:at])}).holds
    body[at] ^= 1 << data.draw(st.integers(0, 7))
    assert not verify({path: bytes(body)}).holds


@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("checkpoint", "checkpoint"),
        ("tile/entries/000", "entries"),
        ("tile/entries/001.p/44", "entries"),
        ("tile/0/000", "tiles"),
        ("tile/1/000.p/1", "tiles"),
    ],
)
def test_a_missing_resource_is_named(path: str, check: str) -> None:
    """The report says which check it broke, and nothing after that is claimed."""
    report = verify({path: None}, since=log().batches[0].checkpoint)
    assert broken(report)[0] == check
    assert not report.holds


def test_a_partial_tile_may_have_been_filled_since() -> None:
    """The log went on between two requests; the full tile serves as well."""
    store = FakeLogStore()
    fill(store, 200)
    old = store.batches[0].checkpoint.encode()
    open_log(store).append(entries(200, 600))
    gone: dict[str, bytes | None] = {
        "checkpoint": old,
        "tile/entries/000.p/200": None,
        "tile/0/000.p/200": None,
    }
    assert verify_log(StoreSource(store, gone), VKEY).holds


def test_p9_provable_log_a_rewritten_one_does_not_continue_the_old() -> None:
    """Its owner signed both; the checkpoint somebody kept tells."""
    other = FakeLogStore()
    open_log(other).append(entries(1, SIZE + 1))
    report = verify_log(StoreSource(other, {}), VKEY, since=log().checkpoint())
    assert broken(report) == ["since"]
    shorter = FakeLogStore()
    fill(shorter, 7)
    report = verify_log(StoreSource(shorter, {}), VKEY, since=log().checkpoint())
    assert broken(report) == ["since"]
    assert "shrunk" in report.findings[-1].detail


def test_p9_provable_log_entries_shown_and_gone_are_found() -> None:
    """An opened entry must be where it was, under the same hash."""
    shown = openings(log(), 100, 103)
    shorter = FakeLogStore()
    fill(shorter, 50)
    report = verify_log(StoreSource(shorter, {}), VKEY, openings=shown)
    assert broken(report) == ["openings"]
    assert "gone" in report.findings[-1].detail
    rewritten = FakeLogStore()
    open_log(rewritten).append(entries(1, SIZE + 1))
    report = verify_log(StoreSource(rewritten, {}), VKEY, openings=shown)
    assert "rewritten" in report.findings[-1].detail


def test_openings_that_prove_nothing_are_named_by_line() -> None:
    """Noise, and proofs that were changed; at most ten are spelled out."""
    good = openings(log(), 0, 1)
    report = verify(
        {}, openings=[*good, "", "noise", good[0].replace('"index":0', '"index":1')]
    )
    assert "line 3" in report.findings[-1].detail
    assert "line 4" in report.findings[-1].detail
    assert "line 1" not in report.findings[-1].detail
    report = verify({}, openings=["noise"] * 12)
    assert "and 2 more" in report.findings[-1].detail


def test_another_logs_checkpoint_or_key_is_no_comparison() -> None:
    """Malformed or foreign input is an error of who asks, not a finding."""
    thief = SigningKey.generate(fixed("thief", 32))
    head = Checkpoint(origin=ORIGIN, size=1, root=bytes(32))
    with pytest.raises(SignatureError):
        verify({}, since=sign_checkpoint(head, thief))
    with pytest.raises(InvalidError):
        verify({}, since="noise")
    with pytest.raises(InvalidError):
        verify_log(StoreSource(log(), {}), "noise")
    other = open_log(FakeLogStore(), thief).vkey
    assert broken(verify_log(StoreSource(log(), {}), other)) == ["checkpoint"]


def test_a_signed_root_that_no_entries_have_is_found() -> None:
    """Even the log's own key cannot make entries lead to another root."""
    head = Checkpoint(origin=ORIGIN, size=SIZE, root=bytes(32))
    report = verify({"checkpoint": sign_checkpoint(head, KEY).encode()})
    assert broken(report) == ["entries"]


def test_an_exported_folder_holds(tmp_path: Path) -> None:
    """What `handfast log export` wrote; a folder that is none says so."""
    export(log(), tmp_path)
    assert verify_log(DirectorySource(tmp_path), VKEY).holds
    assert broken(verify_log(DirectorySource(tmp_path / "none"), VKEY)) == ["checkpoint"]
    (tmp_path / "checkpoint").unlink()
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(UnavailableError):
        verify_log(DirectorySource(tmp_path), VKEY)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP on the loopback."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        """The standard library's file server, without its log."""

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/log/"
        finally:
            server.shutdown()
            thread.join()


def test_a_log_behind_an_address_holds(tmp_path: Path) -> None:
    """Over HTTP; a missing resource is a finding, a missing server an error."""
    export(log(), tmp_path / "log")
    with served(tmp_path) as address:
        assert verify_log(HttpSource(address), VKEY).holds
        (tmp_path / "log/tile/0/000").unlink()
        assert broken(verify_log(HttpSource(address), VKEY)) == ["tiles"]
    with pytest.raises(UnavailableError, match="server"):
        verify_log(HttpSource(address), VKEY)
    with pytest.raises(InvalidError, match="http"):
        HttpSource("file:///etc")


@given(st.binary(max_size=100))
@settings(max_examples=scaled(30))
def test_noise_for_a_checkpoint_is_a_finding(noise: bytes) -> None:
    """Whatever a server answers."""
    try:
        assert broken(verify({"checkpoint": noise})) == ["checkpoint"]
    except HandfastError:
        pytest.fail("a bad answer of the server must be a finding")
