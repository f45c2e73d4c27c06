"""P6 on real processes: redacted pictures are made at the site, and open nothing clear."""

from uuid import UUID

import msgspec
import numpy as np
import pytest

from handfast.kit.encoding import b64, unb64
from handfast.media.unit_pictures import PictureSize, PlanarPicture, UnitDecoder
from handfast.media.units import VIDEO, Codec, TrackConfig
from handfast.model.media import Rendition
from handfast.protocol.signing import verify
from handfast.protocol.statements import Manifest, ManifestRun
from handfast.seal.config import decode_config
from handfast.seal.format import decode_header
from handfast.seal.identity import Envelope
from handfast.seal.open import OpenedRun
from handfast.vision.cover import LUMA
from tests.e2e.city import SCHOOL, RunningCity
from tests.e2e.officer import Answer, KnownSite, Officer, officer
from tests.e2e.waiting import CLOCK
from tests.e2e.watching import look_back, recorded_key, watching

pytestmark = pytest.mark.timeout(180)
SECOND = 1_000_000
_NEAR = 4  # what coding makes of one luma value


def pictures_of(runs: list[OpenedRun]) -> list[PlanarPicture]:
    """Decode runs that follow each other; the first one begins at a keyframe.

    A run may end amid a group of pictures: the next one goes on with the same decoder.
    """
    pictures: list[PlanarPicture] = []
    decoder: UnitDecoder | None = None
    for run in runs:
        if run.config is not None:
            (video,) = decode_config(run.config)
            config = TrackConfig(track=VIDEO, codec=Codec.H264, extradata=video.extradata)
            decoder = UnitDecoder(config, PictureSize(width=1920, height=1080))
        assert decoder is not None
        for unit in run.units:
            pictures += decoder.decode(unit.data, pts=unit.pts, received_us=0)
    return pictures


def covered_share(picture: PlanarPicture) -> float:
    """Return how much of a picture is filled solidly."""
    return float(np.mean(np.abs(picture.y.astype(int) - LUMA) <= _NEAR))


async def test_p6_redacted_by_default_a_grant_opens_its_own_rendition_only(
    city: RunningCity,
) -> None:
    """Live and recorded: pictures come covered, without the clear ones' marks or keys."""
    async with officer(city.city) as rivera:
        known = await rivera.site(SCHOOL)
        city.panel(SCHOOL, "raise")
        answer = await rivera.asks(known, rendition=Rendition.REDACTED)
        assert answer.grant.rendition is Rendition.REDACTED
        async with watching(rivera, known, answer) as view:
            await view.until(lambda: view.pictures >= 20, 60, "20 redacted pictures")
            assert view.marks == []  # the camera's own bytes are not in them
            assert {each.rendition for each in view.header.values()} == {Rendition.REDACTED}
            await view.until(lambda: bool(view.alive), 10, "a sign of life")
            assert view.alive[-1].rendition is Rendition.REDACTED
            began_us = view.arrived[0].at_us  # the camera has been recorded since then at least
            recorded_us = began_us + 7 * SECOND
            await view.until(lambda: CLOCK.now_us() > recorded_us, 10, "seven seconds")
            span = (began_us, began_us + 4 * SECOND)
            redacted = await rivera.asks(known, span_us=span, rendition=Rendition.REDACTED)
            clear = await rivera.asks(known, span_us=span)
            await shows_covered_pictures(rivera, known, redacted, span)
            await opens_nothing_clear(rivera, known, redacted, clear, span)
    city.panel(SCHOOL, "clear")


async def shows_covered_pictures(
    rivera: Officer, known: KnownSite, redacted: Answer, span: tuple[int, int]
) -> None:
    """What moves in a drawn picture, which no detector explains, is covered in each."""
    runs = await look_back(rivera, known, redacted, since_us=span[0], until_us=span[1])
    pictures = pictures_of([run.opened for run in runs])
    assert len(pictures) >= 20
    assert all(run.marks == [] for run in runs)
    shares = [round(covered_share(picture), 2) for picture in pictures]
    assert min(shares) > 0.01, shares
    assert np.mean(shares) > 0.1, shares


async def opens_nothing_clear(
    rivera: Officer,
    known: KnownSite,
    redacted: Answer,
    clear: Answer,
    span: tuple[int, int],
) -> None:
    """The keys of the redacted range derive none of the clear range, nor the other way."""
    for one, other in ((redacted, clear), (clear, redacted)):
        found = await rivera.recordings(one.grant.id, *span)
        listed = [(each["header"], each["runs"]) for each in found["open"]]
        for envelope in found["manifests"]:
            manifest = verify(
                msgspec.convert(envelope, Envelope), Manifest, trusted=known.node_keys
            )
            data = await rivera.segment_bytes(one.grant.id, manifest.segment, 0, 104)
            listed.append((b64(data), manifest.runs))
        assert listed
        for header, runs in listed:
            for run in msgspec.convert(runs, list[ManifestRun]):
                key = recorded_key(
                    other.keys,
                    decode_header(unb64(header)),
                    run,
                    camera=UUID(one.grant.camera),
                )
                assert key is None
