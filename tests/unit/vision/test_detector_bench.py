"""Detectors that were prepared are taken for exactly what they were prepared for."""

import time

import msgspec
import pytest

from handfast.vision.boxes import Kind
from handfast.vision.detectors import DetectorBench
from handfast.vision.registry import Registry, Task, read_registry
from tests.unit.vision.installed import model_cache

PEOPLE = frozenset({Kind.PERSON, Kind.FACE})


@pytest.fixture
def bench() -> DetectorBench:
    """Return a bench with nothing on it."""
    return DetectorBench(model_cache(), time.process_time)


def test_what_was_opened_for_the_same_model_and_size_is_taken(bench: DetectorBench) -> None:
    """Another order of what is covered makes no difference; nor does a registry read anew."""
    persons, faces = bench.open(PEOPLE, read_registry(), shown=960).detectors
    assert bench.open(PEOPLE, read_registry(), shown=960).detectors == (persons, faces)
    assert bench.open(frozenset({Kind.VEHICLE}), read_registry()).detectors == (persons,)


def test_another_size_or_another_model_is_opened_anew(bench: DetectorBench) -> None:
    """What was prepared decides nothing."""
    ours = read_registry()
    persons, faces = bench.open(PEOPLE, ours, shown=960).detectors
    assert bench.open(PEOPLE, ours).detectors[1] is not faces
    other = msgspec.structs.replace(ours.find(Task.PERSONS), threshold=0.05)
    theirs = Registry(model=[other, ours.find(Task.FACES)])
    found = bench.open(PEOPLE, theirs, shown=960).detectors
    assert found[0] is not persons
    assert found[1] is faces


def test_a_model_that_was_missing_is_looked_for_again(bench: DetectorBench) -> None:
    """Preparing before the models are installed does no harm."""
    ours = read_registry()
    gone = msgspec.structs.replace(ours.find(Task.FACES), sha256="0" * 64)
    unlike = Registry(model=[ours.find(Task.PERSONS), gone])
    assert len(bench.open(PEOPLE, unlike).missing) == 1
    assert bench.open(PEOPLE, ours).missing == ()


def test_what_is_forgotten_is_opened_anew(bench: DetectorBench) -> None:
    """Whoever took it still has it."""
    (persons,) = bench.open(frozenset({Kind.PERSON}), read_registry()).detectors
    bench.forget()
    assert bench.open(frozenset({Kind.PERSON}), read_registry()).detectors != (persons,)
