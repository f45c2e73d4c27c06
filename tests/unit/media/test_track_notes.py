"""Notes of tracks travel in an SEI and are read back; other bytes are no notes."""

from hypothesis import given
from hypothesis import strategies as st

from handfast.media.clip import split_lengths
from handfast.media.track_notes import MOST_TRACKS, SCALE, TrackNote, find_tracks, with_tracks
from handfast.media.units import VIDEO, AccessUnit

PICTURE = AccessUnit(track=VIDEO, key=True, pts=7, dts=7, data=b"\0\0\0\2\x65\x88")
EDGES = st.integers(0, SCALE)
NOTES = st.builds(
    TrackNote, st.integers(1, 0xFFFF_FFFF), st.integers(0, 2), EDGES, EDGES, EDGES, EDGES
)


@given(st.lists(NOTES, max_size=MOST_TRACKS))
def test_notes_are_read_back(notes: list[TrackNote]) -> None:
    """All of them, in order, and the picture's own bytes stay as they are."""
    unit = with_tracks(PICTURE, notes)
    assert find_tracks(unit.data) == notes
    sei, slices = split_lengths(unit.data)
    assert sei[0] == 6
    assert b"\0\0\0" not in sei
    assert slices == b"\x65\x88"
    assert (unit.track, unit.key, unit.pts, unit.dts) == (VIDEO, True, 7, 7)


def test_no_more_than_the_most_are_written() -> None:
    """A thousand people make no picture too large."""
    notes = [TrackNote(number, 0, 1, 2, 3, 4) for number in range(1, 1000)]
    assert find_tracks(with_tracks(PICTURE, notes).data) == notes[:MOST_TRACKS]


@given(st.binary(max_size=64))
def test_other_bytes_are_no_notes(data: bytes) -> None:
    """A camera's own picture has none."""
    assert find_tracks(data) is None


def test_damaged_digits_are_no_notes() -> None:
    """What does not read is not guessed."""
    unit = with_tracks(PICTURE, [TrackNote(1, 0, 1, 2, 3, 4)])
    assert find_tracks(unit.data.replace(b"00000001", b"0000000x")) is None
