"""The parameter sets a video track has shown so far, and the configuration they make."""

from typing import Final, Protocol

from handfast.media import h264, h265
from handfast.media.faults import MediaFormatError
from handfast.media.units import VIDEO, Codec, TrackConfig

_MOST_SETS: Final = 32  # per kind; a camera uses one or two
_LONGEST: Final = 4096  # bytes of one set


class ParameterSets(Protocol):
    """Collects parameter sets of one track and tells when decoders must be told."""

    @property
    def damaged(self) -> int:
        """How many sets did not parse and were passed over."""
        ...

    def holds(self, nal: bytes) -> bool:
        """Tell whether a NAL unit is of a parameter set type."""
        ...

    def offer(self, nal: bytes) -> bool:
        """Take one NAL unit of a parameter set type; return whether anything changed."""
        ...

    def config(self) -> TrackConfig | None:
        """Build the configuration from all sets, or None while one is missing."""
        ...

    def reorder(self) -> int:
        """Return the reorder depth the stream states, 0 when it states none."""
        ...


class _Shelf:
    """Parameter sets by kind and id, in the order of their ids."""

    def __init__(self) -> None:
        self._sets: dict[tuple[int, int], bytes] = {}

    def has(self, nal: bytes) -> bool:
        """Tell whether exactly this set is there already."""
        return nal in self._sets.values()

    def put(self, kind: int, number: int, nal: bytes) -> bool:
        """Keep a set; returns whether it is new or differs."""
        place = kind, number
        if self._sets.get(place) == nal:
            return False
        crowded = place not in self._sets and len(self.of(kind)) >= _MOST_SETS
        if crowded or len(nal) > _LONGEST:
            raise MediaFormatError("parameter set is too long, or there are too many")
        self._sets[place] = nal
        return True

    def of(self, kind: int) -> list[bytes]:
        """Return all sets of a kind by rising id."""
        return [nal for (found, _), nal in sorted(self._sets.items()) if found == kind]


class H264Sets:
    """SPS and PPS of an H.264 track."""

    def __init__(self) -> None:
        """Begin empty; the SDP's sets are offered like those in band."""
        self._shelf = _Shelf()
        self.damaged = 0

    def holds(self, nal: bytes) -> bool:
        """Tell whether a NAL unit is an SPS or PPS."""
        return nal[0] & 31 in {h264.SPS, h264.PPS}

    def offer(self, nal: bytes) -> bool:
        """Take an SPS or PPS; return whether anything changed."""
        if self._shelf.has(nal):
            return False
        try:
            if nal[0] & 31 == h264.SPS:
                h264.parse_sps(nal)
            return self._shelf.put(nal[0] & 31, h264.parameter_set_id(nal), nal)
        except MediaFormatError:
            self.damaged += 1
            return False

    def config(self) -> TrackConfig | None:
        """Build the configuration, or None while SPS or PPS is missing."""
        sps, pps = self._shelf.of(h264.SPS), self._shelf.of(h264.PPS)
        if not sps or not pps:
            return None
        size = h264.parse_sps(sps[0])
        return TrackConfig(
            track=VIDEO,
            codec=Codec.H264,
            extradata=h264.avcc(sps[:31], pps),
            width=size.width,
            height=size.height,
        )

    def reorder(self) -> int:
        """Return the largest stated reorder depth, 0 when none is stated."""
        return max(
            (h264.parse_sps(nal).reorder or 0 for nal in self._shelf.of(h264.SPS)), default=0
        )


class H265Sets:
    """VPS, SPS and PPS of an H.265 track."""

    def __init__(self) -> None:
        """Begin empty; the SDP's sets are offered like those in band."""
        self._shelf = _Shelf()
        self.damaged = 0

    def holds(self, nal: bytes) -> bool:
        """Tell whether a NAL unit is a VPS, SPS or PPS."""
        return h265.VPS <= h265.nal_type(nal) <= h265.PPS

    def offer(self, nal: bytes) -> bool:
        """Take a VPS, SPS or PPS; return whether anything changed."""
        if self._shelf.has(nal):
            return False
        try:
            if h265.nal_type(nal) == h265.SPS:
                h265.parse_sps(nal)
            return self._shelf.put(h265.nal_type(nal), h265.parameter_set_id(nal), nal)
        except MediaFormatError:
            self.damaged += 1
            return False

    def config(self) -> TrackConfig | None:
        """Build the configuration, or None while VPS, SPS or PPS is missing."""
        vps, sps, pps = (self._shelf.of(kind) for kind in (h265.VPS, h265.SPS, h265.PPS))
        if not vps or not sps or not pps:
            return None
        size = h265.parse_sps(sps[0])
        return TrackConfig(
            track=VIDEO,
            codec=Codec.H265,
            extradata=h265.hvcc(vps, sps, pps),
            width=size.width,
            height=size.height,
        )

    def reorder(self) -> int:
        """Return the largest stated reorder depth."""
        return max((h265.parse_sps(nal).reorder for nal in self._shelf.of(h265.SPS)), default=0)
