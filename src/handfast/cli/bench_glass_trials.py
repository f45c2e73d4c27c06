"""The trials of `bench glass`: alarms, live pictures, seeks, ends. Times in ms unless `_us`."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from handfast.cli.bench_glass_city import SCHOOL, BenchCity
from handfast.cli.bench_glass_disk import RecordedPicture, recorded_pictures
from handfast.cli.bench_glass_page import OfficerPage
from handfast.kit.errors import UnavailableError

_RECORDED_S = 30
_EDGE_US = 3_000_000  # from the ends of what is recorded
_GOLDEN = 0.618034  # spreads instants evenly, whatever their number
_PICTURES = "ears.frames.length > 0 && ears.frames"
_CLOSED = """[...document.querySelectorAll('[data-camera] figure')]
    .every(({ dataset }) => dataset.state === 'ended')"""
_SEEK = """async (aboutUs) => {
  const timeline = document.querySelector('[data-position-us]');
  const slider = timeline.querySelector('input[type=range]');
  const sought = new Promise((resolve) => {
    const watch = new MutationObserver(() => { watch.disconnect(); resolve(); });
    watch.observe(timeline, { attributes: true, attributeFilter: ['data-position-us'] });
  });
  ears.frames.length = 0;
  slider.value = String(Number(slider.max) - Math.round((ears.nowUs() - aboutUs) / 1000));
  const beganUs = ears.nowUs();
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  await sought;
  return { beganUs, targetUs: Number(timeline.dataset.positionUs) };
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """What alarms cost: one value a trial.

    Attributes:
        to_frame: From the panel's report to the first frame drawn, ms.
        to_close: From a grant's end to the last ciphertext at the browser, ms; 0 when
            nothing came after the end.
    """

    to_frame: list[float]
    to_close: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeks:
    """What seeking costs, and whether it was right."""

    took: list[float]
    wrong: int


def alarm_trials(city: BenchCity, officer: OfficerPage, trials: int) -> Alarms:
    """Raise, watch at once, clear, wait for the end; so many times."""
    cameras = len(SCHOOL.cameras)
    to_frame: list[float] = []
    to_close: list[float] = []
    for _ in range(trials):
        # Loaded anew: a page opens a camera by itself once an alarm, flapping included.
        known = officer.challenges
        officer.work(at_once=True, path="wall")
        officer.prepared(known + cameras)
        officer.forget()
        raised_us = city.panel("raise")
        first = officer.wait(_PICTURES, seconds=30)
        to_frame.append((first[0]["atUs"] - raised_us) / 1000)
        city.panel("clear")
        officer.wait("ears.ends.length > 0 && " + _CLOSED, seconds=30)
        to_close += _after_end(officer)
        city.close_incidents(officer.hub_token)
    return Alarms(to_frame=to_frame, to_close=to_close)


def _after_end(officer: OfficerPage) -> list[float]:
    heard = officer.page.evaluate("({ messages: ears.messages, ends: ears.ends })")
    ended_us = min(end["endedUs"] for end in heard["ends"])
    media = [at_us for at_us, kind in heard["messages"] if kind <= 4]  # noqa: PLR2004 - FrameType.KEY
    return [max(0.0, (max(media) - ended_us) / 1000)] if media else []


def watch_one(city: BenchCity, officer: OfficerPage) -> str:
    """Raise the alarm and show one camera alone, in its main stream; returns its id."""
    city.panel("raise")
    incident = city.incident(officer.hub_token)
    camera = min(path.name for path in (city.school / "recordings").iterdir())
    officer.work(at_once=False, path=f"wall?incident={incident}&cameras={camera}")
    officer.wait("!!document.querySelector('[data-stream=main] [data-state=live]')", seconds=30)
    return camera


def live_trial(
    city: BenchCity, officer: OfficerPage, camera: str, *, seconds: float
) -> list[float]:
    """Look for a while; returns the time from sent to drawn of each frame, ms."""
    officer.forget()
    since_us = city.clock.now_us()
    officer.wait(f"ears.nowUs() > {since_us + int(seconds * 1e6)}", seconds=seconds + 30)
    frames: list[dict[str, Any]] = officer.page.evaluate("ears.frames")
    pictures = _recorded(city, camera, since_us - 3_000_000, frames[-1]["atUs"])
    sent = {picture.pts: picture.mark.sent_us for picture in pictures}
    return [
        (frame["atUs"] - sent[frame["pts"]]) / 1000 for frame in frames if frame["pts"] in sent
    ]


def seek_trials(city: BenchCity, officer: OfficerPage, camera: str, trials: int) -> Seeks:
    """Go to instants all over what is recorded; the first seek, which asks, is not counted."""
    officer.forget(bars=True)
    drawn: list[dict[str, Any]] = []
    since_us = _recorded(city, camera, 0, 1)[0].start_us + _EDGE_US
    until_us = city.clock.now_us() - _EDGE_US
    for trial in range(trials + 1):
        about_us = since_us + round((until_us - since_us) * (trial * _GOLDEN % 1))
        sought: dict[str, Any] = officer.page.evaluate(_SEEK, about_us)
        (frame, *_) = officer.wait(_PICTURES, seconds=20)
        drawn.append({**frame, **sought})
    pictures = _recorded(city, camera, 0, max(int(frame["targetUs"]) for frame in drawn))
    truth = Truth(pictures)
    counted = drawn[1:]
    wrong = [each for each in counted if each["bar"] != truth.index_at(each["targetUs"])]
    took = [(frame["atUs"] - frame["beganUs"]) / 1000 for frame in counted]
    return Seeks(took=took, wrong=len(wrong))


class Truth:
    """Which picture stands for an instant: the last one at or before it, in its group."""

    def __init__(self, pictures: Sequence[RecordedPicture]) -> None:
        """Put each picture on the wall clock of its group's first one."""
        self._walls: list[int] = []
        self._indexes: list[int] = []
        start_us = first_pts = 0
        for picture in pictures:
            if picture.key:
                start_us, first_pts = picture.start_us, picture.pts
            self._walls.append(start_us + round((picture.pts - first_pts) / 0.09))
            self._indexes.append(picture.mark.index)

    def index_at(self, wall_us: int) -> int | None:
        """Return what the bar code of that picture shows."""
        place = bisect_right(self._walls, wall_us) - 1
        return self._indexes[place] if place >= 0 else None


def _recorded(
    city: BenchCity, camera: str, since_us: int, until_us: int
) -> list[RecordedPicture]:
    """Read the main stream from the node's disk, once it reaches that far."""
    pictures: list[RecordedPicture] = []
    end = city.clock.monotonic() + _RECORDED_S
    while not pictures or pictures[-1].mark.sent_us < until_us:
        if city.clock.monotonic() > end:
            raise UnavailableError("the node's recording does not reach what was watched")
        pictures = recorded_pictures(city.school, camera, "main", since_us=since_us)
    return pictures
