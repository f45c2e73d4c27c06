"""Recorded redacted pictures: made at the site for one grant, gone with it."""

import logging
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import anyio
import msgspec
from anyio import from_thread, to_thread
from anyio.abc import TaskGroup

from handfast.kit.clock import Clock
from handfast.kit.errors import DeniedError, HandfastError, UnavailableError
from handfast.kit.ids import Ids
from handfast.media.feed import Event
from handfast.media.units import StreamKey
from handfast.model.access import Grant
from handfast.model.media import Rendition, TrackKind
from handfast.node.pep import Opened
from handfast.node.ports import Observer, Periods, Segments
from handfast.node.redaction.orders import BeginRange, BeginStill, GivenPeriod, Making
from handfast.node.redaction.shelf import Shelf
from handfast.node.redaction.sources import Sources
from handfast.node.release import OpenedRange, seal_range
from handfast.node.usecases.release_range import ReleaseRange, recording_of
from handfast.protocol.statements import AccessRequestStatement
from handfast.protocol.wire import Recordings, Unmade
from handfast.seal.identity import Envelope
from handfast.seal.keytree import LEAVES, cover

_LOG: Final = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_AT_ONCE: Final = 2
_LEAD_US: Final = 2 * _SECOND_US
"""Before a range: in it the engine learns what does not move, and it is never shown."""

_PATIENCE_S: Final = 2.0  # the hub waits a little longer for an answer


class Darkroom(Protocol):
    """Makes ranges and stills, each in a process of its own."""

    def make(self, order: BeginRange | BeginStill) -> AsyncGenerator[Event, None]:
        """Yield what happens until all is made; closing it early ends the process.

        Raises:
            UnavailableError: It broke before the range was made.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Where redacted ranges are made.

    Attributes:
        making: Returns how a rendition is made.
        find_file: Returns where a segment's file lies; `None` when it has gone.
        darkroom: Makes them.
        folder: Everything in it is ours; it need not exist.
    """

    making: Callable[[StreamKey], Making]
    find_file: Callable[[str], Path | None]
    darkroom: Darkroom
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeParts:
    """What making ranges touches; built once by `assembly`.

    Attributes:
        segments: Of the clear rendition.
    """

    workshop: Workshop
    segments: Segments
    periods: Periods
    observer: Observer
    clock: Clock
    ids: Ids


@dataclass(slots=True, kw_only=True)
class _Job:
    """One range and what there is of it."""

    grant: Grant
    order: BeginRange
    shelf: Shelf
    ranges: ReleaseRange
    scope: anyio.CancelScope | None = None  # while it is made; belongs to the event loop


class RedactRange:
    """Makes redacted ranges. Event loop: `run`, `kind_of`, `ended`; others from any thread."""

    def __init__(self, parts: RangeParts) -> None:
        """Begin with none; what an earlier run left behind goes."""
        self._parts = parts
        self._sources = Sources(
            segments=parts.segments, periods=parts.periods, find_file=parts.workshop.find_file
        )
        self._jobs: dict[str, _Job] = {}
        self._group: TaskGroup | None = None
        self._slots = anyio.CapacityLimiter(_AT_ONCE)
        _remove(parts.workshop.folder)

    async def run(self) -> None:
        """Make what is asked for until cancelled."""
        async with anyio.create_task_group() as group:
            self._group = group
            try:
                await anyio.sleep_forever()
            finally:
                self._group = None

    def seal(self, opened: Opened, *, open_key: bytes) -> str:
        """Begin to make a grant's range, and seal its keys to the grant's device.

        Raises:
            UnavailableError: The node is stopping.
        """
        job = self._job(opened.grant)
        from_thread.run_sync(self._start, job)
        period, seconds = job.order.period, _seconds(job.order)
        nodes = cover(period.root, 0, seconds)
        keys = OpenedRange(covers=[(period.id, nodes)], runs=[])
        sealed = seal_range(opened, keys, open_key=open_key)
        self._parts.observer.range_released(
            opened.grant.id, since_us=job.order.from_us, until_us=job.order.until_us
        )
        return sealed

    def list_recordings(self, grant: Grant, *, from_us: int, until_us: int) -> Recordings:
        """List what is made of a part of the range; waits some seconds for what is not."""
        job = self._of(grant)
        last_us = min(until_us, job.order.until_us)
        made = job.shelf.wait(last_us, longest_s=_PATIENCE_S)
        listed = job.ranges.list_recordings(grant, from_us=from_us, until_us=until_us)
        return msgspec.structs.replace(listed, making=not made, reason=job.shelf.unmade)

    def read(self, grant: Grant, segment: str, *, offset: int, length: int) -> bytes:
        """Return bytes of a segment; errors as in `ReleaseRange.read`."""
        return self._of(grant).ranges.read(grant, segment, offset=offset, length=length)

    def kind_of(self, request: AccessRequestStatement) -> TrackKind | None:
        """Return what a track is in the very range that a request names.

        Returns:
            `None` when nobody sees that range made, or it has shown no such track.
        """
        if request.track is msgspec.UNSET:
            return None
        shown = (job.shelf for job in self._jobs.values() if _is_of(job.grant, request))
        kinds = (shelf.kind_of(request.track) for shelf in shown)
        return next((kind for kind in kinds if kind is not None), None)

    def ended(self, grant: Grant, _statement: Envelope) -> None:
        """Stop making a grant's range, and remove what was made."""
        if job := self._jobs.pop(grant.id, None):
            if job.scope is not None:
                job.scope.cancel()
            job.shelf.finish()
            if self._group is not None:
                self._group.start_soon(to_thread.run_sync, _remove, Path(job.order.folder))

    def _of(self, grant: Grant) -> _Job:
        job = self._jobs.get(grant.id)
        if job is None:
            raise DeniedError("this redacted range has ended; ask for it again")
        return job

    def _start(self, job: _Job) -> None:
        if self._group is None:
            raise UnavailableError("the node is stopping; ask again in a moment")
        if job.order.making != self._parts.workshop.making(_stream(job.grant)):
            raise UnavailableError("the protected areas have just changed; ask again")
        self._leave_earlier(job.grant)
        self._jobs[job.grant.id] = job
        self._group.start_soon(self._make, job)

    def _leave_earlier(self, grant: Grant) -> None:
        """Make no more of what the same device wanted before: its viewer looks elsewhere now.

        What there is of it stays; without this, whoever seeks would wait for all of it.
        """
        for earlier in self._jobs.values():
            if earlier.scope is not None and _seen_by(earlier.grant) == _seen_by(grant):
                earlier.scope.cancel()

    async def _make(self, job: _Job) -> None:
        darkroom = self._parts.workshop.darkroom
        unmade: Unmade | None = Unmade.LEFT
        with anyio.CancelScope() as job.scope:
            try:
                async with self._slots, aclosing(darkroom.make(job.order)) as events:
                    async for event in events:
                        job.shelf.hear(event)
                unmade = None
            except (HandfastError, OSError) as error:
                # One range that cannot be made must not end the others.
                _LOG.error("range of grant %s is not made: %s", job.grant.id, error)
                unmade = Unmade.FAILED
            finally:
                job.shelf.finish(unmade)

    def _job(self, grant: Grant) -> _Job:
        parts = self._parts
        from_us, until_us = _range(grant)
        clear = replace(recording_of(grant), rendition=Rendition.CLEAR)
        seconds = min(-(-(until_us - from_us) // _SECOND_US), LEAVES)
        folder = parts.workshop.folder / grant.id
        folder.mkdir(mode=0o700, parents=True)
        order = BeginRange(
            making=parts.workshop.making(_stream(grant)),
            folder=str(folder),
            period=GivenPeriod(
                id=parts.ids.secret(16),
                root=parts.ids.secret(32),
                # Whole seconds that end with the range; nothing is made before it begins.
                started_us=until_us - seconds * _SECOND_US,
            ),
            sources=self._sources.collect(clear, from_us=from_us - _LEAD_US, until_us=until_us),
            from_us=from_us,
            until_us=until_us,
            keep=grant.track,
            keep_kind=grant.track_kind,
        )
        shelf = Shelf(folder, clock=parts.clock)
        ranges = ReleaseRange(
            segments=shelf, files=shelf, periods=parts.periods, observer=parts.observer
        )
        return _Job(grant=grant, order=order, shelf=shelf, ranges=ranges)


def _seen_by(grant: Grant) -> tuple[object, ...]:
    return (
        grant.viewer.device,
        grant.camera,
        grant.stream,
        grant.rendition,
        grant.track,
    )


def _is_of(grant: Grant, request: AccessRequestStatement) -> bool:
    asked = (request.camera, request.stream, request.from_us, request.until_us)
    return (grant.camera, grant.stream, *_range(grant)) == asked


def _range(grant: Grant) -> tuple[int, int]:
    return grant.from_us, grant.range_until_us or grant.from_us


def _seconds(order: BeginRange) -> int:
    return (order.until_us - order.period.started_us) // _SECOND_US


def _stream(grant: Grant) -> StreamKey:
    recording = recording_of(grant)
    return StreamKey(recording.camera, grant.stream.value, grant.rendition)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
