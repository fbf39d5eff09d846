"""The secret that seals confirmations, from a file that every replica has, and never from the database."""

import hashlib
import hmac
from pathlib import Path
from typing import Final

from case_tools.errors import StateUnusable

_SHORTEST: Final = 32
_OTHERS: Final = 0o077


class SealKeys:
    """The keys of the file, the current one first.

    A line is `ID SECRET`; what is sealed now is sealed with the first.

    Args:
        file: CASE_MCP_SEAL_KEY_FILE.

    Raises:
        StateUnusable: it is missing, can be read by others, or holds no good key.
    """

    def __init__(self, file: str | None) -> None:
        if not file:
            raise _wrong("CASE_MCP_SEAL_KEY_FILE is missing, and PostgreSQL does not keep what seals.")
        path = Path(file).expanduser()
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            raise _wrong(f"CASE_MCP_SEAL_KEY_FILE cannot be read ({type(error).__name__}).") from None
        if mode & _OTHERS:
            raise _wrong("CASE_MCP_SEAL_KEY_FILE can be read by others.")
        keys = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        if not keys or any(len(each) != 2 or len(each[1]) < _SHORTEST for each in keys):  # noqa: PLR2004 - id, secret
            needs = f"lines of an id and a secret of {_SHORTEST} characters"
            raise _wrong(f"CASE_MCP_SEAL_KEY_FILE needs {needs}.")
        self._keys = [secret.encode() for _, secret in keys]

    def secret(self, name: str) -> bytes:
        """Return the current secret for a purpose."""
        return hmac.digest(self._keys[0], name.encode(), hashlib.sha256)


def _wrong(what: str) -> StateUnusable:
    return StateUnusable(
        what,
        next_step="Write one line, an id and a random secret (openssl rand -hex 32), into a file of mode 0600 "
        "that every replica has, and set CASE_MCP_SEAL_KEY_FILE to it.",
    )
