"""A PostgreSQL server of the tests' own: Debian's, on a port of this machine, started and stopped by them."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from brought import without
from served import PATIENCE

BRING: Final = "apt-get install postgresql"
_USER: Final = "postgres"


class PostgresServer:
    """One server.

    Attributes:
        port: where it listens.
        folder: where it keeps everything.
        user: whom it runs as, where that is another.
    """

    def __init__(self, programs: Path, folder: Path, port: int, *, durable: bool) -> None:
        self.port = port
        self.folder = folder
        self.user = _user()
        self._programs = programs
        self._durability = () if durable else ("-F",)
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                str(self._programs / "postgres"),
                *("-D", str(self.folder / "data"), "-p", str(self.port), *self._durability),
                *("-k", str(self.folder), "-c", "max_connections=200"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
        )
        ready = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        until = time.monotonic() + PATIENCE
        while subprocess.run(ready, check=False).returncode:
            assert time.monotonic() < until, "PostgreSQL does not answer"

    def stop(self) -> None:
        """Stop it at once, as a machine that goes away."""
        if self._process is not None:
            self._process.send_signal(3)
            self._process.wait()
            self._process = None


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Yield a server that runs; one that is durable waits for the disk."""
    programs = _programs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if _user() is not None:
            shutil.chown(folder, _USER)
            shutil.chown(data, _USER)
        making = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-A",
            "trust",
            "-U",
            "tests",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        subprocess.run(making, check=True, capture_output=True, user=_user(), cwd=folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        server = PostgresServer(programs, folder, port, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        without(f"this needs PostgreSQL: {BRING}")
    return found[-1].parent


def _user() -> str | None:
    """Return whom it runs as: PostgreSQL refuses to be run by root."""
    return _USER if os.geteuid() == 0 else None
