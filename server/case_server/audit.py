"""The audit: one line for each access to case data and each change; no word of a customer, no secret."""

import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from case_server.audit_file import AuditFile
from case_tools import CaseError, Effort, Result
from case_tools.errors import ConfigurationError
from case_tools.results import Page

_DIGITS: Final = 16
_log = logging.getLogger(__name__)


class Audit:
    """Writes the lines: who, what, how it ended; to the log, and to a file where one is named.

    Arguments are written as an HMAC under a key drawn at start: equal calls of one run can be recognised, and
    nobody can find the arguments by trying out the few that are possible.

    Args:
        desk: the case system's name.
        file: where the lines are kept as well.
    """

    def __init__(self, desk: str, file: Path | None = None) -> None:
        self._desk = desk
        self._key = secrets.token_bytes(32)
        self._file = None if file is None else AuditFile(file)
        self._missed = 0

    def start(self) -> None:
        """Open the file, where there is one, with a line that says so.

        Raises:
            ConfigurationError: it cannot be written.
        """
        if self._file is None:
            return
        try:
            self._file.append({"event": "started", "desk": self._desk})
        except OSError as error:
            raise ConfigurationError(
                f"CASE_MCP_AUDIT_FILE {self._file.path} cannot be written: {error.strerror or error}.",
                next_step="Name a file that this server may write, or leave the setting out.",
            ) from None

    def end(self) -> None:
        """Close the file with a line that says so: without it, lines at the end may have been taken out."""
        if self._file is not None:
            if self.can_be_written():
                self._append(self._file, {"event": "ended", "desk": self._desk})
            self._file.close()

    def begin(self) -> "AuditEntry":
        """Return an access whose time runs from now on."""
        return AuditEntry(self)

    def digest(self, arguments: Mapping[str, object] | None) -> str:
        """Return what stands for the arguments, whatever the order of their names."""
        canonical = json.dumps(arguments or {}, sort_keys=True, separators=(",", ":")).encode()
        return hmac.new(self._key, canonical, hashlib.sha256).hexdigest()[:_DIGITS]

    def can_be_written(self) -> bool:
        """Say whether lines can be written; after a failure, try it with a line that counts the lost ones."""
        if self._file is None or not self._missed:
            return True
        try:
            self._file.append({"event": "resumed", "desk": self._desk, "missed": self._missed})
        except OSError:
            return False
        self._missed = 0
        return True

    def write(self, facts: Mapping[str, object]) -> None:
        """Write one line, without what is None."""
        known = {name: value for name, value in facts.items() if value is not None}
        line = {"desk": self._desk, **known}
        _log.info("call", extra={"facts": line})
        if self._file is not None:
            if self.can_be_written():
                self._append(self._file, {"event": "call", **line})
            else:
                self._missed += 1

    def reconciled(self, tool: str, caller: str, outcome: str, ref: str) -> None:
        """Write the line of a write whose answer was lost, and which was looked for in the background."""
        self.write({"caller": caller, "tool": tool, "outcome": outcome, "ref": ref or None, "background": True})

    def _append(self, file: AuditFile, line: Mapping[str, object]) -> None:
        try:
            file.append(line)
        except OSError as error:
            self._missed += 1
            _log.error("the audit cannot be written: %s; writes are refused", error.strerror or "unknown reason")


class AuditEntry:
    """One access, until its line is written.

    Attributes:
        caller: the name of the key, once it is known.
        tool: the tool, once it is known to be one.
        access: what else is read: `case`, `desk`, `completion`.
        arguments: what the tool was given, written as a digest.
        effort: what the desk counts.
        begun: whether a tool runs, whose end then finishes the entry.
    """

    def __init__(self, audit: Audit) -> None:
        self.caller: str | None = None
        self.tool: str | None = None
        self.access: str | None = None
        self.arguments: Mapping[str, object] | None = None
        self.effort = Effort(on_end=self._ended)
        self.begun = False
        self._audit = audit
        self._since = time.monotonic()
        self._is_written = self._is_cancelled = False
        self._late: object = None

    def finish_with(self, result: Result) -> None:
        """Write the line of a result: its outcome, or how many rows it shows."""
        self._finish(**_facts_of(result))

    def cancel(self, *, writes: bool) -> None:
        """Write the line of a call whose caller is gone; what it has sent goes on, and its end has a line too."""
        self.finish("cancelled", changed="unknown" if writes else None)
        self._is_cancelled = True
        if self._late is not None:
            self._ended(self._late)

    def finish(self, outcome: str, **more: object) -> None:
        """Write the line, unless it was written."""
        self._finish(outcome=outcome, **more)

    def _finish(self, **facts: object) -> None:
        if not self._is_written:
            self._is_written = True
            self._write(facts)

    def _ended(self, ended: object) -> None:
        """Take the end of a write, also where its caller is gone."""
        self._late = ended
        if not self._is_cancelled:
            return
        if isinstance(ended, Result):
            self._write({**_facts_of(ended), "late": True})
        elif isinstance(ended, CaseError):
            self._write({"outcome": ended.kind, "changed": ended.changed, "late": True})
        else:
            self._write({"outcome": "internal_error", "changed": "unknown", "late": True})

    def _write(self, facts: Mapping[str, object]) -> None:
        self._audit.write(
            {
                "caller": self.caller,
                "tool": self.tool,
                "access": self.access,
                "arguments": None if self.arguments is None else self._audit.digest(self.arguments),
                **facts,
                "attempts": self.effort.attempts,
                "ms": round((time.monotonic() - self._since) * 1000),
            }
        )


def _facts_of(result: Result) -> dict[str, object]:
    if isinstance(result, Page):
        return {"outcome": "found", "rows": len(result.rows())}
    data = result.data()
    return {"outcome": str(data.get("outcome", "done")), "ref": data.get("ref")}
