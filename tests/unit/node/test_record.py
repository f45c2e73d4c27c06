"""Every finished segment is indexed and signed, and names the one before it."""

from pathlib import Path
from uuid import UUID

import msgspec

from handfast.kit.encoding import b64, unb64
from handfast.media.feed import StateChanged
from handfast.media.units import CameraState
from handfast.node.usecases.record import Record, RecordParts
from handfast.protocol.signing import verify
from handfast.protocol.statements import Manifest
from handfast.seal.identity import Envelope, statement_hash
from handfast.storage.files import read_or_create_key
from handfast.storage.segment_files import SegmentFiles
from handfast.storage.segment_index import SegmentIndex
from handfast.storage.sqlite_periods import SqlitePeriods
from handfast.storage.startup_scan import StartupScan
from tests.fakes.node_media import FakeCamera, MemoryPeriods, Rings
from tests.fakes.steady import CountingIds
from tests.scenario.node.people import GATE, NODE, key

NODE_KEY = key("node")
START_US = 1_790_000_000_000_000


class Recording:
    """A camera, an index on disk, and what stands between them."""

    def __init__(self, folder: Path) -> None:
        """Begin with nothing recorded."""
        self.index = SegmentIndex(folder / "segments.db")
        read_or_create_key(folder / "key", CountingIds())
        periods = SqlitePeriods(
            folder / "periods.db", key_file=folder / "key", ids=CountingIds()
        )
        files = SegmentFiles([folder / "recordings"])
        scan = StartupScan(files=files, index=self.index, periods=periods)
        self.bell = Rings()
        self.record = Record(
            RecordParts(node=NODE, key=NODE_KEY, index=self.index, scan=scan, bell=self.bell)
        )
        self.camera = FakeCamera(UUID(GATE), MemoryPeriods(), started_us=START_US)
        self._now_us = START_US

    async def films(self, pictures: int) -> bytes:
        """Record a segment of so many pictures, one a second, and return its id."""
        for number in range(pictures):
            self._now_us += 1_000_000
            for event in self.camera.picture(self._now_us, key=number == 0):
                await self.record.hear(event)
        segment = next(reversed(self.camera.segments))
        for event in self.camera.close_segment(self._now_us + 1):
            await self.record.hear(event)
        return segment

    def manifest(self, segment: bytes) -> tuple[Manifest, str]:
        """Return the signed manifest, checked, and the hash others name it by."""
        stored = self.index.manifest(segment)
        assert stored is not None
        envelope = msgspec.json.decode(stored, type=Envelope)
        trusted = {NODE_KEY.fingerprint: NODE_KEY.public}
        manifest = verify(envelope, Manifest, trusted=trusted)
        return manifest, statement_hash(unb64(envelope.payload))


async def test_a_manifest_vouches_for_every_run(tmp_path: Path) -> None:
    """Runs, times and bytes as they stand in the file."""
    recording = Recording(tmp_path)
    segment = await recording.films(4)
    manifest, _ = recording.manifest(segment)
    assert manifest.segment == b64(segment)
    assert [run.run for run in manifest.runs] == [0, 1, 2, 3]
    assert manifest.runs[0].key
    last = manifest.runs[-1]
    assert last.offset + last.length == manifest.bytes
    assert manifest.bytes == len(recording.camera.files[segment])
    assert not manifest.recovered
    assert recording.record.take_sealed_bytes() == manifest.bytes - 104


async def test_manifests_form_a_chain(tmp_path: Path) -> None:
    """Each names the one before by the hash of what was signed."""
    recording = Recording(tmp_path)
    first = await recording.films(2)
    second = await recording.films(2)
    before, hash_ = recording.manifest(first)
    after, _ = recording.manifest(second)
    assert before.predecessor is None
    assert after.predecessor is not None
    assert (after.predecessor.segment, after.predecessor.manifest) == (b64(first), hash_)


async def test_the_segment_being_written_is_in_the_index(tmp_path: Path) -> None:
    """With its finished runs, before anything is signed."""
    recording = Recording(tmp_path)
    for number in range(3):
        at_us = START_US + number * 1_000_000
        for event in recording.camera.picture(at_us, key=number == 0):
            await recording.record.hear(event)
    (segment,) = recording.index.open_segments()
    assert len(segment.runs) == 2
    assert recording.index.manifest(segment.id) is None


async def test_a_segment_that_came_to_no_file_is_forgotten(tmp_path: Path) -> None:
    """Sealed for viewers only, while the disk took nothing."""
    recording = Recording(tmp_path)
    for event in recording.camera.picture(START_US, key=True):
        await recording.record.hear(event)
    *_, closed = recording.camera.close_segment(START_US + 1)
    await recording.record.hear(msgspec.structs.replace(closed, bytes=0))
    assert recording.index.open_segments() == ()
    assert recording.index.unsigned() == ()


async def test_the_state_of_a_camera_is_told_to_the_owner(tmp_path: Path) -> None:
    """In the words of protocol.md, with the reason."""
    recording = Recording(tmp_path)
    stream = recording.camera.key
    for state, word in (
        (CameraState.PLAYING, "recording"),
        (CameraState.WAITING, "offline"),
    ):
        await recording.record.hear(
            StateChanged(stream=stream, state=state, reason="unreachable: no route")
        )
        (health,) = recording.record.health()
        assert (health.state, health.reason) == (word, "unreachable: no route")
    assert recording.bell.rung == ["site", "site"]
