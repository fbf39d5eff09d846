"""Files that are their owner's alone: what is in them must be neither read nor replaced by others."""

import os
import stat
from pathlib import Path
from typing import Final

_FOR_OTHERS: Final = 0o077


def exposed_because(path: Path) -> tuple[str, str] | None:
    """Return why a file is not its owner's alone, and what to do about it; None where it is, or is not there.

    A symlink is followed where it and its target are the owner's: else somebody else decides what is read.

    Raises:
        OSError: it cannot be looked at.
    """
    if os.name != "posix":
        return None
    try:
        link, target = path.lstat(), path.stat()
    except FileNotFoundError:
        return None
    own = os.geteuid()
    if stat.S_ISLNK(link.st_mode) and {link.st_uid, target.st_uid} != {own}:
        return "is a symlink, and it or its target is another user's", "Name the file itself."
    if target.st_mode & _FOR_OTHERS:
        return "is open to others", f"chmod 600 {path}"
    return None
