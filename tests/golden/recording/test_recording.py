"""What the recorder writes keeps its bytes: the segment files and their signed manifests."""

import hashlib
import json
from pathlib import Path

import msgspec

from handfast.kit.encoding import b64
from handfast.protocol.signing import verify
from handfast.protocol.statements import Manifest
from handfast.seal.format import scan
from handfast.seal.identity import Envelope
from tests.golden.recording.sample import AFTER, BEFORE, SIGNER, Recorded, record_sample
from tests.golden.segment import stranger

HERE = Path(__file__).parent
FILES = (HERE / "large.hfsg", HERE / "small.hfsg")
GOLDEN = HERE / "segments.json"


def rendered(segments: list[Recorded]) -> dict[str, object]:
    """Return what the golden file must hold beside the segments themselves."""
    return {
        "what": "the manifests of large.hfsg and small.hfsg, recorded by one camera",
        "signer": b64(SIGNER.public),
        "segments": [
            {
                "path": segment.path,
                "root": segment.root.hex(),
                "bytes": len(segment.file),
                "sha256": hashlib.sha256(segment.file).hexdigest(),
                "manifest": json.loads(segment.manifest),
            }
            for segment in segments
        ],
    }


async def test_recording_gives_the_golden_files_and_manifests(tmp_path: Path) -> None:
    """A difference changes what every node writes from now on: it has to be meant."""
    segments = await record_sample(tmp_path)
    assert [segment.file for segment in segments] == [path.read_bytes() for path in FILES]
    assert rendered(segments) == json.loads(GOLDEN.read_text())


def test_a_stranger_opens_the_recording_with_the_page_alone() -> None:
    """Every unit comes back in order, each group with the parameter sets it needs."""
    kept = json.loads(GOLDEN.read_text())["segments"]
    for path, row, steps in zip(FILES, kept, (BEFORE, AFTER), strict=True):
        configs, units = stranger.open_segment(path.read_bytes(), bytes.fromhex(row["root"]))
        sent = [unit for step in steps for unit in step]
        assert [(u.track, u.key, u.pts, u.dts, u.data) for u in units] == [
            (u.track, u.key, u.pts, u.dts, u.data) for u in sent
        ]
        assert len(configs) == sum(u.key and not u.track for u in sent)


def test_the_manifests_vouch_for_the_files() -> None:
    """Signed by the node, chained, and each run's hash and place as they stand in the file."""
    trusted = {SIGNER.fingerprint: SIGNER.public}
    before: str | None = None
    for path, row in zip(FILES, json.loads(GOLDEN.read_text())["segments"], strict=True):
        file = path.read_bytes()
        manifest = verify(msgspec.convert(row["manifest"], Envelope), Manifest, trusted=trusted)
        assert manifest.bytes == len(file) == scan(file).end
        assert (manifest.predecessor and manifest.predecessor.segment) == before
        before = manifest.segment
        for run in manifest.runs:
            part = file[run.offset : run.offset + run.length]
            assert run.sha256 == b64(hashlib.sha256(part).digest())
