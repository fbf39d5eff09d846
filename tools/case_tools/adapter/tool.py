"""What a tool is: a class with one method for each step of a call that is the vendor's own.

Every method is pure. The pipeline calls them in the order in which they stand here.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Generic, Literal, TypeVar

from case_tools.adapter.arguments import Arguments
from case_tools.adapter.messages import Operation, Parsed, Request, Resolved, Response
from case_tools.adapter.names import NameRef
from case_tools.adapter.reconciliation import Reconciler
from case_tools.results import Result, Written

A = TypeVar("A", bound=Arguments)
Scope = Literal["cases:read", "cases:write", "tasks:write"]
Effect = Literal["read", "create", "append", "set"]
"""How a call may be repeated: reads and set values freely, a create or an append never by itself."""

ONCE: Final = frozenset({"create", "append"})
"""The effects of which the ledger sees that they happen once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """How people speak of a tool's arguments.

    Attributes:
        labels: argument -> the name that people know it by, where they differ.
        questions: argument -> the question by which a person is asked for it.
        not_found: the question where the tool's address was not found.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    questions: Mapping[str, str] = field(default_factory=dict)
    not_found: str = "I could not find that. What is its reference?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The argument that addresses an existing case or task.

    Attributes:
        argument: its name.
        kind: `case` or `task`.
    """

    argument: str
    kind: str

    def of(self, arguments: Arguments) -> NameRef:
        """Return the case or task that the arguments address."""
        return NameRef(kind=self.kind, name=getattr(arguments, self.argument))


class Tool(ABC, Generic[A]):
    """One tool of one account.

    Attributes:
        name: the tool's name.
        title: its title for people.
        description: its description for a model that has never seen the vendor.
        scope: what a caller must be allowed to do.
        usual_effect: the effect of a call without any of the `appending` arguments; an `append` tool without
            `appending` arguments always appends.
        appending: arguments that make a call an append.
        arguments: the model of the arguments.
        result: the model of the result.
        address: the argument that addresses a case or task; None where the tool addresses none.
        dialog: how people speak of the arguments.
        kinds: argument -> the kind of learned name that it holds, e.g. `currAssignee` an `agent`.
        reconciler: how a lost create or append is found.
        no_reconciler_because: why a create or append cannot be found, where there is no reconciler.
    """

    name: str
    title: str
    description: str
    scope: Scope
    usual_effect: Effect
    appending: frozenset[str] = frozenset()
    arguments: type[A]
    result: type[Result]
    address: Address | None = None
    dialog: Dialog = Dialog()
    kinds: Mapping[str, str] = MappingProxyType({})
    no_reconciler_because: str = ""

    def __init__(self, *, reconciler: Reconciler | None = None) -> None:
        """Make the tool.

        Raises:
            TypeError: it creates or appends, and neither has a reconciler nor says why there is none; or an
                appending argument is not among its arguments.
        """
        self.reconciler = reconciler
        if self.may_append_or_create and reconciler is None and not self.no_reconciler_because:
            raise TypeError(f"{self.name} creates or appends: give it a reconciler, or no_reconciler_because.")
        if unknown := self.appending - {*self.arguments.model_fields}:
            raise TypeError(f"{self.name} has no arguments {', '.join(sorted(unknown))} that could append.")

    @property
    def reads(self) -> bool:
        """Whether the tool changes nothing at the desk."""
        return self.usual_effect == "read"

    @property
    def may_append_or_create(self) -> bool:
        """Whether a call may do what must not be done twice."""
        return self.usual_effect in ONCE or bool(self.appending)

    @property
    def operation(self) -> Operation:
        """What a response to the tool's own request responds to."""
        return Operation(tool=self.name, writes=not self.reads, addressed=self.address is not None)

    def effect(self, arguments: A) -> Effect:
        """Return what a call does: the one answer to how it is approved, sent, repeated and recorded."""
        if self.appending and self.usual_effect in {"append", "set"}:
            appends = any(getattr(arguments, each) is not None for each in self.appending)
            return "append" if appends else "set"
        return self.usual_effect

    def names_needed(self, _arguments: A) -> Sequence[NameRef]:
        """Return the names and references that must be resolved to ids, the most needed first."""
        return ()

    @abstractmethod
    def build_request(self, arguments: A, resolved: Resolved) -> Request:
        """Return the request.

        Raises:
            CallerError: a name or reference is unknown, ambiguous or probably misspelled.
        """

    def check(self, _arguments: A, _request: Request, _resolved: Resolved) -> None:
        """Refuse a request that what the desk has shown rules out.

        Raises:
            Conflict: it was changed since the caller saw it.
            Rejected: it is closed, or cannot be checked.
        """

    def shown_before(self, _request: Request, _resolved: Resolved) -> Mapping[str, str]:
        """Return argument -> its value before the change, where the desk itself words it.

        That is a status, a priority, a type or a time, never a text that somebody wrote.
        """
        return {}

    @abstractmethod
    def parse_response(self, arguments: A, request: Request, response: Response, resolved: Resolved) -> Parsed:
        """Return the parsed response.

        Raises:
            CaseError: the desk refused the request, applied it otherwise, or answered something unreadable.
        """

    def is_applied(self, _request: Request, _resolved: Resolved) -> bool | None:
        """Return whether the desk shows the values that a request sets; None where it shows too little to tell."""
        return None

    def reread(self, _request: Request, _parsed: Parsed) -> Request | None:
        """Return the search that shows what an update changed; None where there is none, or nothing to prove."""
        return None

    def confirmed(self, _request: Request, parsed: Parsed, _response: Response, _resolved: Resolved) -> Written:
        """Return the result of an update with what the response to `reread` proves.

        Raises:
            NotApplied: the desk shows another value than the one asked for.
        """
        if not isinstance(parsed.result, Written):
            raise TypeError(f"{self.name} writes, and its result is not a Written")
        return parsed.result
