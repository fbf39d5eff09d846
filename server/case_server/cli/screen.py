"""What the commands show to people: one look, colour on a terminal alone."""

import os
import sys
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_PLAIN_WIDTH: Final = 100
STYLES: Final = {"ok": "green", "warning": "yellow", "fault": "bold red"}


def screen(stream: TextIO | None = None) -> "Console":
    """Return the console; as wide as the terminal, without colour where `NO_COLOR` is set or it is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - 30 ms that a server does not owe

    out = stream or sys.stdout
    is_terminal = out.isatty() and os.environ.get("TERM") != "dumb"
    return Console(
        file=out,
        width=None if is_terminal or os.environ.get("COLUMNS", "").isdecimal() else _PLAIN_WIDTH,
        color_system="auto" if is_terminal and not os.environ.get("NO_COLOR") else None,
        force_terminal=is_terminal,
        markup=False,
        emoji=False,
        highlight=False,
    )
