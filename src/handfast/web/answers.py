"""How a built file is answered: compressed or not, whole or a range, new or known."""

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import HttpMethod, Request, Response
from litestar.datastructures import State
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_206_PARTIAL_CONTENT,
    HTTP_304_NOT_MODIFIED,
    HTTP_404_NOT_FOUND,
    HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE,
)

from handfast.web.files import BuiltFile
from handfast.web.ranges import ByteRange, UnsatisfiableError, parse_range

FOREVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of a request matters to a file."""

    range: str | None
    known_tags: str
    takes_gzip: bool

    @classmethod
    def of(cls, request: Request[object, object, State]) -> "Asked":
        """Read the three headers that matter; ranges are for GET (RFC 9110, 14.2)."""
        headers = request.headers
        return cls(
            range=headers.get("range") if request.method == HttpMethod.GET else None,
            known_tags=headers.get("if-none-match", ""),
            takes_gzip="gzip" in headers.get("accept-encoding", ""),
        )


def answer(
    file: BuiltFile | None, asked: Asked, *, cache: str, headers: Mapping[str, str]
) -> Response[bytes]:
    """Answer with a built file, or 404 when there is none.

    Ranges are cut from the uncompressed file: a range of compressed bytes would be useless to
    the map. Reads from disk, so call it from a worker thread.

    Args:
        file: The file, or None when the path names none.
        asked: What the request says.
        cache: `FOREVER` for names that carry a hash, else `ASK_FIRST`.
        headers: Sent with every outcome.
    """
    if file is None:
        return _plain(HTTP_404_NOT_FOUND, b"There is no such page.\n", headers)
    try:
        cut = parse_range(asked.range, file.size)
    except UnsatisfiableError:
        sized = {**headers, "content-range": f"bytes */{file.size}"}
        return _plain(HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE, b"", sized)
    if cut is not None:
        return _part(file, cut, cache=cache, headers=headers)
    return _whole(file, asked, cache=cache, headers=headers)


def _whole(
    file: BuiltFile, asked: Asked, *, cache: str, headers: Mapping[str, str]
) -> Response[bytes]:
    packed = file.packed if asked.takes_gzip else None
    tag = f'"{file.tag}-gz"' if packed else f'"{file.tag}"'
    common = {**headers, "cache-control": cache, "etag": tag, "accept-ranges": "bytes"}
    if file.packed:
        common["vary"] = "accept-encoding"
    if tag in asked.known_tags or asked.known_tags.strip() == "*":
        return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers=common)
    if packed:
        common["content-encoding"] = "gzip"
    content = (packed or file.path).read_bytes()
    return Response(
        content, status_code=HTTP_200_OK, media_type=file.media_type, headers=common
    )


def _part(
    file: BuiltFile, cut: ByteRange, *, cache: str, headers: Mapping[str, str]
) -> Response[bytes]:
    with file.path.open("rb") as opened:
        opened.seek(cut.first)
        content = opened.read(cut.length)
    return Response(
        content,
        status_code=HTTP_206_PARTIAL_CONTENT,
        media_type=file.media_type,
        headers={
            **headers,
            "cache-control": cache,
            "etag": f'"{file.tag}"',
            "accept-ranges": "bytes",
            "content-range": f"bytes {cut.first}-{cut.last}/{file.size}",
        },
    )


def _plain(status: int, text: bytes, headers: Mapping[str, str]) -> Response[bytes]:
    return Response(
        text,
        status_code=status,
        media_type="text/plain",
        headers={**headers, "cache-control": ASK_FIRST},
    )
