"""NanoDet's outputs as boxes.

For each cell of three grids the network says how likely each class is there, and for each edge
of the box a distribution over its distance from the cell's centre, in steps of the grid.

Source:
    "Generalized Focal Loss", arXiv 2006.04388, section 3 (distributions of distances); the
    NanoDet project's `nanodet_head.py`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from handfast.vision.boxes import Kind
from handfast.vision.candidates import Candidates, Floats, Indices, joined

STRIDES: Final = (8, 16, 32)
OVERLAP: Final = 0.6
_EDGES: Final = 4


def decode_nanodet(
    outputs: Mapping[str, Floats], kinds: Mapping[Kind, Sequence[int]], threshold: float
) -> dict[Kind, Candidates]:
    """Return the boxes of each kind, doubles removed.

    Args:
        outputs: `scores_N` (1 x classes x rows x columns) and `edges_N` (1 x 4 * bins x rows x
            columns) for N of 8, 16 and 32.
        kinds: Which classes are covered as what.
        threshold: Boxes of less confidence are left out.
    """
    found: dict[Kind, list[Candidates]] = {kind: [] for kind in kinds}
    for stride in STRIDES:
        scores = outputs[f"scores_{stride}"][0]
        edges = outputs[f"edges_{stride}"][0]
        flat = scores.reshape(len(scores), -1)
        for kind, classes in kinds.items():
            best = flat[classes[0]]
            for number in classes[1:]:
                best = np.maximum(best, flat[number])
            cells = np.flatnonzero(best >= threshold)
            if len(cells):
                boxes = _boxes(edges, cells, stride)
                found[kind].append(Candidates(boxes=boxes, scores=best[cells]))
    return {kind: joined(parts).without_doubles(OVERLAP) for kind, parts in found.items()}


def _boxes(edges: Floats, cells: Indices, stride: int) -> Floats:
    """Return the boxes of some cells of one grid, n x 4, px."""
    bins = len(edges) // _EDGES
    columns = edges.shape[2]
    chosen = edges.reshape(_EDGES, bins, -1)[:, :, cells].astype(np.float32)
    weights = np.exp(chosen - chosen.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    steps = np.arange(bins, dtype=np.float32) * stride
    left, up, right, down = np.einsum("ebn,b->en", weights, steps)
    x = (cells % columns + 0.5) * stride
    y = (cells // columns + 0.5) * stride
    return np.stack([x - left, y - up, x + right, y + down], axis=1).astype(np.float32)
