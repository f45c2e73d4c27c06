"""How far a film is: a bar on a terminal, a line now and then elsewhere."""

from typing import Final, TextIO

from handfast.kit.clock import Clock

_WIDTH: Final = 24
_BAR_EVERY_S: Final = 0.25
_LINE_EVERY_S: Final = 10.0


class FilmProgress:
    """Says of one film how much is done, how fast, and how long it will still take."""

    def __init__(self, name: str, out: TextIO, clock: Clock) -> None:
        """Begin now."""
        self._name = name
        self._out = out
        self._clock = clock
        self._bar = out.isatty()
        self._began = self._said = clock.monotonic()

    def step(self, pictures: int, share: float | None) -> None:
        """Take what `redact_film` tells after each picture."""
        now = self._clock.monotonic()
        if now - self._said < (_BAR_EVERY_S if self._bar else _LINE_EVERY_S):
            return
        self._said = now
        self._say(_line(pictures, share, now - self._began), share)

    def end(self, pictures: int) -> None:
        """Say that the film is done."""
        seconds = max(self._clock.monotonic() - self._began, 1e-9)
        many = "1 picture" if pictures == 1 else f"{pictures} pictures"
        self._say(f"{many}, {pictures / seconds:.1f} a second", 1.0)
        if self._bar:
            print(file=self._out)

    def _say(self, text: str, share: float | None) -> None:
        if not self._bar:
            print(f"{self._name}: {text}", file=self._out, flush=True)
            return
        filled = round(_WIDTH * (share or 0.0))
        bar = "#" * filled + "." * (_WIDTH - filled)
        print(f"\r\x1b[K[{bar}] {self._name}: {text}", end="", file=self._out, flush=True)


def _line(pictures: int, share: float | None, seconds: float) -> str:
    rate = f"{pictures / max(seconds, 1e-9):.1f} pictures a second"
    if not share:
        return f"{pictures} pictures, {rate}"
    left = round(seconds * (1 - share) / share)
    return f"{share:.0%}, {rate}, {left // 60}:{left % 60:02} left"
