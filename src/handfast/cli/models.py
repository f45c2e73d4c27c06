"""`handfast models`: the detectors that redaction runs on."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Final

from handfast.cli.command import Commands, add_command, add_group
from handfast.kit.cache import cache_directory
from handfast.kit.errors import HandfastError
from handfast.vision.install import Step, install_models
from handfast.vision.measure import measure
from handfast.vision.probe import cards, choose_runtime, remembered
from handfast.vision.registry import Model, OwnFile, read_registry
from handfast.vision.store import load_model, path_of, state_of

_WIDTH: Final = 24
_FAILED: Final = 1
_NO_CARD: Final = "none that the installed onnxruntime can use"


def add_to(commands: Commands) -> None:
    """Add `models install`, `models list`, `models verify` and `models measure`."""
    group = add_group(
        commands,
        "models",
        summary="Install and verify the models that find persons, vehicles and faces, kept in "
        "~/.cache/handfast.",
        example="""handfast models install
        XDG_CACHE_HOME=/srv/cache handfast models install""",
    )
    for name, summary, run in (
        ("install", "Fetch, convert and verify every model; does nothing twice.", run_install),
        ("list", "Show every model: origin, licence, what it was measured to find.", run_list),
        ("verify", "Compare every model with its hash; try those of your own.", run_verify),
        ("measure", "Show what one detection costs here, on each runtime.", run_measure),
    ):
        example = f"""handfast models {name}
        handfast models {name} --registry our-models.toml"""
        parser = add_command(group, name, summary=summary, example=example, run=run)
        parser.add_argument(
            "--registry",
            type=Path,
            metavar="FILE",
            help="models of your own in place of ours; see docs/reference/models.md",
        )


def run_install(arguments: argparse.Namespace) -> int:
    """Install what is missing, with a bar on a terminal and lines elsewhere."""
    registry = read_registry(arguments.registry)
    cache = cache_directory(os.environ)
    show = _show_bar if sys.stderr.isatty() else _show_line
    for path in install_models(registry, cache, show):
        print(path)
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """Print the registry as a person reads it."""
    cache = cache_directory(os.environ)
    for model in read_registry(arguments.registry).model:
        source = model.source
        origin = (
            f"file {source.path}"
            if isinstance(source, OwnFile)
            else f"{source.package} {source.version}"
        )
        print(f"{model.id}: {model.task}, {state_of(model, cache)}")
        print(f"  from      {origin}\n  licence   {model.licence}")
        print(f"  file      {path_of(model, cache)}\n  sha256    {model.sha256}")
        print(f"  threshold {model.threshold}, longer side {model.input.longest} px")
        print(f"  runs on   {_runs_on(model, cache)}")
        for each in model.measured:
            print(f"  finds     {each.recall:.0%} of {each.of}\n            ({each.how})")
    print(f"graphics cards: {', '.join(cards()) or _NO_CARD}")
    return 0


def _runs_on(model: Model, cache: Path) -> str:
    """Say what was chosen for a model on this machine, and what else was measured."""
    probed = remembered(model, cache)
    if probed is None:
        return "whatever takes least processor time here; measured when first used"
    chosen = f"{probed.choice.engine}-{probed.choice.precision}"
    ranked = sorted(probed.cpu_ms.items(), key=lambda each: each[1])
    measured = ", ".join(f"{name} {spent:.1f} ms" for name, spent in ranked)
    return f"{chosen}, measured here per picture: {measured}"


def run_verify(arguments: argparse.Namespace) -> int:
    """Say of each model whether it is what the registry names; 1 when one is not.

    An owner's own may have the right hash and the wrong outputs, so those are tried.
    """
    cache = cache_directory(os.environ)
    status = 0
    for model in read_registry(arguments.registry).model:
        try:
            content = load_model(model, cache)
            if isinstance(model.source, OwnFile):
                choose_runtime(model, content, cache, time.process_time)
            print(f"{model.id}: verified")
        except HandfastError as error:
            print(f"{model.id}: {error}", file=sys.stderr)
            status = _FAILED
    return status


def run_measure(arguments: argparse.Namespace) -> int:
    """Print a table of CPU milliseconds for each model, at its own size and at others."""
    cache = cache_directory(os.environ)
    print("| model | network reads | runtime | CPU ms, least | median |\n|---|---|---|---|---|")
    for model in read_registry(arguments.registry).model:
        content = load_model(model, cache)
        own = model.input.longest
        sizes = [own] if model.input.fixed else [own * 2 // 3, own, own * 3 // 2]
        for longest in sizes:
            for cost in measure(model, content, longest, time.process_time):
                print(
                    f"| {cost.model} | {cost.canvas[0]} x {cost.canvas[1]} "
                    f"| {cost.run_as.engine} {cost.run_as.precision} "
                    f"| {cost.least_ms:.1f} | {cost.median_ms:.1f} |",
                    flush=True,
                )
    return 0


def _show_bar(step: Step) -> None:
    filled = _WIDTH * step.done // step.total if step.total else _WIDTH
    bar = "#" * filled + "." * (_WIDTH - filled)
    end = "\n" if step.done == step.total else ""
    print(f"\r\x1b[K[{bar}] {step.doing}", end=end, file=sys.stderr, flush=True)


def _show_line(step: Step) -> None:
    print(step.doing, file=sys.stderr, flush=True)
