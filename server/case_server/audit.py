"""What is written to stderr: records that hold nobody's words, and one audit line for each call."""

import hashlib
import hmac
import json
import logging
import secrets
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from case_tools import Effort, Result
from case_tools.results import Page

Level = Literal["debug", "info", "warning", "error"]

_OURS: Final = ("case_server", "case_tools")
_ALWAYS_LOGGED: Final = ("case_server.audit", "case_server.http")
_HTTP_CLIENTS: Final = ("httpx", "httpcore", "httpx2", "httpcore2")
_DIGITS: Final = 16
_log = logging.getLogger(__name__)


def log_to_stderr(level: Level, *, as_json: bool) -> None:
    """Write the log to stderr: ours from this level on, that of libraries from WARNING on unless we debug.

    Libraries write arguments and exceptions' texts into their records, and an HTTP client writes addresses, so
    of a foreign record only logger, level, place and the exception's type are written.

    Args:
        level: the lowest level of our own records.
        as_json: one JSON object a line; else plain words, with the audit line off below the level info.
    """
    handler = logging.StreamHandler(sys.stderr)
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


class Audit:
    """Writes one line for each call: who, what, how it ended; no word of a customer, no secret.

    Arguments are written as an HMAC under a key drawn at start: equal calls of one run can be recognised, and
    nobody can find the arguments by trying out the few that are possible.

    Args:
        desk: the case system's name.
    """

    def __init__(self, desk: str) -> None:
        self._desk = desk
        self._key = secrets.token_bytes(32)

    def begin(self) -> "AuditEntry":
        """Return a call whose time runs from now on."""
        return AuditEntry(self)

    def digest(self, arguments: Mapping[str, object] | None) -> str:
        """Return what stands for the arguments, whatever the order of their names."""
        canonical = json.dumps(arguments or {}, sort_keys=True, separators=(",", ":")).encode()
        return hmac.new(self._key, canonical, hashlib.sha256).hexdigest()[:_DIGITS]

    def write(self, facts: Mapping[str, object]) -> None:
        """Write one line."""
        _log.info("call", extra={"facts": {"desk": self._desk, **facts}})


class AuditEntry:
    """One call, until its line is written.

    Attributes:
        caller: the name of the key, once it is known.
        tool: the tool, once it is known to be one.
        arguments: what the tool was given, written as a digest.
        effort: what the desk counts.
        begun: whether a tool runs, whose end then finishes the entry.
    """

    def __init__(self, audit: Audit) -> None:
        self.caller: str | None = None
        self.tool: str | None = None
        self.arguments: Mapping[str, object] | None = None
        self.effort = Effort()
        self.begun = False
        self._audit = audit
        self._since = time.monotonic()
        self._is_written = False

    def finish_with(self, result: Result) -> None:
        """Write the line of a result: its outcome, or how many rows it shows."""
        if isinstance(result, Page):
            self.finish("found", rows=len(result.rows()))
        else:
            given = result.data()
            self.finish(str(given.get("outcome", "done")), ref=given.get("ref"))

    def finish(self, outcome: str, **more: object) -> None:
        """Write the line, unless it was written; what is None is left out of it."""
        if self._is_written:
            return
        self._is_written = True
        facts: dict[str, object] = {
            "caller": self.caller,
            "tool": self.tool,
            "arguments": None if self.arguments is None else self._audit.digest(self.arguments),
            "outcome": outcome,
            **more,
            "attempts": self.effort.attempts,
            "ms": round((time.monotonic() - self._since) * 1000),
        }
        self._audit.write({name: value for name, value in facts.items() if value is not None})


class _JsonLines(logging.Formatter):
    """One JSON object a line; ASCII alone, so that nothing in it can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        head = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        return json.dumps({**head, **_facts_of(record)}, default=str)


class _PlainLines(_JsonLines):
    """Words for a host's log; a record of facts stays a JSON object."""

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
