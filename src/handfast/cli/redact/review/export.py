"""Making the result while the page is told how far it is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Literal

import msgspec

from handfast.cli.redact.film import Film, redact_film
from handfast.cli.redact.report import Report, Reviewed, write_report
from handfast.kit.clock import Clock
from handfast.kit.errors import ConflictError, HandfastError, UnavailableError
from handfast.vision.detector import Detector


class ExportState(msgspec.Struct, frozen=True, kw_only=True):
    """How far an export is.

    Attributes:
        state: idle until somebody approves.
        pictures: Done so far.
        left_s: Seconds still to go; None while nobody knows.
        problem: Why it failed, in words.
        target: File that was written.
        sha256: Of that file.
        source_sha256: Of the film.
        report: File of the report.
        share: Of all pictures that is covered, 0 to 1.
    """

    state: Literal["idle", "running", "done", "failed"] = "idle"
    pictures: int = 0
    left_s: int | None = None
    problem: str | None = None
    target: str | None = None
    sha256: str | None = None
    source_sha256: str | None = None
    report: str | None = None
    share: float | None = None


class Export:
    """Exports one film, in a thread of its own, any number of times after each other."""

    def __init__(
        self, film: Film, detectors: Sequence[Detector], *, report: Path, clock: Clock
    ) -> None:
        """Prepare; nothing is written before `start`."""
        self._film = film
        self._detectors = detectors
        self._report = report
        self._clock = clock
        self._lock = Lock()
        self._stop = Event()
        self._thread: Thread | None = None
        self._state = ExportState()

    def state(self) -> ExportState:
        """Return how far it is. Safe from any thread."""
        with self._lock:
            running = self._state.state == "running"
            if running and self._thread is not None and not self._thread.is_alive():
                # A mistake of ours ended it; its trace is on the terminal.
                self._state = ExportState(state="failed", problem="see the terminal for why")
            return self._state

    def start(self, approve: Callable[[], Reviewed]) -> None:
        """Begin; a result that is there stays until the new one is whole.

        Args:
            approve: Called once it is sure that no other export runs.

        Raises:
            ConflictError: One is running.
        """
        with self._lock:
            if self._state.state == "running":
                raise ConflictError("an export is running; wait until it is done")
            film = replace(self._film, reviewed=approve())
            self._state = ExportState(state="running")
            self._thread = Thread(target=self._run, args=(film,), name="export")
            self._thread.start()

    def stop(self) -> None:
        """End what runs, without a trace of a half-made file, and wait for it."""
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Wait until nothing runs."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, film: Film) -> None:
        began = self._clock.monotonic()

        def step(pictures: int, share: float | None) -> None:
            """Tell how far it is, or end it."""
            if self._stop.is_set():
                raise UnavailableError("the program ends before the export is done; start anew")
            spent = self._clock.monotonic() - began
            left = round(spent * (1 - share) / share) if share else None
            self._say(ExportState(state="running", pictures=pictures, left_s=left))

        try:
            made = redact_film(film, self._detectors, step)
            write_report(self._report, made)
        except (HandfastError, OSError) as error:
            self._say(ExportState(state="failed", problem=str(error)))
        else:
            self._say(self._done(film, made))

    def _done(self, film: Film, made: Report) -> ExportState:
        return ExportState(
            state="done",
            pictures=made.pictures,
            target=str(film.target),
            sha256=made.target.sha256,
            source_sha256=made.source.sha256,
            report=str(self._report),
            share=made.share,
        )

    def _say(self, state: ExportState) -> None:
        with self._lock:
            self._state = state
