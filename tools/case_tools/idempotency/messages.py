"""What the ledger says to a caller whose write was not simply done."""

from collections.abc import Sequence

from case_tools.errors import Busy, NotApplied, NotConfirmed, NotDone, Rejected
from case_tools.results import ParsedRecord, Written
from case_tools.state import LedgerRow, WriteOutcome
from case_tools.untrusted import lines


def replayed(written: Written, again: str) -> Written:
    """Return the result of an equal call, for one that was not sent."""
    advice = f"It was done once, by an equal call. Only if a second equal one is really wanted, {again}."
    return written.model_copy(update={"outcome": "replayed", "advice": advice})


def stored(row: LedgerRow, again: str) -> Written:
    """Return the result of a finished row.

    Raises:
        NotApplied: the desk had answered with something else than asked.
    """
    kept = row.outcome or WriteOutcome()
    if not kept.applied:
        reached = f" and reached {kept.ref}" if kept.ref else ""
        raise NotApplied(
            f"{row.intent.tool} was sent before{reached}, and the desk's answer showed something else than asked; "
            "it was not sent again.",
            changed="unknown",
            next_step="Look at it with search_cases before any further change.",
            ref=kept.ref,
        )
    facts = {"ref": kept.ref, "id": kept.id, "case": kept.case}
    return replayed(Written(**{name: value for name, value in facts.items() if value}), again)


def reconciled(records: Sequence[ParsedRecord]) -> Written:
    """Return what a search has found of a write whose answer was lost."""
    others = lines((each.ref or each.id for each in records[1:4]), 60)
    found = "The desk's answer was lost; a search found this, and it was not sent again."
    advice = f"{found} Equal to it are {others}: look whether they are one." if others else found
    return Written.of("reconciled", records[0]).model_copy(update={"advice": advice})


def unknown(row: LedgerRow, *, searched: bool) -> Written:
    """Return what can be said of a write that has no answer and was not found."""
    state = "a search does not show it so far" if searched else "it cannot be searched for just now"
    return Written(
        outcome="unknown",
        advice=f"The desk gave no answer to {row.intent.tool}, and {state}. It may have been done. Do not "
        "do it another way: look with search_cases, or repeat exactly this call later, which only searches and "
        "never sends it twice.",
    )


def not_there(row: LedgerRow, again: str) -> NotDone:
    """Return the error for a write that a search which is to be believed does not show."""
    return NotDone(
        f"{row.intent.tool} was sent {row.sent_ago:.0f} seconds ago without an answer, and the desk shows nothing "
        "of it.",
        changed="nothing_shown",
        next_step=f"To do it all the same, {_all_the_same(row, again)}.",
    )


def unresolved(row: LedgerRow, again: str) -> Written:
    """Return what can be said of a write that nobody could find out about within a day."""
    return Written(
        outcome="unknown",
        advice=f"The desk gave no answer to {row.intent.tool} {row.sent_ago / 3600:.0f} hours ago, and no search "
        "could tell what became of it. It may have been done, and is not searched for any more: look with "
        f"search_cases. Only if it is not there, {_all_the_same(row, again)}.",
    )


def other_arguments() -> Rejected:
    """Return the error for a key that stands for something else already."""
    return Rejected(
        "This request_key was given before with other arguments.",
        next_step="Give a new request_key for another change, or the same arguments for the same one.",
    )


def stopping(tool: str) -> Busy:
    """Return the error for a write that would leave while the server ends."""
    return Busy(f"The server is stopping: {tool} was not sent.", next_step="Repeat the call when it runs again.")


def being_sent(tool: str) -> Busy:
    """Return the error for a write that another process has claimed for as long as this call lasts."""
    return Busy(
        f"Another process is about to send an equal {tool}.",
        next_step="Repeat exactly this call: it is sent once.",
    )


def confirmation_spent(tool: str) -> NotConfirmed:
    """Return the error for a confirmation that another write has used."""
    return NotConfirmed(
        f"The confirmation was used before: {tool} was not sent again.",
        next_step="Call again without it, and ask the person anew.",
        say="That yes is no longer good for this. Shall I show you once more what I would do?",
    )


def _all_the_same(row: LedgerRow, again: str) -> str:
    return "give a new request_key" if row.intent.named else again
