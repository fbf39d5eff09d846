"""The vendor pages' samples, kept as files; the people in them are invented."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "samples"


def sample(name: str, *, vendor: str = "kore") -> Any:
    """Return what a sample file holds."""
    return json.loads((_FOLDER / vendor / f"{name}.json").read_text(encoding="utf-8"))
