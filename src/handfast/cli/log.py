"""`handfast log`: verify, show and export an owner's log, without an account and offline."""

import argparse
import base64
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec

from handfast.audit.proof import prove_range
from handfast.audit.publish import export
from handfast.audit.source import DirectorySource, HttpSource, LogSource
from handfast.audit.verify import Report, verify_log
from handfast.cli.command import Commands, add_command, add_group
from handfast.kit.errors import InvalidError, NotFoundError
from handfast.storage.sqlite_log import SqliteLog


def add_to(commands: Commands) -> None:
    """Add `log` with `verify`, `show` and `export`."""
    group = add_group(
        commands,
        "log",
        summary="Verify, show and export the log that says who was let in.",
        example="handfast log verify https://school.example/log --vkey KEY",
    )
    _add_verify(group)
    _add_show(group)
    _add_export(group)


def _add_verify(group: Commands) -> None:
    verify = add_command(
        group,
        "verify",
        summary="Check a published log: nothing changed, nothing removed, all of it signed.",
        example="""
            handfast log verify ./log-export --vkey school.example/log+8f2a91c4+AZ...
            handfast log verify https://school.example/log --vkey KEY --since last-month.txt
        """,
        run=run_verify,
    )
    verify.add_argument("log", help="folder or http(s) address that holds `checkpoint`")
    verify.add_argument(
        "--vkey", required=True, help="the log's verifier key, or a file with it"
    )
    verify.add_argument(
        "--since", type=Path, metavar="FILE", help="an earlier checkpoint that it must continue"
    )
    verify.add_argument(
        "--openings", type=Path, metavar="FILE", help="proofs (JSON lines) that must be in it"
    )
    verify.add_argument(
        "--authority", type=Path, metavar="PEM", help="TLS authority to trust for the address"
    )
    verify.add_argument("--json", action="store_true", help="print one JSON object")


def _add_show(group: Commands) -> None:
    show = add_command(
        group,
        "show",
        summary="Print the entries of a log, as kept by its node.",
        example="handfast log show /var/lib/handfast/log.sqlite --first 1200",
        run=run_show,
    )
    show.add_argument("store", type=Path, help="the node's log file")
    show.add_argument("--first", type=int, default=0, help="first entry to print (default 0)")
    show.add_argument("--end", type=int, help="entry to stop before (default: all)")
    show.add_argument(
        "--json", action="store_true", help="print proofs, one JSON object a line"
    )


def _add_export(group: Commands) -> None:
    command = add_command(
        group,
        "export",
        summary="Write a log as files (C2SP tlog-tiles) that anybody can verify.",
        example="handfast log export /var/lib/handfast/log.sqlite ./log-export",
        run=run_export,
    )
    command.add_argument("store", type=Path, help="the node's log file")
    command.add_argument("directory", type=Path, help="where to write; full tiles are kept")


def run_verify(arguments: argparse.Namespace) -> int:
    """Verify and report; 0 when everything holds, 1 when anything does not."""
    openings = arguments.openings
    report = verify_log(
        _source(arguments.log, arguments.authority),
        _vkey(arguments.vkey),
        since=_text(arguments.since) if arguments.since else None,
        openings=_text(openings).splitlines() if openings else None,
    )
    print(_as_json(report) if arguments.json else _as_text(report))
    return 0 if report.holds else 1


def run_show(arguments: argparse.Namespace) -> int:
    """Print entries in order; what was erased is said to be."""
    store = _open(arguments.store)
    end = store.size() if arguments.end is None else min(arguments.end, store.size())
    lines = _proofs if arguments.json else _entries
    for line in lines(store, arguments.first, end):
        print(line)
    store.close()
    return 0


def run_export(arguments: argparse.Namespace) -> int:
    """Write the log as files."""
    store = _open(arguments.store)
    size = export(store, arguments.directory)
    store.close()
    print(f"{size} entries in {arguments.directory}; verify them with `handfast log verify`")
    return 0


def _open(path: Path) -> SqliteLog:
    if not path.is_file():
        raise NotFoundError(f"there is no log file {path}; name the node's log.sqlite")
    return SqliteLog(path)


def _proofs(store: SqliteLog, first: int, end: int) -> Iterator[str]:
    for proof in prove_range(store, first, end):
        yield msgspec.json.encode(proof).decode()


def _entries(store: SqliteLog, first: int, end: int) -> Iterator[str]:
    yield (store.checkpoint() or "The log is empty.\n")
    openings = {opening.index: opening for opening in store.openings(first, end)}
    for index in range(first, end):
        opening = openings.get(index)
        yield f"{index:>8}  {opening.entry.decode() if opening else '(erased)'}"


def _source(log: str, authority: Path | None) -> LogSource:
    if log.startswith(("http://", "https://")):
        return HttpSource(log, authority=authority)
    if not Path(log).is_dir():
        raise NotFoundError(
            f"{log} is no folder and no http(s) address; name the folder that holds "
            "`checkpoint`, or the log's address, which ends in /log"
        )
    return DirectorySource(Path(log))


def _vkey(given: str) -> str:
    return given if "+" in given else _text(Path(given)).strip()


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidError(f"{path} cannot be read: {error}") from error


def _as_text(report: Report) -> str:
    lines = [f"log   {report.origin}"]
    if report.size is not None and report.root is not None:
        lines += [f"size  {report.size}", f"root  {_root(report)}"]
    lines.append("")
    for finding in report.findings:
        lines.append(
            f"{'holds' if finding.holds else 'FAILS'}  {finding.check}: {finding.detail}"
        )
    verdict = "Everything checked holds." if report.holds else "This log does NOT hold."
    return "\n".join([*lines, "", verdict])


def _root(report: Report) -> str | None:
    """Write the root hash as checkpoints do, so that people can compare them by eye."""
    return base64.b64encode(report.root).decode() if report.root else None


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "holds": report.holds,
            "origin": report.origin,
            "size": report.size,
            "root": _root(report),
            "findings": [
                {"check": each.check, "holds": each.holds, "detail": each.detail}
                for each in report.findings
            ],
        }
    )
