"""Which detection belongs to which track: greedy, by how much the boxes share."""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from handfast.vision.boxes import Box

_LEAST: Final = 0.12  # shared area over union, of grown boxes, below which two are strangers
_REACH: Final = 0.2  # boxes are grown by this share of their size: small ones move far
_RIVAL: Final = 0.85  # a second candidate this close to the first makes the choice a guess

_Matrix: TypeAlias = npt.NDArray[np.float64]


class Pair(NamedTuple):
    """A track and the detection that continues it, both by their place in the lists.

    Attributes:
        track: Place of the track.
        detection: Place of the detection.
        guessed: Another pairing would have fitted nearly as well.
    """

    track: int
    detection: int
    guessed: bool


def associate(tracks: Sequence[Box], detections: Sequence[Box]) -> list[Pair]:
    """Pair boxes so that the best fit comes first; each box is used once at most.

    Ties go to the earlier track, then to the earlier detection: the same input always gives the
    same pairs.
    """
    if not tracks or not detections:
        return []
    fit = overlaps(tracks, detections)
    order = np.argsort(-fit, axis=None, kind="stable")
    order = order[: int(np.count_nonzero(fit >= _LEAST))]
    used_tracks: set[int] = set()
    used_detections: set[int] = set()
    pairs = []
    for place in order.tolist():
        track, detection = divmod(place, len(detections))
        if track in used_tracks or detection in used_detections:
            continue
        used_tracks.add(track)
        used_detections.add(detection)
        pairs.append(Pair(track, detection, _is_guess(fit, track, detection)))
    return pairs


def overlaps(first: Sequence[Box], second: Sequence[Box]) -> _Matrix:
    """Return intersection over union of grown boxes, first x second."""
    a, b = _grown(first)[:, None, :], _grown(second)[None, :, :]
    shared = np.clip(
        np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0, None
    )
    common = shared[..., 0] * shared[..., 1]
    union = _areas(a) + _areas(b) - common
    return np.asarray(common / np.maximum(union, 1e-9), np.float64)


def _grown(boxes: Sequence[Box]) -> _Matrix:
    grown = np.array(boxes, np.float64)
    reach = np.maximum((grown[:, 2:] - grown[:, :2]) * _REACH, 1.0)
    grown[:, :2] -= reach
    grown[:, 2:] += reach
    return grown


def _areas(boxes: _Matrix) -> _Matrix:
    return np.asarray(
        (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]), np.float64
    )


def _is_guess(fit: _Matrix, track: int, detection: int) -> bool:
    bar = fit[track, detection] * _RIVAL
    across, down = fit[track] >= bar, fit[:, detection] >= bar
    return int(np.count_nonzero(across)) > 1 or int(np.count_nonzero(down)) > 1
