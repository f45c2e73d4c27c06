"""The closed set of failures."""

import pytest

from handfast.kit import errors
from handfast.kit.errors import HTTP_STATUS, HandfastError, Kind

CLASSES = [
    each
    for each in vars(errors).values()
    if isinstance(each, type) and issubclass(each, HandfastError) and each is not HandfastError
]


def test_every_kind_has_an_http_status() -> None:
    """No boundary has to guess."""
    assert set(HTTP_STATUS) == set(Kind)
    assert all(400 <= status < 600 for status in HTTP_STATUS.values())


def test_every_kind_has_one_error_class() -> None:
    """Raising is choosing what the caller should do."""
    assert sorted(each.kind for each in CLASSES) == sorted(Kind)


@pytest.mark.parametrize("each", CLASSES)
def test_an_error_keeps_its_sentence(each: type[HandfastError]) -> None:
    """What was said is what a person reads."""
    assert str(each("camera 7 is gone; add it again")) == "camera 7 is gone; add it again"
