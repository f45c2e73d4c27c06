"""The codec configuration reads back, and noise is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handfast.kit.errors import HandfastError, InvalidError
from handfast.seal.close import decode_config, encode_config
from handfast.seal.format import Codec, TrackConfig

tracks = st.builds(
    TrackConfig,
    track=st.integers(0, 15),
    codec=st.sampled_from(Codec),
    clock_rate=st.integers(0, (1 << 32) - 1),
    width=st.integers(0, 65_535),
    height=st.integers(0, 65_535),
    channels=st.integers(0, 255),
    extradata=st.binary(max_size=60),
)


@given(st.lists(tracks, unique_by=lambda track: track.track, max_size=3))
def test_a_configuration_reads_back(given_tracks: list[TrackConfig]) -> None:
    """Any tracks, in order."""
    assert decode_config(encode_config(given_tracks)) == tuple(given_tracks)


@given(st.binary(max_size=60))
def test_noise_gives_tracks_or_our_error(noise: bytes) -> None:
    """Whatever the plain text is."""
    with contextlib.suppress(HandfastError):
        decode_config(noise)


def test_values_that_do_not_fit_are_refused() -> None:
    """By name of the track, before anything is sealed."""
    wide = TrackConfig(track=0, codec=Codec.H264, clock_rate=90_000, width=70_000)
    far = TrackConfig(track=16, codec=Codec.H264, clock_rate=90_000)
    long = TrackConfig(track=0, codec=Codec.H264, clock_rate=1, extradata=bytes(65_536))
    for wrong in ([wide], [far], [long]):
        with pytest.raises(InvalidError, match="track"):
            encode_config(wrong)


def test_a_track_named_twice_is_refused() -> None:
    """A decoder could not know which one holds."""
    sound = TrackConfig(track=1, codec=Codec.OPUS, clock_rate=48_000, channels=2)
    with pytest.raises(InvalidError, match="twice"):
        encode_config([sound, sound])
