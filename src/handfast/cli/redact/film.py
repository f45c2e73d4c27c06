"""One film through the engine: read, redact, write."""

import fcntl
import glob
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

import msgspec

from handfast.cli.redact.ledger import Ledger
from handfast.cli.redact.report import ModelLine, Report, Reviewed
from handfast.kit.cache import whole_file
from handfast.kit.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from handfast.media.photo_writer import PhotoWriter
from handfast.media.picture_reader import PictureReader, Sound
from handfast.media.picture_writer import CONTAINERS, Output, PictureWriter
from handfast.media.pictures import PHOTOS, DecodedPicture
from handfast.vision.boxes import Box
from handfast.vision.detector import Detector
from handfast.vision.due import Keep
from handfast.vision.model_detector import ModelDetector
from handfast.vision.picture import Picture
from handfast.vision.redactor import Redactor
from handfast.vision.settings import Settings

Progress: TypeAlias = Callable[[int, float | None], None]
"""Told after each picture: how many are done, and the share of the film that is; None when
nobody knows how long the film is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What is to be done with one file.

    Attributes:
        source: Read.
        target: Written; its ending says which kind of file.
        settings: Of the engine.
        keep: Numbers of tracks that stay clear.
        sound: Copy the sound, otherwise it is left out.
        metadata: Keep title, place and time, otherwise they are left out.
        threads: Of the decoder; the encoder has one, whose bytes are the same everywhere.
        models: What the detectors are, for the report.
        reviewed: What a person changed, if somebody did.
    """

    source: Path
    target: Path
    settings: Settings
    keep: frozenset[int] = frozenset()
    sound: bool = False
    metadata: bool = False
    threads: int = 1
    models: tuple[ModelLine, ...] = ()
    reviewed: Reviewed | None = None

    @property
    def kept(self) -> frozenset[int]:
        """Numbers of every track that stays clear."""
        return self.keep | (self.reviewed.edits.tracks if self.reviewed else frozenset())


def redact_film(film: Film, detectors: Sequence[Detector], progress: Progress) -> Report:
    """Redact a file; the target appears whole and durable, or not at all.

    The same file, settings and detectors give the same numbers of tracks, whatever is kept:
    numbers from the report of one run serve as `keep` of the next.

    Raises:
        InvalidError: The source is no video, or the target cannot be what it is to be.
        NotFoundError: A track that is to be kept does not occur.
        ConflictError: The film, or a track that is to be kept, is not the one reviewed.
        UnavailableError: The disk is full, or failed.
    """
    container = container_of(film)
    ledger = Ledger(film.settings, film.models)
    redactor = Redactor(film.settings, detectors)
    _sweep(film.target)
    with _disk_told(film.target), whole_file(film.target) as part, _held(part):
        with PictureReader(film.source, threads=film.threads) as reader:
            with _Copy(film, reader, part, container) as copy:
                ready = _Ready(detectors)
                for at_us in _redacted(film, reader, redactor, ready, copy=copy, ledger=ledger):
                    progress(
                        ledger.pictures, _share(at_us - reader.start_us, reader.duration_us)
                    )
                copy.finish()
            ledger.skipped = reader.skipped
        _check_kept(film, ledger)
        report = ledger.report(film.source, part, target=film.target.name)
        _check_reviewed(film, report)
        return msgspec.structs.replace(report, reviewed=film.reviewed)


def _redacted(
    film: Film,
    reader: PictureReader,
    redactor: Redactor,
    ready: "_Ready",
    *,
    copy: "_Copy",
    ledger: Ledger,
) -> Iterator[int]:
    """Redact and write picture after picture; yields the time of each."""
    keep = Keep(tracks=film.kept)
    for item in reader.read(sound=film.sound):
        if isinstance(item, Sound):
            copy.write_sound(item)
            continue
        picture = Picture(y=item.y, u=item.u, v=item.v)
        ready.prepare(picture)
        done = redactor.redact(
            picture,
            item.at_us,
            keep=keep,
            drawn=_drawn(film, ledger.pictures, picture),
            damaged=item.damaged,
        )
        copy.write(item)
        ledger.note(item.at_us, done, damaged=item.damaged)
        yield item.at_us


class _Ready:
    """Refuses sizes that a detector cannot read: the engine would cover the whole film."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._models = [each for each in detectors if isinstance(each, ModelDetector)]
        self._size: tuple[int, int] | None = None

    def prepare(self, picture: Picture) -> None:
        """Compile for this size, if it is a new one."""
        size = (picture.width, picture.height)
        if size != self._size:
            for each in self._models:
                each.prepare(*size)
        self._size = size


class _Copy:
    """The file that is written; opened by the first picture, which alone knows its size."""

    def __init__(self, film: Film, reader: PictureReader, path: Path, container: str) -> None:
        self._film = film
        self._reader = reader
        self._path = path
        self._container = container
        self._writer: PictureWriter | PhotoWriter | None = None
        self._early: list[Sound] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()

    def write(self, picture: DecodedPicture) -> None:
        """Write a picture, and whatever sound came before the first."""
        if self._writer is None:
            self._writer = self._open(picture)
            for sound in self._early:
                self._writer.write_sound(sound)
        self._writer.write(picture)

    def write_sound(self, sound: Sound) -> None:
        """Write sound, or keep it until there is a file."""
        if self._writer is None:
            self._early.append(sound)
        else:
            self._writer.write_sound(sound)

    def finish(self) -> None:
        """Complete the file, if there is one."""
        if self._writer is not None:
            self._writer.finish()

    def _open(self, first: DecodedPicture) -> PictureWriter | PhotoWriter:
        film, reader = self._film, self._reader
        if self._container in PHOTOS.values():
            return PhotoWriter(self._path, self._container, name=film.target)
        output = Output(
            width=first.frame.width,
            height=first.frame.height,
            rate=reader.rate,
            container=self._container,
            aspect=first.aspect,
            metadata=reader.metadata if film.metadata else {},
        )
        audio = reader.audio if film.sound else ()
        return PictureWriter(self._path, output, audio=audio, name=film.target)


@contextmanager
def _disk_told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"{target} cannot be written ({error.strerror or error}); make room and repeat"
        ) from error


def container_of(film: Film) -> str:
    """Return the kind of file that the target's name asks for.

    Raises:
        InvalidError: None that can be written, or the target is the source or a folder.
        UnavailableError: Nothing can be written where the target is to be.
    """
    kinds = PHOTOS if is_photo(film.source) else CONTAINERS
    container = kinds.get(film.target.suffix.lower())
    known = ", ".join(sorted(kinds))
    if container is None and film.target.is_dir():
        name = film.target / f"{film.source.stem}-redacted{_ending(film.source)}"
        raise InvalidError(f"{film.target} is a folder; name a file in it, such as {name}")
    if container is None:
        raise InvalidError(f"{film.target}: unknown kind of file; end the name in {known}")
    if film.metadata and kinds is PHOTOS:
        raise InvalidError(
            f"{film.source}: of a photo only the picture is kept; leave --metadata out"
        )
    if film.target.exists() and film.source.exists() and film.target.samefile(film.source):
        raise InvalidError(f"{film.target} is the source itself; give another name")
    if film.target.is_dir():
        raise InvalidError(f"{film.target} is a folder; name the file that is to be written")
    _check_place(film.target)
    return container


def is_photo(path: Path) -> bool:
    """Tell by its name whether a file is a photo."""
    return path.suffix.lower() in PHOTOS


def _ending(source: Path) -> str:
    return source.suffix.lower() if is_photo(source) else ".mp4"


def _check_place(target: Path) -> None:
    """Find out before the work, which takes long, whether its result has a place."""
    folder = next(each for each in target.absolute().parents if each.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise UnavailableError(
            f"{target} cannot be written: {folder} is no folder that you may write to; "
            "name another place"
        )


@contextmanager
def _held(part: Path) -> Iterator[None]:
    """Hold an unfinished file, so that nobody takes it for one that a killed run has left."""
    with part.open("wb") as file:
        with suppress(OSError):  # not every file system can
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _sweep(target: Path) -> None:
    """Remove what runs that were killed have left of this very file."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink()


def _check_kept(film: Film, ledger: Ledger) -> None:
    if unknown := film.kept - ledger.tracks:
        names = ", ".join(str(each) for each in sorted(unknown))
        raise NotFoundError(
            f"track {names} does not occur in {film.source}; redact it without --keep and "
            "with --report first, and take the number from there"
        )


def _drawn(film: Film, number: int, picture: Picture) -> list[Box]:
    if film.reviewed is None:
        return []
    return list(film.reviewed.edits.drawn(number, width=picture.width, height=picture.height))


def _check_reviewed(film: Film, report: Report) -> None:
    """Hold the run to the review: the same film, and the same thing behind each number."""
    if film.reviewed is None:
        return
    if report.source.sha256 != film.reviewed.film:
        raise ConflictError(
            f"{film.source} has changed since it was reviewed; nothing is written. Take the "
            "film back, or begin a new review"
        )
    found = {(each.track, each.kind, each.since_us) for each in report.tracks}
    for each in film.reviewed.edits.clear:
        if (each.track, each.kind, each.since_us) not in found:
            raise ConflictError(
                f"track {each.track} is another one here than in the review (another machine "
                "may detect otherwise); nothing is written. Review the film on this machine"
            )


def _share(done_us: int, duration_us: int | None) -> float | None:
    return min(max(done_us, 0) / duration_us, 1.0) if duration_us else None
