"""Bytes of a connection into pictures: the same however they arrive, never anything broken."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handfast.media.faults import CameraFaultError, FaultCode
from handfast.media.packetize import fragments
from handfast.media.rtp import interleave
from handfast.media.units import Codec
from tests.unit.media.rig import (
    H265_SETS,
    LARGE_SPS,
    PPS,
    SPS,
    Bench,
    Packets,
    aggregate,
    delta_nals,
    joined,
    key_nals,
    noise,
)

GROUP = 5


def pictures(count: int) -> list[list[bytes]]:
    """Return made-up pictures, every fifth a key picture."""
    return [delta_nals(n) if n % GROUP else key_nals(n) for n in range(count)]


def stream(count: int, packets: Packets | None = None) -> list[bytes]:
    """Return the packets of made-up pictures, 3600 ticks apart."""
    packets = packets or Packets()
    made = [packets.picture(nals, 3600 * n) for n, nals in enumerate(pictures(count))]
    return [packet for picture in made for packet in picture]


@given(st.lists(st.integers(1, 2000), max_size=40))
def test_the_way_bytes_are_cut_changes_nothing(chunks: list[int]) -> None:
    """However the network divides the stream, the same pictures come out."""
    bench = Bench()
    bench.feed(b"".join(stream(12)), chunks)
    assert [unit.data for unit in bench.units] == [joined(nals) for nals in pictures(12)]
    assert [unit.key for unit in bench.units] == [n % GROUP == 0 for n in range(12)]
    assert [unit.pts - bench.units[0].pts for unit in bench.units] == [
        3600 * n for n in range(12)
    ]
    assert all(unit.dts == unit.pts for unit in bench.units)
    assert bench.counters.lost_packets == bench.counters.damaged == 0
    assert bench.counters.packets == len(stream(12))


@pytest.mark.parametrize(
    ("codec", "begin", "header"),
    [
        (Codec.H264, key_nals(0), b"\x7c\x05"),
        (Codec.H265, [*H265_SETS, b"\x26\x01" + noise(0, 40)], b"\x62\x01\x13"),
    ],
)
@given(
    st.lists(st.sampled_from((1, 7, 200, 201)), min_size=2, max_size=30),
    st.lists(st.integers(1, 900), max_size=8),
)
def test_fragments_may_be_of_any_length(
    codec: Codec, begin: list[bytes], header: bytes, lengths: list[int], chunks: list[int]
) -> None:
    """Rows of one length take a short way; the picture is the same without it."""
    packets = Packets()
    data = b"".join(packets.picture(begin, 0, codec))
    bodies = [noise(number, length) for number, length in enumerate(lengths)]
    for number, body in enumerate(bodies):
        last = number == len(bodies) - 1
        ends = (0x80 if number == 0 else 0) | (0x40 if last else 0)
        head = header[:-1] + bytes((header[-1] | ends,))
        data += packets.packet(head + body, 3600, marker=last)
    bench = Bench(codec)
    bench.feed(data, chunks)
    nal = (b"\x65" if codec is Codec.H264 else b"\x26\x01") + b"".join(bodies)
    assert [unit.data for unit in bench.units] == [joined(begin), joined([nal])]
    assert [unit.key for unit in bench.units] == [True, True]
    assert bench.counters.losses == bench.counters.damaged == 0


@given(st.sets(st.integers(0, 79)), st.lists(st.integers(1, 3000), max_size=8))
@example(set(range(4)), [])
def test_after_a_loss_nothing_goes_out_until_the_next_key_picture(
    dropped: set[int], chunks: list[int]
) -> None:
    """Every picture that goes out is whole, and so is everything it builds on."""
    packets = Packets()
    made = [packets.picture(nals, 3600 * n) for n, nals in enumerate(pictures(20))]
    bench, number, whole = Bench(), 0, []
    sent = b""
    for picture in made:
        places = range(number, number + len(picture))
        number += len(picture)
        whole.append(not dropped & set(places))
        sent += b"".join(
            part for place, part in zip(places, picture, strict=True) if place not in dropped
        )
    bench.feed(sent, chunks)
    originals = {joined(nals): n for n, nals in enumerate(pictures(20))}
    out = [originals[unit.data] for unit in bench.units]
    assert out == sorted(set(out))
    for n in out:
        group = range(n - n % GROUP, n + 1)
        assert all(whole[each] for each in group)
    if not dropped:
        assert out == list(range(20))


def test_one_lost_packet_costs_the_rest_of_its_group_and_no_more() -> None:
    """The group after it is complete."""
    parts = stream(15)
    bench = Bench()
    per_group = len(stream(5))
    del parts[per_group - 1]
    bench.feed(b"".join(parts))
    assert len(bench.units) == 4 + 5  # the second group's start cannot be trusted
    assert bench.counters.lost_packets == 1
    assert bench.counters.losses == 1
    assert bench.counters.dropped_units > 0
    assert bench.demux.video is not None
    assert bench.demux.video.gate.wants_key


def test_packets_that_come_twice_are_counted_and_dropped() -> None:
    """A duplicate changes no picture."""
    parts = stream(6)
    doubled = [part for part in parts for _ in range(2)]
    bench = Bench()
    bench.feed(b"".join(doubled))
    assert [unit.data for unit in bench.units] == [joined(nals) for nals in pictures(6)]
    assert bench.counters.duplicates == len(parts)


def test_a_camera_that_counts_anew_is_believed_in_the_end() -> None:
    """Numbers that stay in the past are a restart, not a hundred duplicates."""
    bench = Bench()
    bench.feed(b"".join(stream(5, Packets(sequence=40_000))))
    packets = Packets(sequence=100)
    later = [packets.picture(nals, 20_000 + 3600 * n) for n, nals in enumerate(pictures(60))]
    bench.feed(b"".join(part for picture in later for part in picture))
    assert len(bench.units) > 30


def test_another_source_is_believed_after_two_packets_in_sequence() -> None:
    """A camera that restarts its encoder changes SSRC and timestamps; decoders are told."""
    bench = Bench()
    bench.feed(b"".join(stream(5)))
    bench.feed(b"".join(stream(10, Packets(ssrc=99, sequence=3))))
    assert len(bench.configs) == 2
    assert bench.units[5].key
    assert len(bench.units) == 5 + 5


def test_noise_of_strange_sources_moves_nothing() -> None:
    """One packet of a source nobody knows is not a new source."""
    packets = Packets()
    bench = Bench()
    for n, nals in enumerate(pictures(10)):
        bench.feed(b"".join(packets.picture(nals, 3600 * n)))
        strange = Packets(ssrc=1000 + n, sequence=77 * n)
        bench.feed(strange.packet(noise(n, 40), 5, marker=True))
    assert len(bench.units) == 10
    assert bench.counters.unexpected == 10


def test_a_missing_marker_is_made_up_for_by_the_next_timestamp() -> None:
    """Some cameras never set the marker bit."""
    packets = Packets()
    parts = [
        packets.packet(payload, 3600 * n, marker=False)
        for n, nals in enumerate(pictures(6))
        for payload in nals
    ]
    bench = Bench()
    bench.feed(b"".join(parts))
    assert [unit.data for unit in bench.units] == [joined(nals) for nals in pictures(5)]


def test_parameter_sets_with_a_marker_of_their_own_join_the_picture_after_them() -> None:
    """Some cameras end every NAL unit with the marker."""
    packets = Packets()
    bench = Bench()
    key = key_nals(0)
    bench.feed(packets.packet(SPS, 0, marker=True) + packets.packet(PPS, 0, marker=True))
    bench.feed(b"".join(packets.picture(key[2:], 0)))
    assert [unit.data for unit in bench.units] == [joined(key)]


def test_aggregated_parameter_sets_are_taken_apart() -> None:
    """STAP-A (RFC 6184 section 5.7.1)."""
    packets = Packets()
    bench = Bench()
    bench.feed(packets.packet(aggregate(Codec.H264, [SPS, PPS]), 0, marker=False))
    bench.feed(b"".join(packets.picture(key_nals(0)[2:], 0)))
    assert [unit.data for unit in bench.units] == [joined(key_nals(0))]
    ((config,),) = bench.configs
    assert (config.width, config.height) == (320, 180)


def test_padding_extensions_and_contributors_are_passed_over() -> None:
    """The payload begins after CSRCs and extension and ends before the padding."""
    packets = Packets()
    bench = Bench()
    nals = [*key_nals(0)[:2], b"\x65\x88" + noise(0, 100)]
    csrc, extension, padding = b"\0\0\0\1", b"\xbe\xde\0\1abcd", b"\0\0\3"
    for n, nal in enumerate(nals):
        body = csrc + extension + nal + padding
        bench.feed(packets.packet(body, 0, marker=n == 2, first=0x80 | 0x20 | 0x10 | 1))
    assert [unit.data for unit in bench.units] == [joined(nals)]


def test_new_parameter_sets_are_told_before_the_picture_that_needs_them() -> None:
    """A camera whose size is changed while it plays."""
    packets = Packets()
    bench = Bench()
    bench.feed(b"".join(packets.picture(key_nals(0), 0)))
    bench.feed(b"".join(packets.picture(delta_nals(1), 3600)))
    nals = [LARGE_SPS, PPS, b"\x65\x88" + noise(2, 500)]
    bench.feed(b"".join(packets.picture(nals, 7200)))
    assert len(bench.configs) == 2
    assert LARGE_SPS in bench.configs[1][0].extradata
    assert len(bench.units) == 3


def test_answers_between_the_pictures_are_found() -> None:
    """Keep-alive answers travel on the same connection."""
    parts = stream(6)
    answer = b"RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n"
    bench = Bench()
    bench.feed(answer.join(parts), [700] * 20)
    assert len(bench.units) == 6
    assert len(bench.messages) == len(parts) - 1


def test_garbage_between_frames_costs_only_itself() -> None:
    """The reader finds the next frame again."""
    parts = stream(6)
    bench = Bench()
    bench.feed(parts[0] + b"\0\1\2garbage" + b"".join(parts[1:]))
    assert len(bench.units) == 6
    assert bench.counters.noise_bytes > 0


def test_ten_thousand_packets_of_noise_end_the_attempt() -> None:
    """A flood is counted, and given up with a reason."""
    bench = Bench()
    bench.feed(b"".join(stream(5)))
    flood = b"".join(interleave(0, noise(n, 60)) for n in range(10_000))
    with pytest.raises(CameraFaultError, match="noise: 2001 useless packets") as caught:
        bench.feed(flood)
    assert caught.value.code is FaultCode.NOISE
    assert bench.counters.damaged + bench.counters.unexpected > 1000
    assert len(bench.units) == 5


def test_a_picture_beyond_all_measure_is_dropped() -> None:
    """Memory per camera is bounded, whatever it sends."""
    packets = Packets()
    bench = Bench()
    body = bytes(1000)
    begin = packets.packet(b"\x7c\x85" + body, 0, marker=False)
    bench.feed(begin)
    for _ in range(50):
        more = [packets.packet(b"\x7c\x05" + body, 0, marker=False) for _ in range(100)]
        bench.feed(b"".join(more))
    assert bench.units == []
    assert bench.waiting < 2000
    bench.feed(b"".join(packets.picture(key_nals(0), 3600)))
    bench.feed(b"".join(packets.picture(key_nals(1), 7200)))
    assert bench.units[-1].data == joined(key_nals(1))


@given(st.binary(max_size=4000), st.lists(st.integers(1, 300), max_size=20))
def test_any_bytes_raise_nothing_but_our_errors(data: bytes, chunks: list[int]) -> None:
    """A camera cannot crash the reader."""
    bench = Bench()
    with contextlib.suppress(CameraFaultError):
        bench.feed(data, chunks)
        bench.feed(b"$\0" + len(data).to_bytes(2, "big") + data)
    assert bench.waiting < 70_000


@given(
    st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), max_size=60),
    st.sampled_from([Codec.H264, Codec.H265]),
)
def test_any_payloads_raise_nothing_but_our_errors(
    payloads: list[tuple[int, bytes]], codec: Codec
) -> None:
    """Fragments without a start, aggregates that lie about lengths, empty packets."""
    packets = Packets()
    bench = Bench(codec)
    heads = [b"\x7c", b"\x78", b"\x65", b"\x67", b"\x62\x01", b"\x60\x01", b"\x42\x01"]
    for flags, payload in payloads:
        body = heads[flags % len(heads)] + payload
        bench.feed(packets.packet(body, flags >> 4, marker=flags & 8 != 0))
    assert bench.waiting == 0


@given(st.integers(3, 400))
def test_h265_fragments_and_aggregates_make_the_same_picture(most: int) -> None:
    """AP and FU (RFC 7798 sections 4.4.2 and 4.4.3), whatever the packet size."""
    picture = b"\x26\x01" + noise(4, 1200)
    packets = Packets()
    bench = Bench(Codec.H265)
    bench.feed(packets.packet(aggregate(Codec.H265, H265_SETS), 0, marker=False))
    parts = list(fragments(Codec.H265, picture, most=most + 3))
    for place, part in enumerate(parts):
        bench.feed(packets.packet(part, 0, marker=place == len(parts) - 1))
    (unit,) = bench.units
    assert unit.data == joined([*H265_SETS, picture])
    ((config,),) = bench.configs
    assert (config.codec, config.width, config.height) == (Codec.H265, 320, 180)


def test_leading_pictures_of_the_first_key_picture_are_left_out() -> None:
    """They build on pictures that came before we listened (H.265 open groups)."""
    packets = Packets()
    bench = Bench(Codec.H265)
    key = [*H265_SETS, b"\x2a\x01" + noise(1, 90)]
    for nals, timestamp in (
        (key, 7200),
        ([b"\x10\x01" + noise(2, 50)], 3600),
        ([b"\x02\x01" + noise(3, 50)], 10_800),
    ):
        bench.feed(b"".join(packets.picture(nals, timestamp, Codec.H265)))
    assert [unit.data[4] for unit in bench.units] == [0x40, 0x02]
    assert bench.counters.dropped_units == 1
    assert bench.counters.losses == 0
