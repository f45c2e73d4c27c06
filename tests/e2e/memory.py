"""What a process holds in memory, read as a core dump would be, and where bytes lie in it."""

import base64
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_AT_ONCE = 32 << 20
_OVERLAP = 4096


def dump(pid: int) -> Iterator[bytes]:
    """Yield everything writable that a process has mapped, in pieces that overlap."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            while start < end:
                size = min(_AT_ONCE, end - start)
                with suppress(OSError, OverflowError):
                    memory.seek(start)
                    yield memory.read(size)
                start += size - (_OVERLAP if start + size < end else 0)


def files(folder: Path) -> Iterator[bytes]:
    """Yield every file below a folder."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def found_in(pieces: Iterable[bytes], needles: dict[str, bytes]) -> set[str]:
    """Return the names of the needles that are there, raw, in hexadecimal or in base64.

    Of base64 those letters are searched that depend on the needle alone when it stands at
    the start of what was encoded, which is how keys are written everywhere here.
    """
    forms = [(name, form) for name, raw in needles.items() for form in _forms(raw)]
    found: set[str] = set()
    for piece in pieces:
        found |= {name for name, form in forms if name not in found and form in piece}
    return found


def _forms(raw: bytes) -> tuple[bytes, ...]:
    whole = len(raw) // 3 * 3
    return tuple({raw, raw.hex().encode(), base64.urlsafe_b64encode(raw[:whole])})
