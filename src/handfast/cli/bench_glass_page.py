"""The officer's page in headless Chromium, with ears for what it draws and receives.

Nothing of the page is replaced. Its canvases tell of each drawn frame (`handfast:frame`), and
a listener on each WebSocket notes when a message came and of which type; both are only heard.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from handfast.kit.errors import UnavailableError

try:
    from playwright.sync_api import Error as PageError
    from playwright.sync_api import Page, Request, sync_playwright
except ImportError as missing:
    raise UnavailableError(
        "this benchmark drives a browser: `pip install playwright`, and Debian's chromium "
        "(`sudo apt-get install chromium`)"
    ) from missing

CHROMIUM = "/usr/bin/chromium"
_FLAGS = (
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The wall needs no WebGL, and without a graphics card emulating one costs most.
    "--disable-gpu",
)
_CELLS = 22
_LOOK_MS = 50
_MOST_LOOKS = 1200
# Wall clock in microseconds; `performance` is finer than `Date`, which corrects its drift.
_EARS = """
(() => {
  const ears = { frames: [], messages: [], ends: [], bars: false, last: null };
  const drift = Date.now() - (performance.timeOrigin + performance.now());
  const wall = (ms) => Math.round((performance.timeOrigin + ms + drift) * 1000);
  ears.nowUs = () => wall(performance.now());
  const readBar = (canvas) => {
    const cell = canvas.width / 30;
    const strip = canvas.getContext('2d').getImageData(0, 0, canvas.width, Math.ceil(cell));
    const mean = (i) => {
      let sum = 0, count = 0;
      for (let y = Math.floor(cell / 3); y < Math.max(cell * 2 / 3, cell / 3 + 1) - 0.5; y += 1)
        for (let x = Math.floor((i + 1 / 3) * cell); x <= (i + 2 / 3) * cell; x += 1) {
          sum += strip.data[(y * strip.width + x) * 4 + 1]; count += 1;
        }
      return sum / count;
    };
    const values = Array.from({ length: CELLS }, (_, i) => mean(i));
    if (values[16] - values[17] < 64) return null;
    const bits = values.map((value) => value > (values[16] + values[17]) / 2 ? 1 : 0);
    const number = (from, count) =>
      bits.slice(from, from + count).reduce((a, b) => a * 2 + b, 0);
    const index = number(0, 16);
    const check = 5 ^ (index >> 12) ^ ((index >> 8) & 15) ^ ((index >> 4) & 15) ^ (index & 15);
    return number(18, 4) === check ? index : null;
  };
  document.addEventListener('handfast:frame', ({ target, detail }) => {
    const camera = target.closest('[data-camera]')?.dataset.camera ?? '';
    const { pts, wallUs, drawnAt } = detail;
    const frame = { camera, pts, wallUs, atUs: wall(drawnAt) };
    if (ears.bars) frame.bar = readBar(target);
    ears.frames.push(frame);
  }, true);
  const noteEnd = (payload, atUs) => {
    const end = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/')));
    ears.ends.push({ atUs, endedUs: end.ended_us });
  };
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        const atUs = ears.nowUs();
        if (typeof data === 'string') {
          const said = data.includes('"ended"') ? JSON.parse(data) : {};
          if (said.type === 'ended') noteEnd(said.ended.payload, atUs);
          return;
        }
        const bytes = new Uint8Array(data);
        ears.messages.push([atUs, bytes[0]]);
        if (bytes[0] !== 6) return;
        noteEnd(JSON.parse(new TextDecoder().decode(bytes.subarray(1))).payload, atUs);
      });
    }
  };
  window.ears = ears;
})();
""".replace("CELLS", str(_CELLS))


class OfficerPage:
    """The officer's page of a demo city, enrolled and at work."""

    def __init__(self, page: Page, origin: str) -> None:
        """Take a fresh page."""
        self.page = page
        self.hub_token = ""
        self.challenges = 0  # fetched so far
        self._origin = origin
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/challenge" not in request.url or "/nodes/" not in request.url:
            return
        self.challenges += 1
        self.hub_token = request.headers["authorization"]

    def enrol(self, name: str) -> None:
        """Make the device's key; the demo's clerk certifies it."""
        page = self.page
        page.goto(f"{self._origin}/officer/device")
        page.locator("[data-device=none] input").fill(name)
        page.locator("[data-device=none] button[type=submit]").click()
        page.locator("[data-device=certified]").wait_for(timeout=30_000)

    def work(self, *, at_once: bool, path: str = "") -> None:
        """Open the map, or a path below it, and wait until the city is known."""
        self.page.evaluate(
            "yes => localStorage.setItem('handfast.watchAtOnce', yes ? 'yes' : 'no')", at_once
        )
        self.page.goto(f"{self._origin}/officer/{path}")
        self.wait("window.ears !== undefined", seconds=10)

    def wait(self, condition: str, *, seconds: float) -> Any:
        """Wait until an expression is true in the page, and return its value.

        It is asked from outside: the page's own rules forbid it to evaluate text.

        Raises:
            UnavailableError: It did not become true in time.
        """
        for _ in range(int(seconds * 1000 / _LOOK_MS)):
            if found := self.page.evaluate(condition):
                return found
            self.page.wait_for_timeout(_LOOK_MS)
        states = self.page.evaluate(
            "[...document.querySelectorAll('figure')].map((each) => each.dataset.state)"
        )
        raise UnavailableError(f"the page never came to: {condition}; its tiles are {states}")

    def prepared(self, challenges: int) -> None:
        """Wait until the page has that many challenges in hand in all: an alarm may rise.

        Raises:
            UnavailableError: It did not fetch them in time.
        """
        for _ in range(_MOST_LOOKS):
            if self.challenges >= challenges:
                return
            self.page.wait_for_timeout(_LOOK_MS)
        raise UnavailableError("the page fetched no challenges; see whether the node is up")

    def forget(self, *, bars: bool = False) -> None:
        """Forget what was heard so far; with `bars`, read the bar code of each frame."""
        self.page.evaluate(
            "bars => Object.assign(ears, { frames: [], messages: [], ends: [], bars })", bars
        )


@contextmanager
def officer_page(origin: str) -> Iterator[OfficerPage]:
    """Start Chromium and open an officer's page in it.

    Raises:
        UnavailableError: There is no Chromium.
    """
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_FLAGS])
        except PageError as error:
            raise UnavailableError(
                f"{CHROMIUM} does not start: {error}; `sudo apt-get install chromium`"
            ) from error
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.add_init_script(_EARS)
        yield OfficerPage(context.new_page(), origin)
        browser.close()
