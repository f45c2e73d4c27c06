"""Keys leave the node here and nowhere else; every function wants an `Opened` (P2).

Checks are arithmetic (P3): what lies outside the grant or its window raises, whatever the
caller believes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from handfast.kit.encoding import b64
from handfast.kit.errors import ConflictError
from handfast.node.pep import Opened
from handfast.seal.format import KeyFrame, encode_key_frame
from handfast.seal.keytree import TreeNode, run_key, stream_label
from handfast.seal.release import release_info, seal_release, wrap_run_key


class OutsideGrantError(ConflictError):
    """A key was asked for that the grant, or its window, does not open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRun:
    """A run whose key may be wrapped.

    Attributes:
        segment: 16 bytes.
        since_us: When it began, wall clock; `until_us` when it ended or, in progress, the
            newest instant known to belong to it plus one.
    """

    segment: bytes
    run: int
    leaf: int
    since_us: int
    until_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedRange:
    """The keys of a recorded range.

    Attributes:
        covers: Period id and the fewest nodes of its whole seconds inside the range.
        runs: Segment id, run and run key of the edges.
    """

    covers: Sequence[tuple[bytes, tuple[TreeNode, ...]]] = field(repr=False)
    runs: Sequence[tuple[bytes, int, bytes]] = field(repr=False)


def derive_run_key(
    leaf_key: bytes, camera: UUID, codes: tuple[int, int], run: StartedRun
) -> bytes:
    """Derive the key of a run.

    Args:
        leaf_key: Of its second.
        camera: Whose.
        codes: Of stream and rendition.
        run: Which.
    """
    return run_key(leaf_key, stream_label(camera, *codes), run.segment, run.run)


def wrap_for_viewer(
    opened: Opened,
    run: StartedRun,
    *,
    live_key: bytes,
    counter: int,
    key: bytes,
    ends_us: int,
) -> bytes:
    """Wrap the key of a run that has started, as a live frame of type 4.

    Args:
        opened: The window the run begins in (the first one reaches back as far as agreed).
        run: Which.
        live_key: Of the grant.
        counter: Never used before with this live key.
        key: Of the run.
        ends_us: The grant's end as known now; never later than its absolute end.

    Raises:
        OutsideGrantError: The run begins at or after the end, ended before the start, or is
            outside the window.
    """
    grant, window = opened.grant, opened.window
    inside = grant.opens(since_us=run.since_us, until_us=run.until_us)
    in_window = window.from_us <= run.since_us < window.until_us
    if not (inside and in_window and run.since_us < ends_us):
        raise OutsideGrantError(
            f"grant {grant.id} does not open run {run.run}; nothing is sent"
        )
    wrapped = wrap_run_key(
        live_key,
        grant=UUID(grant.id),
        segment=run.segment,
        run=run.run,
        leaf=run.leaf,
        counter=counter,
        run_key=key,
    )
    return encode_key_frame(
        KeyFrame(
            grant=UUID(grant.id),
            segment=run.segment,
            run=run.run,
            leaf=run.leaf,
            counter=counter,
            wrapped=wrapped,
        )
    )


def seal_live(opened: Opened, live_key: bytes, *, open_key: bytes) -> str:
    """Seal a grant's live key to its device; b64."""
    return _seal(opened, {"grant": opened.grant.id, "live_key": b64(live_key)}, open_key)


def seal_range(opened: Opened, keys: OpenedRange, *, open_key: bytes) -> str:
    """Seal the keys of a recorded range to the grant's device; b64."""
    covers = [
        {
            "period": b64(period),
            "nodes": [[node.depth, node.index, b64(node.key)] for node in nodes],
        }
        for period, nodes in keys.covers
    ]
    runs = [[b64(segment), run, b64(key)] for segment, run, key in keys.runs]
    body = {"grant": opened.grant.id, "covers": covers, "runs": runs}
    return _seal(opened, body, open_key)


def _seal(opened: Opened, body: Mapping[str, object], open_key: bytes) -> str:
    info = release_info(
        opened.grant.request, UUID(opened.grant.id), opened.logged.proof.checkpoint
    )
    plain = json.dumps(body, separators=(",", ":")).encode()
    return b64(seal_release(open_key, info, plain))
