"""What is written to stderr: records that hold nobody's words, as far as somebody reads them."""

import json
import logging
import os
import queue
import threading
import time
from datetime import UTC, datetime
from typing import Any, Final, Literal

from typing_extensions import override

Level = Literal["debug", "info", "warning", "error"]

_OURS: Final = ("case_server", "case_tools")
_ALWAYS_LOGGED: Final = ("case_server.audit", "case_server.http")
_HTTP_CLIENTS: Final = ("httpx", "httpcore", "httpx2", "httpcore2")
_STDERR: Final = 2
_MOST_LINES: Final = 1000
_ENDING_SECONDS: Final = 2.0


def log_to_stderr(level: Level, *, as_json: bool) -> None:
    """Write the log to stderr: ours from this level on, that of libraries from WARNING on unless we debug.

    Libraries write arguments and exceptions' texts into their records, and an HTTP client writes addresses, so
    of a foreign record only logger, level, place and the exception's type are written.

    Args:
        level: the lowest level of our own records.
        as_json: one JSON object a line; else plain words, with the audit line off below the level info.
    """
    handler = BestEffortHandler(_STDERR)
    handler.setFormatter(_JsonLines() if as_json else _PlainLines())
    lowest = logging.getLevelNamesMapping()[level.upper()]
    foreign = lowest if lowest == logging.DEBUG else max(lowest, logging.WARNING)
    logging.basicConfig(handlers=[handler], level=foreign, force=True)
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a record that cannot be written would be printed with its arguments
    for name in _OURS:
        logging.getLogger(name).setLevel(lowest)
    if as_json:
        for name in _ALWAYS_LOGGED:
            logging.getLogger(name).setLevel(min(lowest, logging.INFO))
    for name in _HTTP_CLIENTS:
        logging.getLogger(name).setLevel(max(lowest, logging.WARNING))


class BestEffortHandler(logging.Handler):
    """Writes lines from a thread of its own: a stream that nobody drains blocks that thread and nothing else.

    Lines that find no room are dropped; once there is room again a line says how many.

    Args:
        descriptor: where the lines go; not the stream on it, whose lock would be held while nobody reads.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: queue.Queue[str] = queue.Queue(_MOST_LINES)
        self._dropped = 0
        self._writer: threading.Thread | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record's line; logging holds the handler's lock."""
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="stderr", daemon=True)
            self._writer.start()
        try:
            if self._dropped:
                self._lines.put_nowait(self._notice())
                self._dropped = 0
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._dropped += 1

    @override
    def flush(self) -> None:
        """Wait for what is queued, but not for a stream that takes nothing."""
        deadline = time.monotonic() + _ENDING_SECONDS
        with self._lines.all_tasks_done:
            while self._lines.unfinished_tasks and (left := deadline - time.monotonic()) > 0:
                self._lines.all_tasks_done.wait(left)

    def _notice(self) -> str:
        text = f"{self._dropped} lines were dropped: nobody read them"
        return self.format(logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, None, None))

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            try:
                left = f"{line}\n".encode(errors="backslashreplace")
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except OSError:  # nobody reads it any more
                pass
            finally:
                self._lines.task_done()


class _JsonLines(logging.Formatter):
    """One JSON object a line; ASCII alone, so that nothing in it can forge a line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        head = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        return json.dumps({**head, **_facts_of(record)}, default=str)


class _PlainLines(_JsonLines):
    """Words for a host's log; a record of facts stays a JSON object."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        if hasattr(record, "facts"):
            return super().format(record)
        facts = _facts_of(record)
        where = "" if _is_ours(record) else f"{record.name} at "
        error = f" ({facts['error']})" if "error" in facts else ""
        return f"case-mcp: {record.levelname} {where}{facts['event']}{error}"


def _facts_of(record: logging.LogRecord) -> dict[str, Any]:
    event = record.getMessage() if _is_ours(record) else f"{record.module}:{record.lineno}"
    kind = record.exc_info[0] if record.exc_info else None
    error = {} if kind is None else {"error": kind.__name__}
    return {"event": event, **getattr(record, "facts", {}), **error}


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.partition(".")[0] in _OURS
