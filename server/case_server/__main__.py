"""The command `case-mcp`."""

import gc
import sys


def main() -> None:
    """Run the command line; the collector rests while a few thousand models are imported."""
    gc.disable()
    from case_server.cli.main import run  # noqa: PLC0415 - after the collector was stopped

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
