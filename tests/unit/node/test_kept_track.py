"""A live picture in which one track stays clear: made beside that of all, never instead."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from handfast.media.feed import RunStarted, SegmentOpened, UnitCopied, UnitsSealed
from handfast.media.periods import PeriodMint
from handfast.media.recorder import Recorder
from handfast.media.recording import RecorderParts, SegmentPolicy
from handfast.media.track_notes import find_tracks
from handfast.media.unit_pictures import PictureSize, PlanarPicture, UnitDecoder
from handfast.media.units import VIDEO, Codec, KeptTrack, StreamKey, TrackConfig
from handfast.media.writer import Volume, WritePolicy
from handfast.model.media import Rendition, TrackKind
from handfast.node.redaction.engine import settings_of
from handfast.node.redaction.kept_rendition import NOT_SEEN
from handfast.node.redaction.live_rendition import LiveRendition, Shown
from handfast.node.redaction.orders import Area, CameraRedaction, Covers, Making
from handfast.seal.config import decode_config
from handfast.seal.format import SegmentHeader, decode_header
from handfast.seal.keytree import LeafWalker, run_key, stream_label
from handfast.seal.open import OpenedRun, OpenError, open_run
from handfast.vision.boxes import Box, Detection
from handfast.vision.redactor import Redactor
from tests.fakes.recording import CollectedFeed, MemoryPeriods
from tests.fakes.steady import CountingIds, HandClock
from tests.unit.node.filmed import LOUD, STEP, Camera
from tests.unit.vision.drawn import SeeingDetector, person

SIZE = PictureSize(width=320, height=240)
CLEAR = StreamKey(UUID(int=5))
REDACTED = CLEAR.redacted
ANNA, BEN = person(60, 100), person(220, 100)
ZONE = Area(points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)))  # Anna stands in it


def kept(track: int, *, grant: str = "grant", kind: TrackKind | None = None) -> StreamKey:
    """Name the stream in which a grant leaves one track clear."""
    who = KeptTrack(grant, track, kind, b"s" * 16)
    return StreamKey(CLEAR.camera, "main", Rendition.UNMASKED, who)


@dataclass(frozen=True)
class Seen:
    """One picture as a viewer of a stream sees it."""

    picture: PlanarPicture
    tracks: tuple[int, ...]

    def shows(self, who: Box) -> bool:
        """Tell whether somebody can be seen; in between is neither."""
        left, top, right, bottom = (int(edge) for edge in who)
        middle = self.picture.y[top + 8 : bottom - 8, left + 6 : right - 6].astype(int)
        is_loud = bool((abs(middle - LOUD) < 25).mean() > 0.9)
        assert is_loud or (abs(middle - LOUD) > 60).all()
        return is_loud


class Street:
    """A camera, its live rendition, and what is sealed of it."""

    def __init__(self, scratch: Path, *, children: tuple[Area, ...] = ()) -> None:
        """Begin with nobody in sight."""
        self.clock, ids = HandClock(), CountingIds()
        self.camera = Camera(CLEAR, self.clock)
        self.periods, self.feed = MemoryPeriods(ids), CollectedFeed()
        self.mint = PeriodMint(self.periods, clock=self.clock)
        redaction = CameraRedaction(
            covers=frozenset({Covers.PERSONS}), fixed=False, children=children
        )
        parts = RecorderParts(
            owner=UUID(int=1),
            clock=self.clock,
            ids=ids,
            mint=self.mint,
            feed=self.feed,
            policy=SegmentPolicy(),
            ask_keyframe=self._want_key,
        )
        self.scratch = scratch
        volume = Volume(scratch, clock=self.clock, policy=WritePolicy(lane_bytes=0))
        self.recorder = Recorder(parts, volumes={scratch: volume})
        making = Making(stream=REDACTED, owner=UUID(int=1), how=redaction)
        redactor = Redactor(
            settings_of(redaction), [SeeingDetector(lambda: self.camera.people)]
        )
        self.rendition = LiveRendition(making, redactor, self.recorder, clock=self.clock)
        self._add(REDACTED)

    def _want_key(self, stream: StreamKey) -> None:
        self.rendition.want_key(stream)

    def _add(self, stream: StreamKey) -> None:
        self.recorder.add(stream, root=self.scratch)
        if stream.kept is not None:
            self.rendition.keep(stream, stream.kept)
        self.mint.step()
        self.recorder.attach(stream)

    def keep(self, stream: StreamKey) -> None:
        """Make one more stream, in which one track is clear."""
        self._add(stream)

    def shows(self, *people: Detection, pictures: int = 5) -> Shown:
        """Let the camera film."""
        self.camera.people = list(people)
        shown = None
        for _ in range(pictures):
            shown = self.rendition.take(self.camera.picture()) or shown
        assert shown is not None
        return shown

    def seen(self, stream: StreamKey) -> list[Seen]:
        """Open and decode all that was sealed of a stream, with the keys of its own periods."""
        pictures = []
        decoder: UnitDecoder | None = None
        for run in self._runs(stream):
            if run.config is not None:
                decoder = UnitDecoder(_video(run.config), SIZE)
            assert decoder is not None
            for unit in run.units:
                for picture in decoder.decode(unit.data, pts=unit.pts, received_us=0):
                    numbers = tuple(each.number for each in find_tracks(unit.data) or ())
                    pictures.append(Seen(picture, numbers))
        return pictures

    def _runs(self, stream: StreamKey) -> list[OpenedRun]:
        return [
            open_run(header, data, _key(self.periods.root(header.period), header, started))
            for header, started, data in self.sealed(stream)
        ]

    def sealed(self, stream: StreamKey) -> list[tuple[SegmentHeader, RunStarted, bytes]]:
        """Return what was sealed of a stream: each run with its segment's header."""
        headers, runs, units = {}, [], dict[tuple[bytes, int], bytes]()
        for event in self.feed.events:
            match event:
                case SegmentOpened() if event.stream == stream:
                    header = decode_header(event.header)
                    headers[header.segment] = header
                case RunStarted() if event.stream == stream and not event.catch_up:
                    runs.append(event)
                    units[event.segment, event.run] = event.record
                case UnitsSealed() if event.stream == stream and not event.catch_up:
                    units[event.segment, event.run] += event.records
                case _:
                    pass
        return [(headers[e.segment], e, units[e.segment, e.run]) for e in runs]


def _key(root: bytes, header: SegmentHeader, run: RunStarted) -> bytes:
    label = stream_label(header.camera, header.stream.code, header.rendition.code)
    return run_key(LeafWalker(root).leaf(run.leaf), label, run.segment, run.run)


def _video(config: bytes) -> TrackConfig:
    (track,) = decode_config(config)
    return TrackConfig(
        track=VIDEO, codec=Codec.H264, extradata=track.extradata, width=320, height=240
    )


def test_p6_redacted_by_default_one_track_is_clear_live_and_only_for_its_grant(
    tmp_path: Path,
) -> None:
    """Whoever looks at the covered picture sees nobody, before, meanwhile and after."""
    street = Street(tmp_path)
    street.shows(ANNA, BEN, pictures=12)
    annas = kept(1)
    street.keep(annas)
    street.shows(ANNA, BEN, pictures=12)
    street.rendition.drop(annas)
    street.recorder.remove(annas)
    street.shows(ANNA, BEN, pictures=5)
    for_all, for_one = street.seen(REDACTED), street.seen(annas)
    assert len(for_all) == 29
    assert not any(each.shows(ANNA.box) or each.shows(BEN.box) for each in for_all)
    assert len(for_one) == 12
    assert all(each.shows(ANNA.box) and not each.shows(BEN.box) for each in for_one)


def test_p6_redacted_by_default_each_grant_has_keys_of_its_own(tmp_path: Path) -> None:
    """Roots of the covered picture, and of another grant's, open nothing of it."""
    street = Street(tmp_path)
    street.shows(ANNA, BEN)
    streams = (kept(1, grant="one"), kept(1, grant="two"))
    for stream in streams:
        street.keep(stream)
    street.shows(ANNA, BEN)
    whose = {stream: street.sealed(stream) for stream in (REDACTED, *streams)}
    assert len({runs[0][0].period for runs in whose.values()}) == 3
    for stream in streams:
        others = {runs[0][0].period for other, runs in whose.items() if other != stream}
        for header, run, data in whose[stream]:
            assert header.rendition is Rendition.UNMASKED
            for period in others:
                with pytest.raises(OpenError):
                    open_run(header, data, _key(street.periods.root(period), header, run))


@pytest.mark.parametrize("track", [3, 99])
def test_p6_redacted_by_default_a_number_yet_to_come_unmasks_nobody(
    track: int, tmp_path: Path
) -> None:
    """Nobody can ask for whoever appears next."""
    street = Street(tmp_path)
    street.shows(ANNA)
    street.keep(kept(track))
    street.shows(ANNA)
    street.shows(ANNA, BEN)
    street.shows(ANNA, BEN, person(140, 30))
    last = street.seen(kept(track))[-1]
    assert 3 in last.tracks
    assert not any(
        each.shows(who.box) for each in street.seen(kept(track)) for who in (ANNA, BEN)
    )
    assert not last.shows(person(140, 30).box)


def test_whoever_is_lost_is_covered_when_they_come_back(tmp_path: Path) -> None:
    """The tile says so; a track that ended never comes back, whoever stands there."""
    street = Street(tmp_path)
    street.shows(ANNA, BEN)
    street.keep(kept(1))
    assert street.shows(ANNA, BEN).of_kept[0].reason == ""
    state = street.shows(BEN, pictures=100).of_kept[0]
    assert (state.state, state.reason) == ("more", NOT_SEEN)
    street.shows(ANNA, BEN, pictures=10)
    last = street.seen(kept(1))[-1]
    assert len(last.tracks) == 2
    assert not last.shows(ANNA.box)
    assert not last.shows(BEN.box)


def test_what_is_of_another_kind_stays_covered(tmp_path: Path) -> None:
    """A right to see a vehicle opens no person."""
    street = Street(tmp_path)
    street.shows(ANNA)
    street.keep(kept(1, kind=TrackKind.VEHICLE))
    street.keep(kept(1, kind=TrackKind.PERSON))
    street.shows(ANNA)
    assert not any(
        each.shows(ANNA.box) for each in street.seen(kept(1, kind=TrackKind.VEHICLE))
    )
    assert all(each.shows(ANNA.box) for each in street.seen(kept(1, kind=TrackKind.PERSON)))


def test_in_doubt_the_kept_picture_is_covered_whole_as_well(tmp_path: Path) -> None:
    """A damaged unit covers everybody for every viewer."""
    street = Street(tmp_path)
    street.shows(ANNA)
    street.keep(kept(1))
    street.shows(ANNA, pictures=2)
    done = street.shows(ANNA, pictures=2)
    assert done.of_kept[0].state == "normal"
    broken = UnitCopied(
        stream=CLEAR,
        config=None,
        key=False,
        pts=100 * STEP,
        dts=100 * STEP,
        data=b"\0\0\0\x05\x41\xff\xff\xff\xff",
        received_us=street.clock.now_us(),
    )
    street.rendition.take(broken)
    done = street.shows(ANNA, pictures=1)
    assert (done.done.state, done.of_kept[0].state) == ("whole", "whole")
    assert not street.seen(kept(1))[-1].shows(ANNA.box)


def test_two_approvals_open_a_childrens_zone(tmp_path: Path) -> None:
    """The node asked two persons before it let this stream begin."""
    street = Street(tmp_path, children=(ZONE,))
    street.shows(ANNA, BEN)
    street.keep(kept(1))
    street.shows(ANNA, BEN)
    assert all(each.shows(ANNA.box) for each in street.seen(kept(1)))
    assert not any(each.shows(BEN.box) for each in street.seen(kept(1)))
