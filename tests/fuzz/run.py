"""Fuzz one target in a process of its own.

Usage: python -m tests.fuzz.run TARGET [libFuzzer options] [CORPUS_DIRECTORY...]

`-max_total_time=600` runs ten minutes. An input that breaks something is written to the
working directory; put it into tests/fuzz/found/TARGET/ and mend the reader.
"""

import sys

import atheris

with atheris.instrument_imports(include=["handfast"]):
    from tests.fuzz.targets import TARGETS, survives


def main() -> None:
    """Run until the options say so; ends the process."""
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, lambda data: int(survives(target, data)) - 1)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
