"""The server of one review: one browser on this machine, and nobody else.

Whoever asks shows the secret of the link with each call, in a header that no other site's page
can send, and names this server by an address of this machine, which a page that was led here
by a forged name does not.
"""

import asyncio
import hmac
from dataclasses import dataclass, field
from typing import Annotated, Final, TypeAlias

import msgspec
from litestar import Litestar, Response, Router, get, post, put
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.types import Guard

from handfast.cli.redact.edits import Edits
from handfast.cli.redact.film import Film
from handfast.cli.redact.review.desk import Desk
from handfast.cli.redact.review.export import Export, ExportState
from handfast.cli.redact.review.scan import Scan
from handfast.cli.redact.review.stills import Stills
from handfast.cli.redact.review.views import (
    CHUNK,
    BoxView,
    FilmView,
    Place,
    box_views,
    cover_views,
    doubt_views,
    track_views,
)
from handfast.kit.errors import DeniedError, NotFoundError
from handfast.vision.settings import Fill
from handfast.web.headers import security_headers
from handfast.web.problems import EXCEPTION_HANDLERS
from handfast.web.serve import static_routes

_BODY_BYTES: Final = 8 << 20
_JPEG: Final = "image/jpeg"
_PRIVATE: Final = {**security_headers(), "cache-control": "no-store"}
_Asked: TypeAlias = ASGIConnection[BaseRouteHandler, None, None, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """All that one review needs; its parts are safe from any thread, except `ended`.

    Attributes:
        film: What is reviewed.
        scan: What the engine found.
        desk: The changes.
        export: Makes the result.
        stills: The pictures.
        ended: Set when the page ends the review; of the server's loop.
    """

    film: Film
    scan: Scan
    desk: Desk
    export: Export
    stills: Stills
    ended: asyncio.Event = field(default_factory=asyncio.Event)


TheRoom: TypeAlias = NamedDependency[Room]
Number: TypeAlias = FromPath[int]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """New edits, made from those of `revision`."""

    revision: int
    edits: Edits


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """The number of the edits that are kept now."""

    revision: int


class Approving(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody answers for the edits of `revision`."""

    revision: int
    name: str


def review_app(room: Room, *, token: str, port: int) -> Litestar:
    """Return the app that serves the page and what it asks for.

    Args:
        room: The review.
        token: Whoever knows it may see the film.
        port: That it listens on.
    """
    parts = [film, still, face, boxes, covered, change, approve, export, finish]
    api = Router(
        "/api/v1/review",
        route_handlers=parts,
        guards=[_bearer(token)],
        dependencies={"room": Provide(lambda: room, sync_to_thread=False)},
        response_headers=_PRIVATE,
    )
    return Litestar(
        route_handlers=[api, *static_routes("review", connect=(), settings={})],
        guards=[_this_machine(port)],
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=_BODY_BYTES,
        openapi_config=None,
        logging_config=None,
    )


def _this_machine(port: int) -> Guard:
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    origins = {None, *(f"http://{host}" for host in hosts)}

    def guard(asked: _Asked, _handler: BaseRouteHandler) -> None:
        """Let in who names this machine, from this server's own page or from none."""
        if asked.headers.get("host") not in hosts or asked.headers.get("origin") not in origins:
            raise DeniedError("this review is open to its own page only; use the link given")

    return guard


def _bearer(token: str) -> Guard:
    wanted = f"Bearer {token}".encode()

    def guard(asked: _Asked, _handler: BaseRouteHandler) -> None:
        """Let in who knows the secret."""
        given = asked.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, wanted):
            raise DeniedError("the link is incomplete or of an earlier start; use the last one")

    return guard


@get("/film", sync_to_thread=True)
def film(room: TheRoom) -> FilmView:
    """Return what is known of the film, and the review as it is."""
    revision, review = room.desk.state()
    scan, settings = room.scan, room.scan.settings
    grid = scan.pictures[0].grid
    return FilmView(
        name=room.film.source.name,
        target=room.film.target.name,
        saved=room.desk.path.name,
        times=scan.times,
        rate=float(scan.rate),
        shape=float(grid.width * scan.aspect / grid.height),
        chunk=CHUNK,
        motion=settings.motion,
        mosaic=settings.fill is Fill.MOSAIC,
        zones=bool(settings.zones),
        tracks=track_views(scan),
        doubts=doubt_views(scan),
        revision=revision,
        edits=review.edits,
        approval=review.approval,
    )


@get("/stills/{number:int}", sync_to_thread=True)
def still(room: TheRoom, number: Number) -> Response[bytes]:
    """Return a picture of the film as it is, JPEG."""
    return Response(room.stills.still(number), media_type=_JPEG)


@get("/tracks/{number:int}", sync_to_thread=False)
def face(room: TheRoom, number: Number) -> Response[bytes]:
    """Return the best view of a track, JPEG."""
    found = room.scan.faces.get(number)
    if found is None:
        raise NotFoundError(f"track {number} has no picture")
    return Response(found, media_type=_JPEG)


@get("/boxes/{chunk:int}", sync_to_thread=True)
def boxes(room: TheRoom, chunk: Number) -> list[list[BoxView]]:
    """Return the tracks of each picture of a chunk."""
    return box_views(room.scan, chunk)


@get("/covered/{chunk:int}", sync_to_thread=True)
def covered(
    room: TheRoom,
    chunk: Number,
    revision: Annotated[int, QueryParameter(name="revision", ge=0)] = 0,
) -> list[list[Place]]:
    """Return what an export would cover in each picture of a chunk, as the edits are now."""
    del revision  # tells answers apart in whoever keeps them
    return cover_views(room.scan, chunk, room.desk.state()[1].edits)


@put("/edits", sync_to_thread=True)
def change(room: TheRoom, data: JSONBody[Change]) -> Revision:
    """Keep new edits."""
    return Revision(revision=room.desk.change(data.revision, data.edits))


@post("/approval", status_code=200, sync_to_thread=True)
def approve(room: TheRoom, data: JSONBody[Approving]) -> ExportState:
    """Note who approves, and begin to export."""
    room.export.start(lambda: room.desk.approve(data.revision, data.name))
    return room.export.state()


@get("/export", sync_to_thread=False)
def export(room: TheRoom) -> ExportState:
    """Return how far the export is."""
    return room.export.state()


@post("/end", status_code=202)
async def finish(room: TheRoom) -> None:
    """End the program; the answer still arrives."""
    room.ended.set()
