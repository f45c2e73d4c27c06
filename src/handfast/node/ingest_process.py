"""Program of an ingest process: `python -m handfast.node.ingest_process PERIODS KEY FD`.

The only place where recording (`media`) meets the period store (`storage`). Started by
`handfast.media.ingest_processes`, never by hand.
"""

import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from handfast.kit.clock import SystemClock
from handfast.kit.ids import SystemIds
from handfast.media.worker import run_worker
from handfast.storage.sqlite_periods import SqlitePeriods


def ingest_command(periods: Path, key_file: Path) -> tuple[str, ...]:
    """Return the command line, to which `IngestProcesses` appends the descriptor.

    Args:
        periods: Database of `SqlitePeriods`.
        key_file: Its wrapping key; both must exist.
    """
    return (sys.executable, "-m", "handfast.node.ingest_process", str(periods), str(key_file))


def main(arguments: Sequence[str]) -> int:
    """Record until the node says stop or has gone; returns the exit status."""
    # Ctrl-C and systemd reach the whole group. The node stops us in its own order, and if
    # it dies its end of the connection closes, which we see.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    periods, key_file, descriptor = arguments
    clock = SystemClock()
    ids = SystemIds(clock)
    store = SqlitePeriods(Path(periods), key_file=Path(key_file), ids=ids)
    run_worker(socket.socket(fileno=int(descriptor)), store=store, clock=clock, ids=ids)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
