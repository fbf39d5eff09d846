"""Errors for callers of elsewhere: they name no path of this machine, which is for its administrator's log."""

import logging
import os
import re
from typing import Final

from case_tools import CaseError, Settings

_PATH: Final = re.compile(r"(?<![\w/:.])(?:/|[A-Z]:\\)[^\s'\"`,;:()]+")
_INSTEAD: Final = "(a file of the server)"
_log = logging.getLogger(__name__)


def hide_paths(error: CaseError, settings: Settings) -> None:
    """Take the machine's paths out of an error's words, and leave the words as they were in the log."""
    own = [settings.state_file, settings.embedded_file, settings.keys, settings.prompts, settings.audit_file]
    known = sorted((str(each) for each in own if each not in {None, ":memory:"}), key=len, reverse=True)
    for name in ("what", "next_step"):
        words = str(getattr(error, name))
        hidden = _PATH.sub(_shown, _without(words, known))
        if hidden != words:
            _log.error("a caller was told, without the paths: %s", words)
            setattr(error, name, hidden)


def _without(words: str, known: list[str]) -> str:
    for path in known:
        words = words.replace(path, _INSTEAD)
    return words


def _shown(match: re.Match[str]) -> str:
    path = match[0].rstrip(".")
    here = os.path.lexists(path) or (path.count("/") > 1 and os.path.lexists(path.rpartition("/")[0]))
    return match[0].replace(path, _INSTEAD) if here else match[0]
