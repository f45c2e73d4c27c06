"""The built files, listed once at start: what is not on the list does not exist."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from handfast.kit.errors import CorruptError

STATIC = Path(__file__).parent / "static"

# Named here and not asked of the system, whose tables differ from machine to machine.
# Litestar adds the character set to text.
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".pmtiles": "application/vnd.pmtiles",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltFile:
    """One file of the build.

    Attributes:
        path: Where it lies.
        packed: The same, compressed with gzip; None when it was not worth it.
        media_type: For the content-type header.
        size: Bytes, uncompressed.
        tag: Strong entity tag without quotes, from the content.
    """

    path: Path
    packed: Path | None
    media_type: str
    size: int
    tag: str


def built_files(folder: Path) -> Mapping[str, BuiltFile]:
    """List the servable files below `folder` by their path relative to it, with `/` between.

    Files of unknown kind (notices, say) are left out. Reads every file once for its tag.

    Raises:
        CorruptError: There is no such folder or nothing servable in it, so the installation
            is not whole.
    """
    found = {
        path.relative_to(folder).as_posix(): _built(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in _MEDIA_TYPES
    }
    if not found:
        raise CorruptError(
            f"no built files in {folder}; install handfast again, or run `make web`"
        )
    return found


def _built(path: Path) -> BuiltFile:
    packed = path.with_name(path.name + ".gz")
    content = path.read_bytes()
    return BuiltFile(
        path=path,
        packed=packed if packed.is_file() else None,
        media_type=_MEDIA_TYPES[path.suffix],
        size=len(content),
        tag=sha256(content).hexdigest()[:24],
    )
