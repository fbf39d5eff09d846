"""The file of API keys: who may call over HTTP, and what they may do.

The file holds SHA-256 digests, never a key. A key is 256 random bits, so no slow hash is needed: nobody can try
them out, with or without the file.
"""

import contextlib
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from case_tools.adapter.tool import Scope
from case_tools.errors import ConfigurationError
from case_tools.state.private_file import exposed_because

_NAME: Final = r"[a-z0-9][a-z0-9._-]{0,63}"
_RESERVED: Final = ("local", "nobody")  # what the log calls a caller without a key
_RANDOM_BYTES: Final = 32
_LARGEST_FILE: Final = 4 * 1024 * 1024
_CHECK_IT: Final = "Check the file that CASE_MCP_KEYS names."
_log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class Entry(BaseModel):
    """One key as the file holds it."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(pattern=f"^{_NAME}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scopes: tuple[Scope, ...] = Field(min_length=1)
    created: AwareDatetime
    expires: AwareDatetime


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    keys: tuple[Entry, ...] = ()


class KeyFile:
    """The file as the commands work on it.

    Args:
        path: where it is.
        clock: the time at which keys begin and end.
    """

    def __init__(self, path: Path, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.path = path.expanduser()
        self._clock = clock

    def entries(self) -> Sequence[Entry]:
        """Return the keys.

        Raises:
            ConfigurationError: the file is not there, is no such file, or can be read by others.
        """
        try:
            if exposed := exposed_because(self.path):
                raise ConfigurationError(f"The keys file {self.path} {exposed[0]}.", next_step=exposed[1])
            with self.path.open("rb") as file:
                content = file.read(_LARGEST_FILE)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"The keys file {self.path} cannot be read: {reason}.",
                next_step="Add a key with case-mcp keys add.",
            ) from None
        try:
            keys = _Content.model_validate_json(content).keys
        except ValidationError:
            raise ConfigurationError(f"The file {self.path} is no keys file.", next_step=_CHECK_IT) from None
        if len({entry.name for entry in keys}) != len(keys):
            raise ConfigurationError(f"The keys file {self.path} has a name twice.", next_step=_CHECK_IT)
        return keys

    def add(self, name: str, *, scopes: Sequence[Scope], days: int) -> tuple[str, Entry]:
        """Add a key, and return it with what the file keeps; the file is made if it is not there.

        Raises:
            ConfigurationError: the name is taken or no name, or the file cannot be used.
        """
        if not re.fullmatch(_NAME, name) or name in _RESERVED:
            raise ConfigurationError(
                f"{name!r} is no name of a key.",
                next_step="Take small letters, digits, dots and dashes, 64 at most.",
            )
        key = f"cmk_{secrets.token_urlsafe(_RANDOM_BYTES)}"
        now = self._clock().replace(microsecond=0)
        digest = _digest(key.encode())
        entry = Entry(
            name=name, sha256=digest, scopes=tuple(scopes), created=now, expires=now + timedelta(days=days)
        )
        with self._writing() as lock:
            known = self.entries() if self.path.exists() else ()
            if any(each.name == name for each in known):
                raise ConfigurationError(
                    f"There is a key named {name}.",
                    next_step=f"case-mcp keys revoke {name}, or take another name.",
                )
            self._replace(lock, [*known, entry])
        return key, entry

    def revoke(self, name: str) -> None:
        """Take a key away.

        Raises:
            ConfigurationError: there is none of that name, or the file cannot be used.
        """
        with self._writing() as lock:
            known = self.entries()
            left = [each for each in known if each.name != name]
            if len(left) == len(known):
                raise ConfigurationError(f"There is no key named {name!r}.", next_step="See case-mcp keys list.")
            self._replace(lock, left)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Path]:
        """Yield the file that will replace this one; while it is there, nobody else writes."""
        lock = self.path.with_name(f"{self.path.name}.new")
        try:
            os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            raise ConfigurationError(
                "Another command is changing the keys.", next_step=f"Try again; if none is at work, delete {lock}."
            ) from None
        except OSError as error:
            raise ConfigurationError(
                f"The keys file cannot be written: {error.strerror}.", next_step=_CHECK_IT
            ) from None
        try:
            yield lock
        except BaseException:  # else it has become the file, and what bears its name now is another writer's
            lock.unlink(missing_ok=True)
            raise

    def _replace(self, lock: Path, entries: Sequence[Entry]) -> None:
        content = {"keys": [entry.model_dump(mode="json") for entry in entries]}
        with lock.open("w", encoding="ascii") as file:
            file.write(json.dumps(content, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        lock.replace(self.path)


class KeyRing:
    """The keys as the server asks for them: read anew when the file has changed.

    A file that is broken or gone lets nobody in, whatever it held before.
    """

    def __init__(self, file: KeyFile, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._clock = clock
        self._seen: object = None
        self._entries: Sequence[Entry] | ConfigurationError = ()

    def entries(self) -> Sequence[Entry]:
        """Return the keys as the file has them now.

        Raises:
            ConfigurationError: the file cannot be used.
        """
        seen = self._look()
        if seen != self._seen:
            try:
                self._entries = self._file.entries()
            except ConfigurationError as error:
                _log.error("nobody is let in: %s %s", error.what, error.next_step)
                self._entries = error
            self._seen = seen
        if isinstance(self._entries, ConfigurationError):
            raise self._entries
        return self._entries

    def find(self, key: bytes) -> Entry | None:
        """Return the entry of a key, whether it has expired or not; every entry is looked at."""
        digest, found = _digest(key), None
        for entry in self.entries():
            if hmac.compare_digest(entry.sha256, digest):
                found = entry
        return found

    def is_good(self, entry: Entry) -> bool:
        """Say whether a key may be used at this moment."""
        return self._clock() < entry.expires

    def _look(self) -> object:
        try:
            stat = self._file.path.stat()
        except OSError as error:
            return error.errno
        return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_mode


def _digest(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()
