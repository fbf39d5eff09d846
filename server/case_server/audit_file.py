"""The audit as a file: lines chained by process, so that one that was taken out, changed or swapped is found.

Each line holds its number, the hash of the line before it of the same process, and at its end the hash of itself.
A file that has grown too long is renamed and kept: nothing is ever deleted here.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

if sys.platform == "win32":
    fcntl = None
else:
    import fcntl

MOST_BYTES: Final = 10 * 1024 * 1024
FIRST: Final = "0" * 64
_HASHED: Final = re.compile(rb'(?P<body>\{.*), "hash": "(?P<hash>[0-9a-f]{64})"\}')


class AuditFile:
    """The file of one process, which others may write to as well.

    Args:
        path: where it is.
        most_bytes: how long it may grow.
    """

    def __init__(self, path: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self.path = path.expanduser()
        self._most_bytes = most_bytes
        self._process = secrets.token_hex(8)
        self._number = 0
        self._before = FIRST
        self._descriptor: int | None = None

    def append(self, facts: Mapping[str, object]) -> None:
        """Write one line, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        number = self._number + 1
        chained = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **facts,
            "process": self._process,
            "number": number,
            "before": self._before,
        }
        body = json.dumps(chained, default=str)[:-1].encode("ascii")
        own = hashlib.sha256(body).hexdigest()
        line = body + f', "hash": "{own}"}}\n'.encode("ascii")
        with self._locked(len(line)) as descriptor:
            _write_whole(descriptor, line)
        self._number, self._before = number, own

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @contextlib.contextmanager
    def _locked(self, coming: int) -> Iterator[int]:
        """Yield the file that stands at the path, with room for what is coming, for this process alone."""
        while True:
            descriptor = self._open()
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                opened = os.fstat(descriptor)
                if not _stands_at(self.path, opened):
                    self.close()
                    continue
                if opened.st_size and opened.st_size + coming > self._most_bytes:
                    self.path.rename(self._kept_as())
                    self.close()
                    continue
                yield descriptor
            finally:
                if fcntl is not None and self._descriptor is not None:
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
            return

    def _open(self) -> int:
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(self.path, flags, 0o600)
        return self._descriptor

    def _kept_as(self) -> Path:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        return self.path.with_name(f"{self.path.name}.{stamp}")


def kept_files(path: Path) -> list[Path]:
    """Return the file and those that were renamed because they had grown too long, the oldest first."""
    form = re.compile(rf"{re.escape(path.name)}\.[0-9]{{8}}T[0-9]{{6}}\.[0-9]{{6}}Z")
    older = sorted(each for each in path.parent.iterdir() if form.fullmatch(each.name))
    return [*older, path]


def faults_of(path: Path) -> Iterator[str]:
    """Yield what is wrong in the file and in those kept beside it, each with its file and line.

    Raises:
        OSError: one cannot be read.
    """
    last: dict[str, tuple[int, str]] = {}
    for file in kept_files(path):
        with file.open("rb") as lines:
            for at, line in enumerate(lines, 1):
                if fault := _fault_of(line, last):
                    yield f"{file.name}, line {at}: {fault}"


def _fault_of(line: bytes, last: dict[str, tuple[int, str]]) -> str:
    parts = _HASHED.fullmatch(line.removesuffix(b"\n"))
    try:
        facts = json.loads(line)
        process, number, before = str(facts["process"]), int(facts["number"]), str(facts["before"])
    except (ValueError, KeyError, TypeError):
        parts = None
    if parts is None:
        return "is no line of an audit"
    own = parts["hash"].decode("ascii")
    if hashlib.sha256(parts["body"]).hexdigest() != own:
        return "was changed"
    previous, hashed = last.get(process, (0, FIRST))
    last[process] = (number, own)
    if number == previous + 1:
        return "" if before == hashed else "does not follow the line before it, which was changed"
    if number > previous + 1:
        gone = number - previous - 1
        return f"{gone} {'line' if gone == 1 else 'lines'} before it {'was' if gone == 1 else 'were'} taken out"
    return "stands after a line that was written later"


def _stands_at(path: Path, opened: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(follow_symlinks=False), opened)
    except FileNotFoundError:
        return False


def _write_whole(descriptor: int, line: bytes) -> None:
    before = os.fstat(descriptor).st_size
    try:
        written = os.write(descriptor, line)
    except OSError:
        written = -1
        raise
    finally:
        if written not in {len(line), -1}:
            os.ftruncate(descriptor, before)
    if written != len(line):
        raise OSError(f"only {written} of {len(line)} bytes were written")
