"""The ledger's rows, how their keys are made, and what a store of them must do."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

State = Literal["claimed", "sent", "unknown", "found", "done", "abandoned"]
Ending = Literal["unknown", "found", "done", "abandoned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One write that a caller wants once.

    Attributes:
        key: tells it from every other intent.
        digest: of the tool and its arguments; the same key with another digest is a mistake of the caller's.
        desk: which desk of which account.
        tool: the tool's name.
        named: whether the caller gave the key; else it is derived from the arguments, for a while.
    """

    key: str
    digest: str
    desk: str
    tool: str
    named: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFacts:
    """What a search needs to find what was sent; it holds customers' words, and is dropped when that is known.

    Attributes:
        facts: the vendor's own choice of what was sent; None where it cannot be searched for.
        mark: the correlation mark that stands in the text sent; empty for none.
    """

    facts: Mapping[str, Any] | None = field(repr=False)
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
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
class Row:
    """One intent, and how far it has come; times are seconds since 1970.

    Attributes:
        intent: what is wanted.
        owner: who may send it.
        state: how far it is.
        claimed_at: when it was written down.
        sent_at: when its first byte was about to leave, the first and the last time it was tried.
        ended_at: when its end was known.
        sought: what to search for, while the outcome is open.
        outcome: what it came to.
    """

    intent: Intent
    owner: str
    state: State
    claimed_at: float
    sent_at: tuple[float, float] | None = None
    ended_at: float | None = None
    sought: SearchFacts | None = None
    outcome: Outcome | None = None


class Store(Protocol):
    """Where the ledger is kept; each method is atomic for all processes, and durable when it returns."""

    async def claim(
        self, intent: Intent, *, owner: str, now: float, since: float, instead: Row | None = None
    ) -> Row:
        """Write the intent down and return its row; the owner's own means that it may be sent.

        Another owner's row is returned as it is, but where it may make place: it was abandoned; or it is done
        and its key was derived and is older than `since`; or it is `instead`, unchanged, and was never sent.
        """

    async def mark_sent(self, key: str, *, owner: str, sought: SearchFacts, now: float) -> bool:
        """Note that the first byte is about to leave; False where the row is no longer the owner's to send."""

    async def finish(self, key: str, *, state: Ending, now: float, outcome: Outcome | None = None) -> None:
        """Note how a row that was sent ended; one that is done stays as it is. What was sought is dropped.

        One that was found while no caller waited becomes done when a caller is told.
        """

    async def release(self, key: str, *, owner: str) -> None:
        """Drop the owner's row: the desk has refused it, or it never left."""

    async def get(self, key: str) -> Row | None:
        """Return the row as it is now."""

    async def open_rows(self, desk: str, *, forget_before: float) -> Sequence[Row]:
        """Return the rows of the desk that were sent and have no end; drop what ended, or was claimed, before."""

    async def take(
        self,
        key: str,
        *,
        desk: str,
        found: Sequence[Outcome],
        now: float,
        state: Ending = "done",
        yields: bool = False,
    ) -> set[str] | None:
        """End a row with the first of what was found that no other row of the desk has come to.

        Args:
            key: the row's.
            desk: the row's.
            found: what it may have come to, the likeliest first.
            now: the time.
            state: how it ends.
            yields: whether a row without an end that left later to do the same goes first.

        Returns:
            The ids of everything found that no other row has come to; None where such a row goes first.
        """


def intent_of(
    *, caller: str, desk: str, tool: str, arguments: Mapping[str, Any], request_key: str | None = None
) -> Intent:
    """Return the intent of a call.

    Args:
        caller: who calls; keys of different callers never meet.
        desk: which desk of which account.
        tool: the tool's name.
        arguments: the validated arguments.
        request_key: the caller's own key for this one intent, if it gave one.
    """
    digest = digest_of([tool, arguments])
    named = request_key is not None
    key = digest_of([caller, desk, "named" if named else "derived", request_key if named else digest])
    return Intent(key=key, digest=digest, desk=desk, tool=tool, named=named)


def digest_of(value: object) -> str:
    """Return the digest of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
