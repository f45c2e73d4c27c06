"""Write the golden files: `python -m tests.golden.recording.render`; a diff is a decision."""

import json
import tempfile
from pathlib import Path

import anyio

from tests.golden.recording.sample import record_sample
from tests.golden.recording.test_recording import FILES, GOLDEN, rendered

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        segments = anyio.run(record_sample, Path(folder))
    for path, segment in zip(FILES, segments, strict=True):
        path.write_bytes(segment.file)
    GOLDEN.write_text(json.dumps(rendered(segments), indent=1) + "\n")
