"""The command `case-mcp`."""

import gc
import os
import sys


def main() -> None:
    """Run the command line; the collector rests while a few thousand models are imported."""
    gc.disable()
    _open_what_is_closed()
    from case_server.cli.main import run  # noqa: PLC0415 - after the collector was stopped

    sys.exit(run(sys.argv[1:]))


def _open_what_is_closed() -> None:
    """Lead closed standard descriptors nowhere: else the next file that is opened becomes stdout or stderr."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w", closefd=False))


if __name__ == "__main__":
    main()
