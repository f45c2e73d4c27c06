"""`handfast redact --review` and `--edits`: what a person changes is what is covered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from litestar import Litestar
from litestar.testing import TestClient

from handfast.cli.main import main
from handfast.cli.redact.edits import ClearTrack, DrawnBox, Edits, Keyframe
from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.kept_review import read_review, review_path, reviewed_of
from handfast.cli.redact.report import Report
from handfast.cli.redact.review.desk import Desk
from handfast.cli.redact.review.export import Export
from handfast.cli.redact.review.open import begin_review
from handfast.cli.redact.review.pages import Room, review_app
from handfast.cli.redact.review.scan import Scan, scan
from handfast.cli.redact.review.stills import Stills
from handfast.kit.clock import SystemClock
from handfast.kit.errors import ConflictError, InvalidError
from handfast.media.encode import EncodeSettings, drawn_pictures, encode
from handfast.media.picture_reader import PictureReader
from handfast.media.pictures import DecodedPicture
from handfast.vision.cover import LUMA
from handfast.vision.settings import Settings
from tests.fakes.steady import HandClock
from tests.unit.vision.drawn import ScriptedDetector, person

COUNT, WIDTH, HEIGHT = 30, 320, 240
TWO = [person(64, 100), person(200, 100)]
TOKEN, PORT = "secret", 4711
HERE, THERE = (0.0, 0.0, 0.2, 0.2), (0.5, 0.0, 0.7, 0.2)
API = "/api/v1/review"


def wandering(first: int = 5, last: int = 25) -> DrawnBox:
    """Return a box that goes from the left to the middle."""
    keys = (Keyframe(at=first, box=HERE), Keyframe(at=last, box=THERE))
    return DrawnBox(id=1, first=first, last=last, keys=keys)


@pytest.fixture(scope="module")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A short film of moving stripes, encoded once."""
    made = tmp_path_factory.mktemp("stripes") / "yard.mp4"
    settings = EncodeSettings(width=WIDTH, height=HEIGHT, bitrate_bps=2_000_000, gop=10)
    encode(drawn_pictures(WIDTH, HEIGHT, COUNT), made, settings)
    return made.read_bytes()


@pytest.fixture
def film(tmp_path: Path, stripes: bytes) -> Film:
    """A film of one's own for each test, to be reviewed."""
    source = tmp_path / "yard.mp4"
    source.write_bytes(stripes)
    return Film(source=source, target=tmp_path / "out.mp4", settings=Settings())


def seen(film: Film) -> Scan:
    """Run the engine with a detector that always finds the same two."""
    return scan(film, [ScriptedDetector([TWO])], lambda _pictures, _share: None)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory, stripes: bytes) -> Scan:
    """What the engine saw, which no test changes; of a film with the default settings."""
    source = tmp_path_factory.mktemp("scanned") / "yard.mp4"
    source.write_bytes(stripes)
    return seen(Film(source=source, target=source.with_name("out.mp4"), settings=Settings()))


def exported(film: Film, edits: Edits) -> Report:
    """Redact as `--edits` does."""
    reviewed = reviewed_of(msgspec.structs.replace(begin_review(film), edits=edits))
    detectors = [ScriptedDetector([TWO])]
    return redact_film(replace(film, reviewed=reviewed), detectors, lambda _count, _share: None)


def pictures(path: Path) -> list[DecodedPicture]:
    """Read every picture of a film."""
    with PictureReader(path) as reader:
        return [each for each in reader.read() if isinstance(each, DecodedPicture)]


def is_grey(picture: DecodedPicture, box: Sequence[float]) -> bool:
    """Tell whether a place, in shares of the picture, is covered."""
    left, top, right, bottom = (
        round(edge * size) for edge, size in zip(box, (WIDTH, HEIGHT) * 2, strict=True)
    )
    return bool(np.abs(picture.y[top:bottom, left:right].astype(int) - LUMA).max() < 12)


def test_a_box_stands_at_its_keyframes_and_moves_evenly_between() -> None:
    """Before its first picture and after its last there is none."""
    box = wandering()
    assert [box.at(each) for each in (4, 5, 25, 26)] == [None, HERE, THERE, None]
    middle = box.at(15)
    assert middle is not None
    assert np.allclose(middle, (0.25, 0.0, 0.45, 0.2))


def test_a_box_stands_still_beyond_its_keyframes() -> None:
    """From its first picture, and to its last."""
    box = msgspec.structs.replace(wandering(), first=0, last=29)
    assert (box.at(0), box.at(29)) == (HERE, THERE)


@given(some.integers(5, 25))
def test_a_box_never_leaves_what_its_keyframes_span(picture: int) -> None:
    """Interpolation makes nothing up."""
    place = wandering().at(picture)
    assert place is not None
    assert HERE[0] <= place[0] <= THERE[0]
    assert place[2] - place[0] == pytest.approx(0.2)


@pytest.mark.parametrize(
    "box",
    [
        DrawnBox(id=1, first=0, last=9, keys=()),
        DrawnBox(id=1, first=5, last=9, keys=(Keyframe(at=4, box=HERE),)),
        DrawnBox(id=1, first=0, last=9, keys=(Keyframe(at=1, box=HERE),) * 2),
        DrawnBox(id=1, first=0, last=9, keys=(Keyframe(at=1, box=(0.2, 0, 0.2, 1)),)),
        DrawnBox(id=1, first=0, last=9, keys=(Keyframe(at=1, box=(0.2, 0, 1.2, 1)),)),
        DrawnBox(id=1, first=0, last=9, keys=(Keyframe(at=1, box=(float("nan"), 0, 1, 1)),)),
    ],
)
def test_a_box_that_no_page_draws_is_refused(box: DrawnBox) -> None:
    """Without keyframes, with some outside or twice, without area, beyond the picture."""
    with pytest.raises(InvalidError):
        Edits(boxes=(box,)).check()


def test_a_drawn_box_is_covered_where_it_is_between_its_keyframes(film: Film) -> None:
    """In the written file, and nowhere near before it begins."""
    film = replace(film, settings=Settings(motion=False))
    exported(film, Edits(boxes=(wandering(),)))
    written = pictures(film.target)
    assert is_grey(written[5], HERE)
    assert is_grey(written[15], (0.26, 0.0, 0.44, 0.19))
    assert not is_grey(written[15], HERE)
    assert not is_grey(written[4], HERE)


def test_a_drawn_box_covers_whoever_stays_clear(film: Film) -> None:
    """Somebody wants it covered, whatever else is allowed."""
    film = replace(film, settings=Settings(motion=False))
    (one, _) = seen(film).tracks
    clear = ClearTrack(track=one.track, kind=one.kind, since_us=one.since_us)
    whole = DrawnBox(id=1, first=0, last=9, keys=(Keyframe(at=0, box=(0.1, 0.3, 0.4, 0.8)),))
    exported(film, Edits(boxes=(whole,), clear=(clear,)))
    written = pictures(film.target)
    place = (64 / WIDTH, 100 / HEIGHT, 88 / WIDTH, 160 / HEIGHT)
    assert is_grey(written[5], place)
    assert not all(is_grey(each, place) for each in written[10:])


@pytest.mark.parametrize("motion", [True, False])
def test_the_page_shows_what_an_export_covers(film: Film, *, motion: bool) -> None:
    """As large in every picture, with boxes drawn and a person left clear."""
    film = replace(film, settings=Settings(motion=motion))
    scanned = seen(film)
    (one, _) = scanned.tracks
    clear = ClearTrack(track=one.track, kind=one.kind, since_us=one.since_us)
    edits = Edits(boxes=(wandering(),), clear=(clear,))
    report = exported(film, edits)
    for number, frame in enumerate(report.frames):
        area = sum((r - x) * (b - y) for x, y, r, b in scanned.covered(number, edits))
        assert round(area / (WIDTH * HEIGHT), 4) == frame.share


def test_the_same_edits_give_the_same_bytes(film: Film) -> None:
    """Whoever has film and review can do it again."""
    edits = Edits(boxes=(wandering(),))
    first = exported(film, edits)
    again = exported(film, edits)
    assert first.target.sha256 == again.target.sha256
    assert first.reviewed is not None
    assert first.reviewed.edits == edits


def test_a_track_that_is_another_one_is_not_left_clear(film: Film) -> None:
    """Numbers may differ where the engine runs on another machine."""
    clear = ClearTrack(track=1, kind="face", since_us=0)
    with pytest.raises(ConflictError, match="another one"):
        exported(film, Edits(clear=(clear,)))
    assert not film.target.exists()


def test_a_review_is_continued_where_it_was_left(film: Film, scanned: Scan) -> None:
    """The file beside the result is all it takes."""
    review = begin_review(film)
    desk = Desk(review, scanned, path=review_path(film.target), clock=HandClock())
    edits = Edits(boxes=(wandering(),))
    assert desk.change(0, edits) == 1
    assert begin_review(film).edits == edits


def test_a_review_of_a_film_that_changed_is_refused(film: Film) -> None:
    """With both hashes, and nothing overwritten."""
    review = begin_review(film)
    with film.source.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ConflictError, match="the film was changed"):
        begin_review(film)
    assert read_review(review_path(film.target)) == review


def test_a_film_that_changes_during_an_export_gives_no_file(film: Film) -> None:
    """What was reviewed is no longer what was read."""
    reviewed = reviewed_of(begin_review(film))

    def change(count: int, _share: float | None) -> None:
        if count == COUNT:
            with film.source.open("ab") as file:
                file.write(b"\0")

    with pytest.raises(ConflictError, match="has changed"):
        redact_film(replace(film, reviewed=reviewed), [ScriptedDetector([TWO])], change)
    assert not film.target.exists()


def test_a_review_with_other_options_is_refused(film: Film) -> None:
    """Tracks would have other numbers."""
    begin_review(film)
    with pytest.raises(ConflictError, match="every"):
        begin_review(replace(film, settings=Settings(every=4)))


def test_a_change_takes_an_approval_back(film: Film, scanned: Scan) -> None:
    """Nobody answers for what they have not seen."""
    path = review_path(film.target)
    desk = Desk(begin_review(film), scanned, path=path, clock=HandClock())
    desk.approve(0, "  Maija   Virta ")
    approval = read_review(path).approval
    assert approval is not None
    assert approval.by == "Maija Virta"
    desk.change(0, Edits(boxes=(wandering(),)))
    assert read_review(path).approval is None


def test_two_windows_do_not_overwrite_each_other(film: Film, scanned: Scan) -> None:
    """The later one is told to look again, also when it approves."""
    path = review_path(film.target)
    desk = Desk(begin_review(film), scanned, path=path, clock=HandClock())
    desk.change(0, Edits(boxes=(wandering(),)))
    with pytest.raises(ConflictError, match="another window"):
        desk.change(0, Edits())
    with pytest.raises(ConflictError, match="another window"):
        desk.approve(0, "Maija Virta")


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "x" * 201])
def test_nobody_approves_without_a_name(film: Film, scanned: Scan, name: str) -> None:
    """Nor with one that is none."""
    path = review_path(film.target)
    desk = Desk(begin_review(film), scanned, path=path, clock=HandClock())
    with pytest.raises(InvalidError):
        desk.approve(0, name)


def test_a_box_beyond_the_films_end_is_refused(film: Film, scanned: Scan) -> None:
    """The page would not draw it."""
    path = review_path(film.target)
    desk = Desk(begin_review(film), scanned, path=path, clock=HandClock())
    with pytest.raises(InvalidError, match="longer than the film"):
        desk.change(0, Edits(boxes=(wandering(last=COUNT),)))


def test_a_review_with_a_word_too_many_in_its_edits_is_refused(film: Film) -> None:
    """A misspelt key must not silently uncover anybody."""
    review = msgspec.to_builtins(begin_review(film))
    review["edits"]["boxs"] = []
    path = review_path(film.target)
    path.write_bytes(msgspec.json.encode(review))
    with pytest.raises(InvalidError, match="boxs"):
        read_review(path)


@pytest.mark.parametrize(
    "words", [["--review", "--keep", "track=1"], ["--edits", "/nowhere.json"]]
)
def test_a_command_line_that_makes_no_sense_is_refused(
    film: Film, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """With one sentence and status 2, before anything is written."""
    assert main(["redact", str(film.source), str(film.target), *words]) == 2
    assert capsys.readouterr().err.startswith("handfast: ")
    assert not film.target.exists()


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A review behind its server."""

    client: TestClient[Litestar]
    room: Room
    film: Film


@pytest.fixture
def served(film: Film, scanned: Scan) -> Iterator[Served]:
    """Serve a review to a client that has the link."""
    desk = Desk(begin_review(film), scanned, path=review_path(film.target), clock=HandClock())
    report = film.target.with_name("report.json")
    export = Export(film, [ScriptedDetector([TWO])], report=report, clock=SystemClock())
    with Stills(film.source, scanned, threads=1) as stills:
        room = Room(film=film, scan=scanned, desk=desk, export=export, stills=stills)
        app = review_app(room, token=TOKEN, port=PORT)
        with TestClient(app, base_url=f"http://127.0.0.1:{PORT}") as client:
            client.headers["authorization"] = f"Bearer {TOKEN}"
            yield Served(client=client, room=room, film=film)
        export.stop()


def test_the_page_is_told_what_it_draws(served: Served) -> None:
    """Tracks with their pictures, boxes and covers in shares, stills and faces as JPEG."""
    told = served.client.get(f"{API}/film").json()
    assert (len(told["times"]), told["shape"]) == (COUNT, pytest.approx(4 / 3))
    assert [(each["first"], each["last"]) for each in told["tracks"]] == [(0, COUNT - 1)] * 2
    boxes = served.client.get(f"{API}/boxes/0").json()
    assert boxes[3][0] == [1, 2000, 4167, 2750, 6667, True]
    covers = served.client.get(f"{API}/covered/0").json()
    assert len(covers) == COUNT
    for path in ("stills/29", "stills/3", "tracks/1"):
        answer = served.client.get(f"{API}/{path}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content.startswith(b"\xff\xd8")
    assert served.client.get(f"{API}/stills/{COUNT}").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Bearer wrong"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"host": f"elsewhere.example:{PORT}"},
    ],
)
def test_nobody_else_is_answered(served: Served, headers: dict[str, str]) -> None:
    """Without the link's secret, from another page, or by a name led to this machine."""
    for path in ("film", "stills/0", "tracks/1", "boxes/0", "covered/0", "export"):
        assert served.client.get(f"{API}/{path}", headers=headers).status_code == 403
    for path in ("approval", "end"):
        assert served.client.post(f"{API}/{path}", headers=headers, json={}).status_code == 403
    assert served.client.put(f"{API}/edits", headers=headers, json={}).status_code == 403


def test_approving_exports_what_was_changed(served: Served) -> None:
    """A whole file, and a report with edits, name and hashes."""
    edits = {"boxes": [msgspec.to_builtins(wandering())], "clear": []}
    change = {"revision": 0, "edits": edits}
    assert served.client.put(f"{API}/edits", json=change).json() == {"revision": 1}
    approving = {"revision": 1, "name": "Maija Virta"}
    assert served.client.post(f"{API}/approval", json=approving).status_code == 200
    served.room.export.wait()
    state = served.client.get(f"{API}/export").json()
    assert state["state"] == "done"
    report = msgspec.json.decode(Path(state["report"]).read_bytes(), type=Report)
    assert report.reviewed is not None
    assert report.reviewed.approved_by == "Maija Virta"
    assert report.target.sha256 == state["sha256"]
    assert is_grey(pictures(served.film.target)[15], (0.26, 0.0, 0.44, 0.19))


def test_an_export_that_fails_says_why_and_leaves_no_file(served: Served) -> None:
    """The film is gone, say."""
    served.film.source.unlink()
    served.client.post(f"{API}/approval", json={"revision": 0, "name": "Maija"})
    served.room.export.wait()
    state = served.client.get(f"{API}/export").json()
    assert state["state"] == "failed"
    assert "yard.mp4" in state["problem"]
    assert not served.film.target.exists()


def test_the_page_ends_the_program(served: Served) -> None:
    """With an answer, so that it can say so."""
    assert served.client.post(f"{API}/end").status_code == 202
    assert served.room.ended.is_set()


def test_a_program_that_ends_leaves_no_half_made_file(served: Served) -> None:
    """Ctrl-C while an export runs."""
    export = served.room.export
    export.stop()
    served.client.post(f"{API}/approval", json={"revision": 0, "name": "Maija"})
    export.wait()
    assert export.state().state == "failed"
    assert [
        each.name for each in served.film.target.parent.iterdir() if each.suffix == ".part"
    ] == []
    assert not served.film.target.exists()
