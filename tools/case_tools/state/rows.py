"""The rows of the ledger: one intended write each, and how far it has come."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

RowState = Literal["claimed", "sent", "unknown", "found", "done", "not_there", "unresolved"]
RowEnd = Literal["unknown", "found", "done", "not_there", "unresolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One write that a caller wants done once.

    Attributes:
        key: identifies it among all intents.
        digest: of what is written; the same key with another digest is the caller's mistake.
        desk: which desk of which account.
        tool: the tool's name.
        named: whether the caller chose the key; else it is derived from what is written, for a while.
        on_purpose: whether the caller asked for a duplicate.
        subject: who asked.
        issuer: who vouches for the subject; empty for our own keys.
        formerly: the key and the digest that an earlier release gave the same write, of its arguments' spelling.
    """

    key: str
    digest: str
    desk: str
    tool: str
    named: bool
    on_purpose: bool = False
    subject: str = ""
    issuer: str = ""
    formerly: tuple[str, str] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFacts:
    """What a search needs to find what was sent; customers' words, dropped when the row ends.

    Attributes:
        facts: the vendor's own choice of what was sent; None where it cannot be searched for.
        mark: the correlation mark in the text that was sent; empty for none.
    """

    facts: Mapping[str, Any] | None = field(repr=False)
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOutcome:
    """What is kept of a finished write: no customer's words.

    Attributes:
        ref: the reference of what was opened or changed.
        id: its id.
        case: the reference of the case that a task belongs to.
        applied: False where the desk's answer showed something else than asked.
    """

    ref: str = ""
    id: str = ""
    case: str = ""
    applied: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One intent and how far it has come; times are seconds by the backend's own clock.

    Attributes:
        intent: what is wanted.
        owner: who may send it.
        state: how far it is.
        claimed_at: when it was written down.
        sent_at: when its first byte was about to leave, at the first and at the last attempt.
        deadline: when its sender gives up on it, by the sender's own settings.
        beat_at: when its sender last showed that it is alive.
        ended_at: when its end was known.
        facts: what to search for, while the outcome is open.
        outcome: what is kept of it, once it is found or done.
        read_at: the backend's time when this was read.
    """

    intent: Intent
    owner: str
    state: RowState
    claimed_at: float
    sent_at: tuple[float, float] | None = None
    deadline: float | None = None
    beat_at: float | None = field(default=None, compare=False)
    ended_at: float | None = None
    facts: SearchFacts | None = None
    outcome: WriteOutcome | None = None
    read_at: float = field(default=0.0, compare=False)

    @property
    def overdue(self) -> float:
        """For how many seconds nobody has waited for the desk's answer any more; negative while one may."""
        given_up = self.deadline if self.deadline is not None else self.claimed_at
        if self.state != "sent" and self.ended_at is not None:
            given_up = self.ended_at
        return self.read_at - given_up

    @property
    def sent_ago(self) -> float:
        """How many seconds ago its last attempt began."""
        return self.read_at - (self.sent_at or (self.claimed_at,) * 2)[1]

    def makes_place(self, window: float) -> bool:
        """Tell whether an equal write is another intent, as this one ended more than `window` seconds ago."""
        again = self.state == "done" or (self.state in {"not_there", "unresolved"} and self.intent.on_purpose)
        return again and not self.intent.named and self.read_at - (self.ended_at or 0.0) > window

    @property
    def has_end(self) -> bool:
        """Whether nothing is left to find out."""
        return self.state not in {"claimed", "sent", "unknown"}


def intent_of(
    *,
    caller: str,
    desk: str,
    tool: str,
    arguments: Mapping[str, Any],
    request_key: str | None = None,
    on_purpose: bool = False,
) -> Intent:
    """Return the intent of a call.

    Args:
        caller: who calls; keys of different callers never meet.
        desk: which desk of which account.
        tool: the tool's name.
        arguments: what is written.
        request_key: the caller's own key for this one intent, if there is one.
        on_purpose: whether a duplicate was asked for; what is written must say the same.
    """
    digest = digest_of([tool, arguments])
    named = request_key is not None
    key = digest_of([caller, desk, "named" if named else "derived", request_key if named else digest])
    return Intent(key=key, digest=digest, desk=desk, tool=tool, named=named, on_purpose=on_purpose, subject=caller)


def digest_of(value: object) -> str:
    """Return the digest of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
