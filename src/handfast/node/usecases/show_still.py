"""One redacted picture for an owner who draws on it: logged before it is made, and rare."""

import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import anyio
import msgspec
from anyio import to_thread

from handfast.kit.clock import Clock
from handfast.kit.encoding import b64
from handfast.kit.errors import HandfastError, NotFoundError, UnavailableError
from handfast.media.feed import StillMade
from handfast.media.units import StreamKey
from handfast.model.camera import Camera, CameraId
from handfast.model.media import Rendition, Stream
from handfast.node import entries
from handfast.node.flood import Allowance
from handfast.node.owner_devices import OwnerDevices
from handfast.node.pep import Pep
from handfast.node.ports import Bell, Periods, Segments
from handfast.node.redaction.orders import BeginStill, SourceSegment
from handfast.node.redaction.sources import Sources
from handfast.node.steady import SteadyClock
from handfast.node.usecases.redact_range import Workshop
from handfast.protocol.area_statements import StillWish
from handfast.protocol.statements import LogProof
from handfast.seal.identity import Envelope
from handfast.storage.segments import Recording

_LOG: Final = logging.getLogger(__name__)
PAUSE_S: Final = 5.0
_OLDEST_US: Final = 15_000_000  # what is older shows a place as it was
_LEARN_US: Final = 3_000_000  # so long the engine looks before it is believed
_LONGEST_S: Final = 60.0
_NOTHING, _FAILED, _CHANGED = "nothing-recorded", "redaction-failed", "areas-changed"


class Still(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner is shown.

    Attributes:
        picture: A JPEG, base64url; `None` when there is none, and `reason` says why.
        at_us: When the camera sent it; 0 without one.
        state: How carefully it is covered: `normal`, `more`, `whole`; `reason` says why more.
        log: Proof that the wish stands in the owner's log.
    """

    picture: str | None
    at_us: int
    state: str
    reason: str
    log: LogProof


@dataclass(frozen=True, slots=True, kw_only=True)
class StillParts:
    """What showing touches; built once by `assembly`.

    Attributes:
        wall: The machine's clocks, which recordings are timed by.
        segments: Of the clear rendition.
    """

    clock: SteadyClock
    wall: Clock
    pep: Pep
    devices: OwnerDevices
    cameras: Mapping[CameraId, Camera]
    workshop: Workshop
    segments: Segments
    periods: Periods
    bell: Bell


class ShowStill:
    """Shows single pictures, covered as every redacted one. Belongs to one event loop."""

    def __init__(self, parts: StillParts) -> None:
        """Begin with none shown."""
        self._parts = parts
        self._sources = Sources(
            segments=parts.segments, periods=parts.periods, find_file=parts.workshop.find_file
        )
        self._allowed: dict[CameraId, Allowance] = {}
        self._slot = anyio.CapacityLimiter(1)

    async def show(self, envelope: Envelope) -> Still:
        """Make a picture of the latest seconds that are recorded.

        Raises:
            DeniedError: Not by a device of the owner's, for another node, or a replay.
            NotFoundError: No such camera.
            UnavailableError: There was one less than 5 s ago: this is no way to watch.
            LogUnwritableError: The log took nothing, so nothing is shown.
        """
        parts = self._parts
        wish = parts.devices.read(envelope, StillWish)
        parts.devices.require_node(wish.node)
        parts.devices.consume(wish)
        camera = CameraId(wish.camera)
        if camera not in parts.cameras:
            raise NotFoundError("the site has no such camera; read the cameras again")
        if not self._allowance(camera).take():
            raise UnavailableError(
                f"a picture of this camera was shown less than {PAUSE_S:.0f} s ago; "
                "wait a moment"
            )
        entry = entries.statement_entry("still", envelope, at_us=parts.clock.now_us())
        logged = (await parts.pep.write(entry))[0]
        parts.bell.ring("accesses")
        made = await self._make(StreamKey(UUID(camera), Stream.MAIN.value, Rendition.REDACTED))
        if isinstance(made, str):
            return Still(picture=None, at_us=0, state="", reason=made, log=logged.proof)
        return Still(
            picture=b64(made.jpeg),
            at_us=made.at_us,
            state=made.state,
            reason=made.reason,
            log=logged.proof,
        )

    def _allowance(self, camera: CameraId) -> Allowance:
        if camera not in self._allowed:
            self._allowed[camera] = Allowance(
                clock=self._parts.wall, burst=1, per_s=1 / PAUSE_S
            )
        return self._allowed[camera]

    async def _make(self, stream: StreamKey) -> StillMade | str:
        """Return the picture, or why there is none."""
        workshop = self._parts.workshop
        async with self._slot:
            sources = await to_thread.run_sync(self._latest, stream)
            if not sources:
                return _NOTHING
            order = BeginStill(making=workshop.making(stream), sources=sources)
            made = await self._ordered(order)
        if made is None:
            return _FAILED
        # Drawn while it was made: it may show what is covered now.
        return made if order.making == workshop.making(stream) else _CHANGED

    async def _ordered(self, order: BeginStill) -> StillMade | None:
        made = None
        try:
            with anyio.move_on_after(_LONGEST_S):
                async with aclosing(self._parts.workshop.darkroom.make(order)) as events:
                    async for event in events:
                        if isinstance(event, StillMade):
                            made = event
        except (HandfastError, OSError) as error:
            _LOG.error("no still of %s: %s", order.making.stream, error)
        return made

    def _latest(self, stream: StreamKey) -> tuple[SourceSegment, ...]:
        """Collect the newest seconds on disk; runs in progress cannot be read yet."""
        recording = Recording(camera=stream.camera, stream=Stream(stream.stream))
        now_us = self._parts.wall.now_us()
        found = self._parts.segments.overlapping(
            recording, since_us=now_us - _OLDEST_US, until_us=now_us
        )
        newest_us = max((run.end_us for each in found for run in each.runs), default=0)
        if newest_us <= now_us - _OLDEST_US:
            return ()
        return self._sources.collect(
            recording, from_us=newest_us - _LEARN_US, until_us=newest_us
        )
