"""What a create costs on a warm state in a file."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from brought import without

BENCH: Final = Path(__file__).parents[2] / "bench/state_cost.py"
CREATES: Final = 40


def fsyncs(creates: int, folder: Path) -> int:
    """Return how often the process made the disk keep what it wrote."""
    strace = shutil.which("strace")
    if strace is None:
        without("counting fsyncs needs strace: apt-get install strace")
    log = folder / f"{creates}.strace"
    tracing = [strace, "-f", "-e", "trace=fsync,fdatasync", "-o", str(log), sys.executable, str(BENCH)]
    given = ["--state", str(folder / f"{creates}.db"), "--creates", str(creates)]
    subprocess.run([*tracing, *given], check=True, capture_output=True, timeout=300)
    return sum("sync(" in line for line in log.read_text().splitlines())


def test_a_create_costs_two_fsyncs(tmp_path: Path) -> None:
    """Documented: one before the first byte, one for its end; claim, rate and names are kept without."""
    # Opening and closing may take one more or less, by when SQLite moves its log into the file.
    assert (fsyncs(CREATES, tmp_path) - fsyncs(0, tmp_path)) // CREATES <= 2
