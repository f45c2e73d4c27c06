"""The sealed segment keeps its bytes, and the page is enough to open it."""

import json
from pathlib import Path
from uuid import UUID

import pytest

from handfast.kit.encoding import b64
from handfast.seal.format import (
    KeyFrame,
    digest_runs,
    encode_key_frame,
    encode_run_frame,
    encode_segment_frame,
    encode_units_frame,
    scan,
)
from handfast.seal.keytree import cover, derive_leaf
from handfast.seal.open import (
    OpeningKey,
    decode_config,
    open_release,
    open_run,
    unwrap_run_key,
)
from handfast.seal.release import release_info, wrap_run_key
from tests.golden.segment import stranger
from tests.golden.segment.sample import (
    CONFIG,
    HEADER,
    ROOT,
    RUNS,
    SealedSample,
    fixed,
    seal_sample,
)

HERE = Path(__file__).parent
SEGMENT = HERE / "two-groups.hfsg"
VECTORS = HERE / "vectors.json"
RELEASE = HERE / "release.json"
COVERED = (41, 43)  # end exclusive
GRANT = UUID("01890a5d-ac96-774b-bcce-b302099a8059")
LIVE_KEY = fixed("golden/live-key", 32)


def _hex(data: bytes) -> str:
    return data.hex()


def _keys() -> dict[str, object]:
    """Vectors of the key tree: leaves and covers of the sample's root."""
    leaves = [0, 1, 41, 42, 65_535, 65_536, 86_399, (1 << 17) - 1]
    ranges = [COVERED, (0, 1 << 17), (1, (1 << 17) - 1), (0, 1), (59, 600), (86_399, 86_400)]
    return {
        "root": _hex(ROOT),
        "leaves": [{"leaf": leaf, "key": _hex(derive_leaf(ROOT, leaf))} for leaf in leaves],
        "covers": [
            {
                "first": first,
                "end": end,
                "nodes": [[n.depth, n.index, _hex(n.key)] for n in cover(ROOT, first, end)],
            }
            for first, end in ranges
        ],
    }


def _runs(sample: SealedSample) -> list[dict[str, object]]:
    return [
        {
            "run": digest.run,
            "leaf": digest.leaf,
            "key": digest.key,
            "start_us": digest.start_us,
            "offset": digest.offset,
            "length": digest.length,
            "first_pts": digest.first_pts,
            "sha256": _hex(digest.sha256),
            "run_key": _hex(key),
            "config": _hex(CONFIG) if run.key else None,
            "units": [
                {
                    "track": unit.track,
                    "key": unit.key,
                    "pts": unit.pts,
                    "dts": unit.dts,
                    "data": _hex(unit.data),
                }
                for unit in run.units
            ],
        }
        for run, key, digest in zip(RUNS, sample.keys, sample.digests, strict=True)
    ]


def _live(sample: SealedSample) -> dict[str, object]:
    """The same segment as live frames, with the key of its first run under a grant."""
    first, segment = sample.digests[0], HEADER.segment
    config = 54 + len(CONFIG) + 16
    run = sample.file[first.offset : first.offset + config]
    units = sample.file[first.offset + config : first.offset + first.length]
    wrapped = wrap_run_key(
        LIVE_KEY,
        grant=GRANT,
        segment=segment,
        run=0,
        leaf=first.leaf,
        counter=7,
        run_key=sample.keys[0],
    )
    key = KeyFrame(
        grant=GRANT, segment=segment, run=0, leaf=first.leaf, counter=7, wrapped=wrapped
    )
    return {
        "grant": str(GRANT),
        "live_key": _hex(LIVE_KEY),
        "counter": 7,
        "frames": [
            _hex(encode_segment_frame(HEADER)),
            _hex(encode_run_frame(segment, run)),
            _hex(encode_units_frame(segment, 0, first_unit=1, units=[units])),
            _hex(encode_key_frame(key)),
        ],
    }


def rendered() -> dict[str, object]:
    """Return what the golden file must hold; all bytes in hexadecimal."""
    sample = seal_sample()
    return {
        "what": "docs/reference/segment-format.md; the segment itself is two-groups.hfsg",
        "header": {
            "owner": str(HEADER.owner),
            "camera": str(HEADER.camera),
            "stream": HEADER.stream.value,
            "rendition": HEADER.rendition.value,
            "period": _hex(HEADER.period),
            "segment": _hex(HEADER.segment),
            "period_start_us": HEADER.period_start_us,
            "start_us": HEADER.start_us,
            "predecessor": _hex(HEADER.predecessor),
        },
        "keys": _keys(),
        "runs": _runs(sample),
        "live": _live(sample),
    }


def test_sealing_gives_the_golden_bytes() -> None:
    """A difference means that old recordings no longer open: it needs a new version."""
    assert seal_sample().file == SEGMENT.read_bytes()
    assert json.loads(VECTORS.read_text()) == rendered()


def test_a_stranger_opens_the_segment_with_the_page_alone() -> None:
    """A decryptor that imports nothing of ours gets back every unit."""
    configs, units = stranger.open_segment(SEGMENT.read_bytes(), ROOT)
    expected = [
        (number, run.leaf, unit.track, unit.key, unit.pts, unit.dts, unit.data)
        for number, run in enumerate(RUNS)
        for unit in run.units
    ]
    assert [tuple(unit) for unit in units] == expected
    assert configs == [CONFIG, CONFIG]


def test_the_stranger_is_a_stranger() -> None:
    """The independent decryptor imports nothing of handfast."""
    assert "from handfast" not in Path(stranger.__file__).read_text()
    assert "import handfast" not in Path(stranger.__file__).read_text()


def test_we_open_the_segment_by_its_manifest() -> None:
    """Every run opens with its key and hash, and holds what was sealed."""
    file = SEGMENT.read_bytes()
    sample = seal_sample()
    for run, key, digest in zip(RUNS, sample.keys, sample.digests, strict=True):
        part = file[digest.offset : digest.offset + digest.length]
        opened = open_run(HEADER, part, key, sha256=digest.sha256)
        assert [unit.data for unit in opened.units] == [unit.data for unit in run.units]
        assert [unit.pts for unit in opened.units] == [unit.pts for unit in run.units]
        assert opened.config == (CONFIG if run.key else None)
    assert [track.track for track in decode_config(CONFIG)] == [0, 1]


def test_the_scan_finds_what_the_sealer_said() -> None:
    """Read without keys, the file gives the manifest's runs."""
    file = SEGMENT.read_bytes()
    result = scan(file)
    assert (result.header, result.end, result.torn) == (HEADER, len(file), None)
    assert digest_runs(file, result.runs) == seal_sample().digests


@pytest.mark.parametrize("field", ["grant", "run", "leaf", "segment", "counter"])
def test_a_wrapped_key_opens_only_where_it_belongs(field: str) -> None:
    """The golden key frame, with any of its names changed, opens nothing."""
    frame = bytes.fromhex(json.loads(VECTORS.read_text())["live"]["frames"][3])
    bound: dict[str, object] = {
        "grant": GRANT,
        "segment": HEADER.segment,
        "run": 0,
        "leaf": 41,
        "counter": 7,
    }
    wrapped = frame[-48:]
    assert unwrap_run_key(LIVE_KEY, wrapped=wrapped, **bound) == seal_sample().keys[0]  # type: ignore[arg-type] # the names are changed one at a time below
    changed = {"grant": UUID(int=1), "segment": bytes(16)}.get(field, 3)
    with pytest.raises(Exception, match="does not unwrap"):
        unwrap_run_key(LIVE_KEY, wrapped=wrapped, **{**bound, field: changed})  # type: ignore[arg-type] # as above


def test_the_golden_release_opens() -> None:
    """HPKE is not repeatable, so one sealed release is kept and must open for ever."""
    kept = json.loads(RELEASE.read_text())
    key = OpeningKey.from_bytes(bytes.fromhex(kept["private"]))
    info = release_info(kept["request"], UUID(kept["grant"]), kept["checkpoint"])
    assert info.hex() == kept["info"]
    assert b64(key.public) == kept["public"]
    assert open_release(key, info, bytes.fromhex(kept["sealed"])) == kept["plain"].encode()
