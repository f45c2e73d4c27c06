"""From a network's outputs to boxes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as shapes

from handfast.vision.boxes import Kind
from handfast.vision.candidates import NOTHING, Candidates, classes_by_kind, joined
from handfast.vision.centerface import decode_centerface
from handfast.vision.finished_boxes import decode_boxes
from handfast.vision.nanodet import decode_nanodet
from tests.examples import scaled

KINDS = {Kind.PERSON: [0], Kind.VEHICLE: [2, 5]}
ANY_FLOAT = st.floats(width=32, allow_nan=True, allow_infinity=True)


def grids(height: int = 64, width: int = 96) -> dict[str, Any]:
    """Return what NanoDet says of an empty picture; edges say "no distance" for sure."""
    outputs = {}
    for stride in (8, 16, 32):
        rows, columns = height // stride, width // stride
        outputs[f"scores_{stride}"] = np.zeros((1, 80, rows, columns), np.float32)
        edges = np.zeros((1, 44, rows, columns), np.float32)
        edges[0, ::11] = 50
        outputs[f"edges_{stride}"] = edges
    return outputs


def say(outputs: dict[str, Any], stride: int, cell: tuple[int, int], steps: list[int]) -> None:
    """Let a cell be sure that each edge is so many steps away."""
    for edge, step in enumerate(steps):
        outputs[f"edges_{stride}"][0, edge * 11 : edge * 11 + 11, *cell] = 0
        outputs[f"edges_{stride}"][0, edge * 11 + step, *cell] = 50


def test_nanodet_reads_distances_from_the_centre_of_a_cell() -> None:
    """Row 1, column 2 of the grid of 16: edges 1, 0, 2 and 3 steps away."""
    outputs = grids()
    outputs["scores_16"][0, 0, 1, 2] = 0.9
    say(outputs, 16, (1, 2), [1, 0, 2, 3])
    found = decode_nanodet(outputs, KINDS, 0.3)
    np.testing.assert_allclose(found[Kind.PERSON].boxes, [[24, 24, 72, 72]], atol=1e-3)
    assert found[Kind.PERSON].scores.tolist() == [np.float32(0.9)]
    assert len(found[Kind.VEHICLE].boxes) == 0


def test_classes_of_one_kind_are_one() -> None:
    """A car that is also a bus is one vehicle, with the better confidence."""
    outputs = grids()
    outputs["scores_8"][0, [2, 5, 7], 3, 3] = [0.4, 0.6, 0.99]
    say(outputs, 8, (3, 3), [2, 2, 2, 2])
    found = decode_nanodet(outputs, KINDS, 0.3)
    assert found[Kind.VEHICLE].scores.tolist() == [np.float32(0.6)]
    assert classes_by_kind({5: Kind.VEHICLE, 0: Kind.PERSON, 2: Kind.VEHICLE}) == KINDS


def test_nanodet_leaves_out_what_has_no_size() -> None:
    """A box of no width is no person, however sure the network is."""
    outputs = grids()
    outputs["scores_8"][0, 0] = 1.0
    assert len(decode_nanodet(outputs, KINDS, 0.3)[Kind.PERSON].boxes) == 0


@settings(max_examples=scaled(30))
@given(data=st.data())
def test_nanodet_makes_sound_boxes_of_anything(data: st.DataObject) -> None:
    """Infinities and what is no number neither raise nor come out."""
    outputs = {
        name: data.draw(shapes.arrays(np.float32, value.shape, elements=ANY_FLOAT))
        for name, value in grids(32, 32).items()
    }
    with np.errstate(all="ignore"):
        found = decode_nanodet(outputs, KINDS, 0.3)
    for each in found.values():
        assert np.isfinite(each.boxes).all()
        assert (each.boxes[:, 2:] > each.boxes[:, :2]).all()
        assert (each.scores >= 0.3).all()


def faces(rows: int = 8, columns: int = 8) -> dict[str, Any]:
    """Return what CenterFace says of an empty picture."""
    return {
        "heat": np.zeros((1, 1, rows, columns), np.float32),
        "size": np.zeros((1, 2, rows, columns), np.float32),
        "offset": np.zeros((1, 2, rows, columns), np.float32),
    }


def test_centerface_reads_size_and_place_of_a_peak() -> None:
    """Row 2, column 3: 8 cells high, 4 wide, a quarter of a cell to the right."""
    outputs = faces()
    outputs["heat"][0, 0, 2, 3] = 0.8
    outputs["size"][0, :, 2, 3] = np.log([8, 4])
    outputs["offset"][0, :, 2, 3] = [0, 0.25]
    found = decode_centerface(outputs, {Kind.FACE: [0]}, 0.3)[Kind.FACE]
    np.testing.assert_allclose(found.boxes, [[7, -6, 23, 26]], atol=1e-4)
    assert found.scores.tolist() == [np.float32(0.8)]


def test_centerface_takes_the_peak_and_not_its_slope() -> None:
    """Beside a sure face, the same face less sure is not another one."""
    outputs = faces()
    outputs["heat"][0, 0, 3, 2:5] = [0.6, 0.9, 0.7]
    outputs["size"][:] = 1.0
    found = decode_centerface(outputs, {Kind.FACE: [0]}, 0.3)[Kind.FACE]
    assert found.scores.tolist() == [np.float32(0.9)]


def test_a_thousand_faces_are_all_found() -> None:
    """A stand full of people is no reason to miss one."""
    outputs = faces(128, 160)
    outputs["heat"][0, 0, 2::4, 2::4] = 0.7
    outputs["size"][:] = np.log(3)
    found = decode_centerface(outputs, {Kind.FACE: [0]}, 0.3)[Kind.FACE]
    assert len(found.boxes) == 32 * 40


@settings(max_examples=scaled(30))
@given(data=st.data())
def test_centerface_makes_sound_boxes_of_anything(data: st.DataObject) -> None:
    """Sizes beyond any picture and what is no number neither raise nor come out."""
    outputs = {
        name: data.draw(shapes.arrays(np.float32, value.shape, elements=ANY_FLOAT))
        for name, value in faces().items()
    }
    with np.errstate(all="ignore"):
        found = decode_centerface(outputs, {Kind.FACE: [0]}, 0.3)[Kind.FACE]
    assert np.isfinite(found.boxes).all()
    assert (found.boxes[:, 2:] > found.boxes[:, :2]).all()


def test_finished_boxes_are_taken_by_label() -> None:
    """Another class and a faint box stay out; a leading axis does not matter."""
    outputs = {
        "boxes": np.array([[[0, 0, 9, 9], [20, 0, 29, 9], [40, 0, 49, 9]]], np.float32),
        "scores": np.array([[0.9, 0.9, 0.1]], np.float32),
        "labels": np.array([[0, 7, 0]]),
    }
    found = decode_boxes(outputs, {Kind.PERSON: [0]}, 0.5)
    assert found[Kind.PERSON].boxes.tolist() == [[0, 0, 9, 9]]


@pytest.mark.parametrize(("most_overlap", "left"), [(0.3, 1), (0.9, 2)])
def test_of_doubles_the_surer_one_stays(most_overlap: float, left: int) -> None:
    """Two boxes that overlap by half are one person or two, as the decoder decides."""
    both = Candidates(
        boxes=np.array([[0, 0, 10, 10], [0, 2, 10, 12]], np.float32),
        scores=np.array([0.5, 0.75], np.float32),
    )
    found = both.without_doubles(most_overlap)
    assert found.scores.tolist() == [0.75, 0.5][:left]


def test_nothing_joined_with_nothing_is_nothing() -> None:
    """An empty picture has no boxes, in the right shape."""
    assert joined([NOTHING, NOTHING]).without_doubles(0.5).boxes.shape == (0, 4)
