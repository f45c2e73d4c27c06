"""What is protected in each camera's picture now: set by the installation, or drawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from handfast.kit.encoding import unb64
from handfast.model.areas import SCALE, DrawnArea, DrawnAreas, areas_of
from handfast.model.camera import Camera, CameraId
from handfast.node.redaction.orders import Area, CameraRedaction
from handfast.protocol.area_statements import Drawing
from handfast.protocol.signing import parse
from handfast.seal.identity import Envelope
from handfast.storage.sqlite_drawings import DrawingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The newest drawing of a camera.

    Attributes:
        revision: Its number; 0 where nothing was ever drawn.
        at_us: When it arrived; 0 likewise.
    """

    revision: int = 0
    at_us: int = 0
    areas: DrawnAreas = field(default_factory=DrawnAreas)


class ProtectedAreas:
    """What holds of each camera. Changed on the event loop, read from any thread.

    The installation's areas hold always; a drawing adds to them and can take none away.
    """

    def __init__(
        self, installed: Mapping[CameraId, CameraRedaction], rows: tuple[DrawingRow, ...] = ()
    ) -> None:
        """Begin with what the configuration says, and what was drawn before.

        Drawings of cameras that the configuration does not name any more wait for them.

        Raises:
            InvalidError: A stored drawing cannot be read: rather no node than fewer areas.
        """
        self._installed = installed
        self._drawn = {CameraId(row.camera): _drawn(row) for row in rows}

    def installed(self, camera: CameraId) -> CameraRedaction:
        """Return what the installation has set; the defaults for an unknown camera."""
        return self._installed.get(camera, CameraRedaction())

    def drawn(self, camera: CameraId) -> Drawn:
        """Return what the owner has drawn."""
        return self._drawn.get(camera) or Drawn()

    def redaction(self, camera: CameraId) -> CameraRedaction:
        """Return how a camera's pictures are redacted now, with all its areas."""
        installed, areas = self.installed(camera), self.drawn(camera).areas
        return msgspec.structs.replace(
            installed,
            masks=(*installed.masks, *map(_area, areas.masks)),
            children=(*installed.children, *map(_area, areas.children)),
        )

    def take(self, row: DrawingRow) -> None:
        """Put a drawing in force that is durable; whoever asks from now on is told of it."""
        self._drawn[CameraId(row.camera)] = _drawn(row)


class LiveCameras(Mapping[CameraId, Camera]):
    """The site's cameras as they are at each look: children's zones come with drawings."""

    def __init__(self, cameras: tuple[Camera, ...], areas: ProtectedAreas) -> None:
        """Take the cameras as they were registered."""
        self._cameras = {camera.id: camera for camera in cameras}
        self._areas = areas

    def __getitem__(self, camera: CameraId) -> Camera:
        """Return a camera; `KeyError` for an unknown one."""
        found = self._cameras[camera]
        if found.children or not self._areas.drawn(camera).areas.children:
            return found
        return replace(found, children=True)

    def __iter__(self) -> Iterator[CameraId]:
        """Go through their ids."""
        return iter(self._cameras)

    def __len__(self) -> int:
        """Count them."""
        return len(self._cameras)


def _drawn(row: DrawingRow) -> Drawn:
    envelope = msgspec.json.decode(row.envelope, type=Envelope)
    drawing = parse(unb64(envelope.payload), Drawing)
    areas = areas_of(drawing.masks, drawing.children)
    return Drawn(revision=row.revision, at_us=row.at_us, areas=areas)


def _area(area: DrawnArea) -> Area:
    return Area(points=tuple((x / SCALE, y / SCALE) for x, y in area.corners))
