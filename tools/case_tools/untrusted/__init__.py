"""Text that others wrote: what a person would see of it, and nothing live in it."""

from case_tools.untrusted.budget import Links, reading
from case_tools.untrusted.characters import has_lone_surrogate
from case_tools.untrusted.text import CUT, block, bounded, clean, line, lines, our_mark_in, shortened

__all__ = [
    "CUT",
    "Links",
    "block",
    "bounded",
    "clean",
    "has_lone_surrogate",
    "line",
    "lines",
    "our_mark_in",
    "reading",
    "shortened",
]
