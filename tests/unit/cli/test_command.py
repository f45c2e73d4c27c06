"""Command lines as people type and paste them."""

import pytest

from handfast.cli.command import join_fingerprints
from handfast.cli.main import build_parser

DASHED = "-" + "a" * 42


@pytest.mark.parametrize("fingerprint", [DASHED, "-" * 43, "b" * 43])
def test_a_fingerprint_may_begin_with_a_hyphen(fingerprint: str) -> None:
    """It is taken as it was copied, wherever the alphabet put a hyphen."""
    given = ["owner", "certify", "r.json", "--root", "r", "--out", "o"]
    line = join_fingerprints([*given, "--fingerprint", fingerprint])
    assert build_parser().parse_args(line).fingerprint == fingerprint


def test_options_stay_options() -> None:
    """Nothing but a whole fingerprint is joined to the option before it."""
    line = ["node", "init", "--yes", "--config", "c", "-h"]
    assert join_fingerprints(line) == line
