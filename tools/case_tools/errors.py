"""What can go wrong, split by who can fix it.

    CaseError
    ├── CallerError           the caller fixes the call
    │   ├── Rejected          an argument is missing or wrong; nothing was sent
    │   │   ├── Ambiguous     a name stands for several things
    │   │   └── Closed        the case is closed, and cannot be changed
    │   ├── ConfirmationNeeded  the change waits for a person's yes; nothing was sent
    │   ├── NotConfirmed      a person said no, or nobody could be asked; nothing was sent
    │   ├── NotFound          the desk has no such case or task
    │   ├── NotApplied        the desk answered, but shows other values than asked
    │   ├── NotDone           the desk gave no answer, and shows nothing of what was sent
    │   └── Conflict          the case was changed since the caller saw it; nothing was sent
    ├── TransientError        waiting fixes it
    │   ├── Unavailable       the desk does not answer
    │   ├── RateLimited       the desk, or its allowance, asks to wait
    │   └── Busy              too many calls wait already; nothing was sent
    ├── OperatorError         an administrator fixes it
    │   ├── ConfigurationError
    │   ├── CredentialsRefused
    │   └── MissingScope
    ├── StateError            the state cannot be used
    │   ├── StateBusy         it is locked or away for now; Busy as well
    │   └── StateUnusable     the administrator must look at it; ConfigurationError as well
    └── UnexpectedAnswer      the desk answered something that is no answer

A message has three parts: what happened, whether anything changed at the desk, what to do next. `KINDS` is the
table of what each kind says; the README shows it, and a test holds every place that raises to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from case_tools.pipeline.preview import Preview
from case_tools.untrusted import bounded

_MOST_PROBLEMS: Final = 20

Changed = Literal["nothing", "partly", "unknown", "nothing_shown"]

CHANGED: Final[Mapping[Changed, str]] = {
    "nothing": "Nothing was changed.",
    "partly": "The other changes were applied, as far as its answer shows.",
    "unknown": "It is not known whether the desk applied it.",
    "nothing_shown": "As far as the desk shows, nothing was changed.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What every error of a kind has in common.

    Attributes:
        fixed_by: who can do something about it.
        says: what happened.
        changed: what may be said of changes at the desk.
        next_step: what to do next, and what the message gives for it.
    """

    fixed_by: Literal["the caller", "waiting", "the administrator"]
    says: str
    changed: Sequence[Changed]
    next_step: str


KINDS: Final[Mapping[str, Kind]] = {
    "rejected": Kind(
        fixed_by="the caller",
        says="An argument is missing, wrong, unknown or not taken by the desk",
        changed=["nothing"],
        next_step="each argument with what belongs there, an example, and the names that come near; call again",
    ),
    "several": Kind(
        fixed_by="the caller",
        says="A name stands for several things",
        changed=["nothing"],
        next_step="the ids of those that it stands for; call again with one",
    ),
    "closed": Kind(
        fixed_by="the caller",
        says="The case is closed, and a closed case cannot be changed",
        changed=["nothing"],
        next_step="open a new case, and name the closed one in it",
    ),
    "confirm": Kind(
        fixed_by="the caller",
        says="The change waits for a person's yes",
        changed=["nothing"],
        next_step="show the preview to the person, and after a yes make the same call with the confirmation",
    ),
    "not_confirmed": Kind(
        fixed_by="the caller",
        says="A person said no or closed the question, nobody can be asked, or the yes is no longer good",
        changed=["nothing"],
        next_step="tell the person what was to be changed, and do not try it another way",
    ),
    "not_found": Kind(
        fixed_by="the caller",
        says="The desk has no such case or task",
        changed=["nothing"],
        next_step="find it with `search_cases`, and call again with the reference that it shows",
    ),
    "not_applied": Kind(
        fixed_by="the caller",
        says="The desk answered, but shows another value than the one asked for, which are both named",
        changed=["partly", "unknown", "nothing"],
        next_step="look at the case with a search; call with what is still to change, without what was applied",
    ),
    "not_done": Kind(
        fixed_by="the caller",
        says="The desk gave no answer when it was sent, and a search that works shows nothing of it",
        changed=["nothing_shown"],
        next_step="what to give to do it all the same: a new `request_key`, or `allow_duplicate`",
    ),
    "conflict": Kind(
        fixed_by="the caller",
        says="The desk shows a later change than the caller has seen",
        changed=["nothing"],
        next_step="look at the case again, and call with its new `updated`",
    ),
    "unavailable": Kind(
        fixed_by="waiting",
        says="The desk was not reached, did not answer or failed",
        changed=["nothing", "unknown"],
        next_step="try again in a minute; after a write that left, look with a search first",
    ),
    "rate_limited": Kind(
        fixed_by="waiting",
        says="The desk, or the account's allowance, takes no more for now",
        changed=["nothing"],
        next_step="the seconds to wait, then repeat the call",
    ),
    "busy": Kind(
        fixed_by="waiting",
        says="Too many calls wait already, the state is locked, or the server is stopping",
        changed=["nothing"],
        next_step="the seconds to wait, then repeat the call",
    ),
    "configuration": Kind(
        fixed_by="the administrator",
        says="A setting is missing or wrong, or leads nowhere",
        changed=["nothing", "unknown"],
        next_step="the setting to check, with an example",
    ),
    "credentials_refused": Kind(
        fixed_by="the administrator",
        says="The desk does not accept the credentials",
        changed=["nothing"],
        next_step="the settings, the region or the clock to check",
    ),
    "missing_scope": Kind(
        fixed_by="the administrator",
        says="The desk accepts the credentials, but not for this",
        changed=["nothing"],
        next_step="the scope by its name, where it is given, and that the app must be published",
    ),
    "unexpected_answer": Kind(
        fixed_by="the administrator",
        says="The desk answered something that cannot be read, for another id, or with a redirect after a write",
        changed=["nothing", "unknown"],
        next_step="after a write look with a search first; tell the administrator if it stays so",
    ),
}
"""By the name that `CaseError.kind` has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One argument and what is wrong with it.

    Attributes:
        argument: where it stands.
        message: what is wrong.
        missing: the arguments that were to be given, any one of them.
    """

    argument: str
    message: str
    missing: tuple[str, ...] = ()


class CaseError(Exception):
    """Anything a call can end in but a result.

    Attributes:
        what: what happened, one sentence.
        changed: whether anything changed at the desk.
        next_step: what to do next, one sentence.
        theirs: what the desk shows, cleaned lines that may hold other people's words.
    """

    kind: ClassVar[str] = "error"

    def __init__(
        self, what: str, *, next_step: str, changed: Changed = "nothing", theirs: Sequence[str] = ()
    ) -> None:
        super().__init__(what)
        self.what = what
        self.changed: Changed = changed
        self.next_step = next_step
        self.theirs = tuple(theirs)

    def __str__(self) -> str:
        return "\n".join([self._ours(), *(f"- {each}" for each in self.theirs)])

    def text(self, nonce: str) -> str:
        """Return the error as a model reads it, other people's words between two lines that hold the nonce."""
        return "\n".join([self._ours(), *bounded(self.theirs, nonce)])

    def _ours(self) -> str:
        return f"{self.what} {CHANGED[self.changed]} {self.next_step}"


class CallerError(CaseError):
    """The caller fixes the call."""


class Rejected(CallerError):
    """Arguments are missing or wrong; nothing was sent.

    Attributes:
        problems: the invalid arguments.
    """

    kind = "rejected"

    def __init__(self, what: str, *, next_step: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(what, next_step=next_step)
        self.problems = tuple(problems)

    def _ours(self) -> str:
        if not self.problems:
            return super()._ours()
        lines = [f"- {problem.argument}: {problem.message}" for problem in self.problems[:_MOST_PROBLEMS]]
        if len(self.problems) > _MOST_PROBLEMS:
            lines.append(f"- and {len(self.problems) - _MOST_PROBLEMS} more.")
        return "\n".join([f"{self.what} {CHANGED['nothing']}", *lines, self.next_step])


class Ambiguous(Rejected):
    """A name stands for several things; nothing was sent."""

    kind = "several"


class Closed(Rejected):
    """The case is closed, and a closed case cannot be changed."""

    kind = "closed"


class ConfirmationNeeded(CallerError):
    """The change waits for a person's yes; nothing was sent.

    Attributes:
        preview: what would be done.
        confirmation: given with the same call, it stands for that yes; once, and for ten minutes.
    """

    kind = "confirm"

    def __init__(self, what: str, *, next_step: str, preview: Preview, confirmation: str) -> None:
        super().__init__(what, next_step=next_step)
        self.preview = preview
        self.confirmation = confirmation


class NotConfirmed(CallerError):
    """A person said no to the change, or nobody could be asked; nothing was sent.

    Attributes:
        say: the sentence for the person.
    """

    kind = "not_confirmed"

    def __init__(self, what: str, *, next_step: str, say: str = "All right, I have changed nothing.") -> None:
        super().__init__(what, next_step=next_step)
        self.say = say


class NotFound(CallerError):
    """The desk has no such case or task."""

    kind = "not_found"


class NotApplied(CallerError):
    """The desk answered, but shows another value than the one asked for.

    Attributes:
        ref: the case that the desk opened or changed all the same, where it is known.
    """

    kind = "not_applied"

    def __init__(
        self,
        what: str,
        *,
        next_step: str,
        changed: Changed = "nothing",
        theirs: Sequence[str] = (),
        ref: str = "",
    ) -> None:
        super().__init__(what, next_step=next_step, changed=changed, theirs=theirs)
        self.ref = ref


class NotDone(CallerError):
    """The desk gave no answer when it was sent, and a search that works shows nothing of it."""

    kind = "not_done"


class Conflict(CallerError):
    """The desk shows a later change than the caller has seen."""

    kind = "conflict"


class TransientError(CaseError):
    """Waiting fixes it.

    Attributes:
        retry_after: seconds to wait, where they are known or usual.
        by_desk: whether the desk named them; else trying sooner may do.
    """

    def __init__(
        self,
        what: str,
        *,
        next_step: str,
        changed: Changed = "nothing",
        retry_after: float | None = None,
        by_desk: bool = False,
    ) -> None:
        super().__init__(what, next_step=next_step, changed=changed)
        self.retry_after = retry_after
        self.by_desk = by_desk


class Unavailable(TransientError):
    """The desk does not answer."""

    kind = "unavailable"


class RateLimited(TransientError):
    """The desk asks to wait, or the allowance of its account does."""

    kind = "rate_limited"


class Busy(TransientError):
    """Too many calls wait already."""

    kind = "busy"


class OperatorError(CaseError):
    """An administrator fixes it."""


class ConfigurationError(OperatorError):
    """A setting is missing or wrong."""

    kind = "configuration"


class CredentialsRefused(OperatorError):
    """The desk does not accept the credentials."""

    kind = "credentials_refused"


class MissingScope(OperatorError):
    """The desk accepts the credentials, but not for this."""

    kind = "missing_scope"


class StateError(CaseError):
    """The state cannot be read or written."""


class StateBusy(StateError, Busy):
    """The state is locked or away for now."""

    kind = "busy"


class StateUnusable(StateError, ConfigurationError):
    """The state cannot be used until the administrator has looked at it."""

    kind = "configuration"


class UnexpectedAnswer(CaseError):
    """The desk answered something that is no answer."""

    kind = "unexpected_answer"
