"""One program of the demo, which ends with the demo, however that ended.

    python -m handfast.cli.demo.kept node run --config node.toml

Standard input is a pipe of which only the demo holds the other end. When the demo is killed
the system closes it, and this program ends itself in its own order, as it does on Ctrl-C.
"""

import os
import signal
import sys
from threading import Event, Thread

from handfast.cli.main import FAILED, main

_GRACE_S = 10


def _end_with_the_demo() -> None:
    while os.read(sys.stdin.fileno(), 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
    Event().wait(_GRACE_S)
    os._exit(FAILED)  # it hangs, and nobody is left who would end it


if __name__ == "__main__":
    Thread(target=_end_with_the_demo, daemon=True).start()
    sys.exit(main())
