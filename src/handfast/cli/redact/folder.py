"""Which files a command line names, and what each of them becomes."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from handfast.kit.errors import ConflictError, InvalidError
from handfast.media.picture_writer import CONTAINERS
from handfast.media.pictures import PHOTOS

_FILMS: Final = frozenset(
    {
        *CONTAINERS,
        *PHOTOS,
        *(".avi", ".ts", ".mts", ".m2ts", ".webm", ".mpg", ".mpeg", ".wmv", ".asf"),
        *(".3gp", ".flv", ".vob", ".ogv", ".mxf", ".gif", ".h264", ".264", ".h265", ".265"),
    }
)


def pairs_of(source: Path, target: Path) -> list[tuple[Path, Path]]:
    """Return each film or photo and what it becomes; a folder's shape is kept.

    What lies in the target's folder is no source, so results are not redacted again.

    Raises:
        InvalidError: The folder holds no film, is its own target, or two of its films would
            become the same file.
    """
    if not source.is_dir():
        return [(source, target)]
    if source.resolve() == target.resolve():
        raise InvalidError(
            f"{target} is the source itself; name another folder for the results"
        )
    found = [each for each in _files_of(source, target) if _is_film(each)]
    if not found:
        raise InvalidError(
            f"{source} holds no film and no photo; name a file or a folder with films"
        )
    becomes: dict[Path, Path] = {}
    for each in found:
        name = target / each.relative_to(source)
        if each.suffix.lower() not in {*CONTAINERS, *PHOTOS}:
            name = name.with_name(f"{name.name}.mkv")
        if name in becomes:
            raise InvalidError(
                f"{becomes[name]} and {each} would both become {name}; rename one of them"
            )
        becomes[name] = each
    return [(each, name) for name, each in becomes.items()]


def left_out(source: Path, target: Path) -> list[Path]:
    """Return the files of a folder that are no films or photos, as far as their names tell."""
    if not source.is_dir():
        return []
    return [each for each in _files_of(source, target) if not _is_film(each)]


def report_of(target: Path, folder: Path, report: Path | None) -> Path | None:
    """Return where the report of a folder's film goes: into a folder of the same shape."""
    if report is None:
        return None
    name = report / target.relative_to(folder)
    return name.with_name(f"{name.name}.json")


def check_report(report: Path | None, source: Path, target: Path) -> None:
    """Refuse a report's name that would cost a film, or the report.

    Raises:
        InvalidError: It is the source or the target, a folder for a file, or a file for a
            folder.
    """
    if report is None:
        return
    if report.resolve() in {source.resolve(), target.resolve()} and not source.is_dir():
        raise InvalidError(f"{report} is one of the films; give the report a name of its own")
    if report.exists() and report.is_dir() != source.is_dir():
        fits = "a folder for the reports" if source.is_dir() else "a file for the report"
        raise InvalidError(f"{report} does not fit {source}; name {fits}")


def check_new(target: Path, *, replace: bool) -> None:
    """Refuse to write over what is there, which may be somebody's only copy.

    Raises:
        ConflictError: It exists, and nobody asked for it to be replaced.
    """
    if target.is_file() and not replace:
        raise ConflictError(
            f"{target} exists; give another name, or add --replace to make it anew"
        )


def shown(path: Path) -> str:
    """Return a file's name as text that can be printed, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def _files_of(source: Path, target: Path) -> Iterator[Path]:
    results = target.resolve()
    for each in sorted(source.rglob("*")):
        inside = results in each.resolve().parents
        if each.is_file() and not inside and not each.name.startswith("."):
            yield each


def _is_film(path: Path) -> bool:
    return path.suffix.lower() in _FILMS
