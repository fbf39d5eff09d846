"""The embedded desk: a practice case system that answers the vendors' wire formats over SQLite."""

from case_tools.embedded.app import EmbeddedDesk
from case_tools.embedded.connection import environment_of, open_desk, settings_of
from case_tools.embedded.guesses import Guesses
from case_tools.embedded.schema import DeskFileError
from case_tools.embedded.store import DeskAccount

__all__ = [
    "DeskAccount",
    "DeskFileError",
    "EmbeddedDesk",
    "Guesses",
    "environment_of",
    "open_desk",
    "settings_of",
]
