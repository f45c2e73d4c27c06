"""Write the reference pages that are made from the code; a house rule fails when they drift.

Usage: .venv/bin/python -m tools.write_docs
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from handfast.cli.command import Parser
from handfast.cli.main import build_parser
from handfast.hub.http.routes import describe_api
from handfast.node.config import explain_config
from handfast.storage.hub_schema import SCHEMA
from tools.promises import promises_page

ROOT = Path(__file__).resolve().parent.parent
DIALECT = SQLiteDialect_pysqlite()
COLUMNS = "88"  # argparse wraps to the terminal; a page must not depend on who wrote it


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Return every parser that does something, in the order of the help."""
    groups = [
        action
        for action in parser._actions  # noqa: SLF001 - argparse has no public way to walk
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    ]
    if not groups:
        yield parser
    for group in groups:
        for child in group.choices.values():
            yield from leaves(child.loaded() if isinstance(child, Parser) else child)


def cli_page() -> str:
    """Return the reference of the command line."""
    parser = build_parser()
    parts = [
        "# The command line",
        "Written by `make docs` from the program itself; change the help text, not this page.",
        f"```text\n{parser.format_help().strip()}\n```",
    ]
    for leaf in leaves(parser):
        parts += [f"## {leaf.prog}", f"```text\n{leaf.format_help().strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def hub_schema_page() -> str:
    """Return the hub's tables with the meaning of each column."""
    parts = ["-- The hub's database, written by `make docs` from handfast.storage.hub_schema."]
    for table in SCHEMA.sorted_tables:
        lines = [f"CREATE TABLE {table.name} ("]
        for column in table.columns:
            kind = column.type.compile(dialect=DIALECT)
            need = "" if column.nullable else " NOT NULL"
            lines.append(f"    {column.name} {kind}{need},  -- {column.comment}")
        names = ", ".join(column.name for column in table.primary_key.columns)
        lines += [f"    PRIMARY KEY ({names})", ");"]
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            over = ", ".join(column.name for column in index.columns)
            lines.append(f"CREATE INDEX {index.name} ON {table.name} ({over});")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def hub_openapi_page() -> str:
    """Return the hub's interface as OpenAPI 3.1, as it serves it at /schema."""
    return describe_api()


def node_config_page() -> str:
    """Return every key of a node's configuration with its meaning and default."""
    parts = [
        "# node.toml",
        (
            "Written by `make docs`, as `handfast node config --explain` prints it. Paths are"
            " relative to the file's folder; secrets stand in files of mode 0600."
        ),
        f"```toml\n{explain_config().strip()}\n```",
    ]
    return "\n\n".join(parts) + "\n"


# The page, from the root of the checkout, and what makes it.
PAGES: Mapping[str, Callable[[], str]] = {
    "ARCHITECTURE.md": promises_page,
    "docs/reference/cli.md": cli_page,
    "docs/reference/config-node.md": node_config_page,
    "docs/reference/hub-openapi.json": hub_openapi_page,
    "docs/reference/schema-hub.sql": hub_schema_page,
}


def main() -> int:
    """Write every page."""
    os.environ["COLUMNS"] = COLUMNS
    for name, make in PAGES.items():
        page = ROOT / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(make(), encoding="utf-8")
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
