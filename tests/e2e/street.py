"""A city of one school whose cameras show a real street with people, and a picture of it."""

import base64
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from handfast.cli.bench_glass_city import free_base, put_in_force
from handfast.cli.demo.city import City, Ports, open_or_make
from handfast.cli.demo.command import programs
from handfast.cli.demo.processes import Program
from handfast.kit.ids import SystemIds
from handfast.model import templates
from handfast.model.agreement import WhileSignal
from handfast.vision.boxes import Box
from tests.e2e.city import SCHOOL, RunningCity, clerks
from tests.e2e.waiting import CLOCK

Pixels: TypeAlias = NDArray[np.float64]
"""Brightness, 0 to 255, by row and column."""

FILMED: Final = "Bicycle gate"  # the school's third camera plays the scene `path`
_CAMERAS: Final = ("--count", "3", "--bars", "off", "--small")
_ZONE: Final = "children = [[[0.0, 0.0], [0.45, 0.0], [0.45, 1.0], [0.0, 1.0]]]\n"
_LINGER_US: Final = 3_000_000
_FLAT: Final = 12.0  # what coding makes of one brightness
_PEOPLE: Final = """[...document.querySelectorAll('[data-kind=person]')].map((each) => {
  const [across, down] = each.ownerSVGElement.getAttribute('viewBox').split(' ').slice(2);
  const rect = each.querySelector('rect');
  const number = (name) => Number(rect.getAttribute(name));
  const [left, top] = [number('x'), number('y')];
  const [right, bottom] = [left + number('width'), top + number('height')];
  const sides = [left / across, top / down, right / across, bottom / down];
  return [Number(each.dataset.track), ...sides];
})"""
_PIXELS: Final = """(() => {
  const canvas = document.querySelector('figure canvas');
  const { width, height } = canvas;
  const colours = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  let grey = '';
  for (let at = 1; at < colours.length; at += 4) grey += String.fromCharCode(colours[at]);
  return [width, height, btoa(grey)];
})()"""


@contextmanager
def street_city(folder: Path) -> Iterator[RunningCity]:
    """Run the school alone: covered and clear by the alarm, one person by the yes of two."""
    city = open_or_make(
        folder, Ports(base=free_base()), ids=SystemIds(CLOCK), now_us=CLOCK.now_us()
    )
    by_alarm = WhileSignal(kind="intrusion", linger_us=_LINGER_US)
    clear, look, unmask = templates.school()
    look = replace(look, when=by_alarm, needs_incident=False)
    put_in_force(city, SCHOOL, replace(clear, when=by_alarm), look, unmask)
    with (city.node(SCHOOL) / "node.toml").open("a", encoding="utf-8") as config:
        config.write(_ZONE)  # of the camera that stands last in it
    running = RunningCity(city=city, programs=_programs(city))
    try:
        running.start_all()
        running.connected(SCHOOL)
        running.recording(SCHOOL)
        with clerks(city):
            yield running
    finally:
        running.stop_all()


def filmed(running: RunningCity) -> str:
    """Return the id of the camera before which people walk."""
    table = tomllib.loads((running.city.node(SCHOOL) / "node.toml").read_text("utf-8"))
    return next(str(each["id"]) for each in table["cameras"] if each["name"] == FILMED)


def _programs(city: City) -> dict[str, Program]:
    all_of_them = {each.name: each for each in programs(city, drawn=False)}
    kept = {name: all_of_them[name] for name in ("hub", "agency", f"node-{SCHOOL.folder}")}
    cameras = ("sim", "cameras", *_CAMERAS, "--port", str(city.ports.cameras))
    return {"cameras": Program(name="cameras", arguments=cameras), **kept}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A picture as the browser has drawn it."""

    pixels: Pixels

    def inside(self, box: Box) -> Pixels:
        """Return the middle of a box: half as wide, and as high but for the edges."""
        height, width = self.pixels.shape
        across, down = box.width / 4, box.height / 6
        rows = slice(int((box.top + down) * height), int((box.bottom - down) * height))
        columns = slice(int((box.left + across) * width), int((box.right - across) * width))
        return self.pixels[rows, columns]

    def covered(self, box: Box) -> float:
        """Return how much of the middle of a box is of one brightness, 0 to 1."""
        middle = self.inside(box)
        return float((np.abs(middle - np.median(middle)) <= _FLAT).mean())


def see(page: Page) -> Seen:
    """Read what the only tile of a page shows."""
    width, height, grey = page.evaluate(_PIXELS)
    flat = np.frombuffer(base64.b64decode(grey), dtype=np.uint8)
    return Seen(pixels=flat.reshape(height, width).astype(np.float64))


def people(page: Page) -> dict[int, Box]:
    """Return the people that the page outlines, in shares of the picture."""
    return {int(number): Box(*sides) for number, *sides in page.evaluate(_PEOPLE)}
