"""The owner draws what is always covered and where children are; it holds at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import msgspec
from anyio import Lock, to_thread

from handfast.kit.errors import ConflictError, NotFoundError
from handfast.model.access import Reason
from handfast.model.areas import SCALE, Corner, DrawnArea, areas_of
from handfast.model.camera import Camera, CameraId
from handfast.model.media import Rendition, View
from handfast.node import entries
from handfast.node.open_grants import OpenGrant, OpenGrants
from handfast.node.owner_devices import OwnerDevices
from handfast.node.pep import Pep
from handfast.node.ports import Bell, Drawings, LiveTracks
from handfast.node.redaction.areas import ProtectedAreas
from handfast.node.redaction.orders import Area
from handfast.node.steady import SteadyClock
from handfast.protocol.area_statements import Drawing
from handfast.protocol.statements import LogProof
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_drawings import DrawingRow

Outline: TypeAlias = list[Corner]


class AreaSet(msgspec.Struct, frozen=True, kw_only=True):
    """Outlines of areas; corners as in `handfast.model.areas`."""

    masks: list[Outline]
    children: list[Outline]


class CameraAreas(msgspec.Struct, frozen=True, kw_only=True):
    """What is covered in one camera's redacted pictures.

    Attributes:
        covers: What is found and covered: persons, faces, vehicles.
        moves: Whatever moves is covered too.
        revision: Number of the newest drawing, 0 for none; `changed_us` when it came.
        installed: Set in the node's configuration; no drawing takes these away.
        drawn: By the owner.
    """

    id: str
    name: str
    covers: list[str]
    moves: bool
    revision: int
    changed_us: int
    installed: AreaSet
    drawn: AreaSet


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What a drawing did.

    Attributes:
        revision: Its number.
        ended: How many accesses it ended: they showed what was made with other areas.
        log: Proof that it stands in the owner's log.
    """

    revision: int
    ended: int
    log: LogProof


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawParts:
    """What drawing touches; built once by `assembly`."""

    clock: SteadyClock
    pep: Pep
    grants: OpenGrants
    devices: OwnerDevices
    drawings: Drawings
    areas: ProtectedAreas
    cameras: Mapping[CameraId, Camera]
    live: LiveTracks
    bell: Bell


class DrawAreas:
    """Takes drawings. Belongs to one event loop."""

    def __init__(self, parts: DrawParts) -> None:
        """Take what drawing touches."""
        self._parts = parts
        self._lock = Lock()

    def list_areas(self) -> list[CameraAreas]:
        """Return what is protected in each camera's picture, in the site's order."""
        return [self._areas(camera) for camera in self._parts.cameras.values()]

    async def draw(self, envelope: Envelope) -> Saved:
        """Put a signed drawing in place of the camera's earlier one.

        In the log first, then stored, then in force: nothing is covered less without an entry.
        What was made with other areas is shown no more when this returns.

        Raises:
            DeniedError: Not by a device of the owner's, for another node, or a replay.
            InvalidError: An area that `handfast.model.areas` refuses.
            NotFoundError: No such camera.
            ConflictError: Another drawing came in between.
            LogUnwritableError: The log took nothing; everything stays as it was.
        """
        parts = self._parts
        drawing = parts.devices.read(envelope, Drawing)
        parts.devices.require_node(drawing.node)
        parts.devices.consume(drawing)
        areas_of(drawing.masks, drawing.children)
        camera = CameraId(drawing.camera)
        if camera not in parts.cameras:
            raise NotFoundError("the site has no such camera; read the cameras again")
        async with self._lock:
            self._require_newest(drawing, camera)
            now_us = parts.clock.now_us()
            entry = entries.statement_entry("drawing", envelope, at_us=now_us)
            logged = (await parts.pep.write(entry))[0]
            row = DrawingRow(
                camera=camera,
                revision=drawing.replaces + 1,
                at_us=now_us,
                envelope=msgspec.json.encode(envelope),
            )
            await to_thread.run_sync(parts.drawings.put, row)
            ended = await self._put_in_force(row)
        parts.bell.ring("site")
        return Saved(revision=row.revision, ended=ended, log=logged.proof)

    def _require_newest(self, drawing: Drawing, camera: CameraId) -> None:
        if drawing.replaces != self._parts.areas.drawn(camera).revision:
            raise ConflictError(
                "somebody has drawn this camera's areas since you opened them; "
                "look at theirs, then draw yours again"
            )

    async def _put_in_force(self, row: DrawingRow) -> int:
        """Forget all that was made with other areas; live pictures go on with the new ones."""
        parts = self._parts
        parts.areas.take(row)
        parts.live.renew(UUID(row.camera))
        over = [each for each in parts.grants.all() if _shows_old_areas(each, row.camera)]
        for each in over:
            await parts.grants.end(each, Reason.AREAS_CHANGED, ended_us=row.at_us)
        await parts.grants.judge_all()
        return len(over)

    def _areas(self, camera: Camera) -> CameraAreas:
        installed = self._parts.areas.installed(camera.id)
        drawn = self._parts.areas.drawn(camera.id)
        return CameraAreas(
            id=camera.id,
            name=camera.name,
            covers=sorted(installed.covers),
            moves=installed.fixed,
            revision=drawn.revision,
            changed_us=drawn.at_us,
            installed=AreaSet(
                masks=_installed(installed.masks), children=_installed(installed.children)
            ),
            drawn=AreaSet(
                masks=_outlines(drawn.areas.masks), children=_outlines(drawn.areas.children)
            ),
        )


def _shows_old_areas(open_grant: OpenGrant, camera: str) -> bool:
    """Tell whether a grant is for what was made once: a covered range, or one clear track.

    Tracks are numbered by the process that covers, so a number of before means nobody now.
    """
    grant = open_grant.grant
    if grant.camera != camera or grant.rendition is Rendition.CLEAR:
        return False
    return grant.view is View.RECORDED or grant.rendition is Rendition.UNMASKED


def _outlines(areas: Sequence[DrawnArea]) -> list[Outline]:
    return [list(area.corners) for area in areas]


def _installed(areas: Sequence[Area]) -> list[Outline]:
    return [[(round(x * SCALE), round(y * SCALE)) for x, y in area.points] for area in areas]
