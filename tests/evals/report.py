"""What the evaluation prints: progress while it runs, a table and JSON at the end."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Progress:
    """One line on a terminal that says how far it is; nothing in a file."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._shown = sys.stderr.isatty()

    def step(self, name: str) -> None:
        """Count one play."""
        self._done += 1
        if self._shown:
            print(f"\r\x1b[K{self._done} of {self._total}  {name}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the line."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table whose columns stand under each other, numbers to the right."""
    cells = [[f"{each:,}" if isinstance(each, int) else str(each) for each in row] for row in rows]
    right = [all(isinstance(row[index], int | float) for row in rows) for index in range(len(head))]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]

    def line(row: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if aligned else cell.ljust(width)
            for cell, width, aligned in zip(row, widths, right, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + ":" if aligned else "-" * width for width, aligned in zip(widths, right, strict=True)
    ]
    return "\n".join([line(head), line(rule), *map(line, cells)])


def write_json(file: Path | None, figures: Mapping[str, Any]) -> None:
    """Write the figures into the file, if there is one."""
    if file is not None:
        file.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
