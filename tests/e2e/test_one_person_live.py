"""P6 on real processes: one of two people of a live picture becomes clear, for one officer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from handfast.kit.encoding import b64
from handfast.media.track_notes import SCALE, TrackNote, find_tracks
from handfast.media.unit_pictures import PictureSize, PlanarPicture, UnitDecoder
from handfast.media.units import VIDEO, Codec, TrackConfig
from handfast.model.media import Rendition, TrackKind
from handfast.seal.config import decode_config
from handfast.seal.format import UnitsFrame
from handfast.vision.cover import LUMA
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.officer import Answer, KnownSite, Officer, officer
from tests.e2e.two_people import LAST, two_people
from tests.e2e.watching import Watching, watching

pytestmark = pytest.mark.timeout(300)
_NEAR = 6  # what coding makes of one luma value
_CLEAR, _COVERED = 0.5, 0.95  # shares of the middle of a box


@pytest.fixture
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCity]:
    """Run a school with two people before its last camera."""
    with two_people(tmp_path_factory.mktemp("school")) as city:
        yield city


@dataclass(frozen=True)
class Seen:
    """One picture as a viewer has it, and who is where in it."""

    picture: PlanarPicture
    people: list[TrackNote]

    def covered(self, number: int) -> float:
        """Return how much of the middle of somebody's box is filled."""
        (who,) = (each for each in self.people if each.number == number)
        height, width = self.picture.y.shape
        left, right = (edge * width // SCALE for edge in (who.left, who.right))
        top, bottom = (edge * height // SCALE for edge in (who.top, who.bottom))
        across, down = (right - left) // 4, (bottom - top) // 4
        middle = self.picture.y[top + down : bottom - down, left + across : right - across]
        return float(np.mean(np.abs(middle.astype(int) - LUMA) <= _NEAR))


def seen(view: Watching) -> list[Seen]:
    """Decode everything that a viewer could open."""
    pictures: list[Seen] = []
    decoder: UnitDecoder | None = None
    for run in view.opened():
        if run.config is not None:
            (video,) = decode_config(run.config)
            config = TrackConfig(track=VIDEO, codec=Codec.H264, extradata=video.extradata)
            decoder = UnitDecoder(config, PictureSize(width=1920, height=1080))
        assert decoder is not None
        for unit in run.units:
            people = find_tracks(unit.data) or []
            decoded = decoder.decode(unit.data, pts=unit.pts, received_us=0)
            pictures += (Seen(picture, people) for picture in decoded)
    return pictures


def in_sight(view: Watching) -> tuple[bytes, list[TrackNote]]:
    """Return who is in the newest picture, and the segment that they count in."""
    frames = (each.frame for each in reversed(view.arrived))
    frame = next(each for each in frames if isinstance(each, UnitsFrame))
    assert view.newest is not None
    return frame.segment, find_tracks(view.newest.units[-1].data) or []


@dataclass(frozen=True)
class Wish:
    """One of those in a picture."""

    track: int
    seen_in: bytes
    kind: TrackKind = TrackKind.PERSON


async def unmask(rivera: Officer, known: KnownSite, wish: Wish) -> Answer:
    """Ask for one of them."""
    return await rivera.asks(
        known,
        camera=LAST,
        rendition=Rendition.UNMASKED,
        track=wish.track,
        track_kind=wish.kind,
        seen_in=b64(wish.seen_in),
        comment="took the bicycle from the rack",
    )


async def test_p6_redacted_by_default_one_person_is_clear_live_for_one_officer(
    school: RunningCity,
) -> None:
    """The other stays covered; so do both for whoever may see nobody clear."""
    async with officer(school.city) as rivera, officer(school.city) as other:
        known = await rivera.site(SCHOOL)
        school.panel(SCHOOL, "raise")
        asked = [
            await each.asks(known, camera=LAST, rendition=Rendition.REDACTED)
            for each in (rivera, other)
        ]
        async with (
            watching(rivera, known, asked[0]) as covered,
            watching(other, known, asked[1]) as others,
        ):
            await covered.until(lambda: covered.pictures > 0, 120, "a redacted picture")
            await covered.until(lambda: len(in_sight(covered)[1]) > 1, 60, "two people")
            segment, (one, rest) = in_sight(covered)
            wish = Wish(one.number, segment)
            for wrong in (
                replace(wish, track=99),
                replace(wish, seen_in=b"another process!"),
                replace(wish, kind=TrackKind.VEHICLE),
            ):
                denied = await unmask(rivera, known, wrong)
                assert denied.decision.reason == "track-not-seen", wrong
            answer = await unmask(rivera, known, wish)
            assert (answer.grant.track, answer.entry["grant"]["track"]) == (one.number,) * 2
            async with watching(rivera, known, answer) as own:
                await own.until(lambda: own.pictures >= 10, 120, "ten pictures")
                before = others.pictures
                await others.until(lambda: others.pictures > before, 60, "others go on")
                school.panel(SCHOOL, "clear")
                await own.until(lambda: bool(own.ends), 60, "the end with the alarm")
    assert [each.reason for each in own.ends] == ["signal-not-active"]
    assert {each.rendition for each in own.header.values()} == {Rendition.UNMASKED}
    assert {each.rendition for each in others.header.values()} == {Rendition.REDACTED}
    assert not own.header.keys() & others.header.keys()
    assert not {each.period for each in own.header.values()} & {
        each.period for each in others.header.values()
    }
    pictures = seen(own)
    assert max(picture.covered(one.number) for picture in pictures) < _CLEAR
    assert min(picture.covered(rest.number) for picture in pictures) > _COVERED
    for view in (covered, others):
        shares = [each.covered(who.number) for each in seen(view) for who in each.people]
        assert min(shares) > _COVERED
