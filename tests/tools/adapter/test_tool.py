"""What a tool is: one effect for a call, asked in one place, and no write that could be lost for good."""

from typing import Any

import pytest

from case_tools import CaseDesk, Settings, Written
from case_tools.adapter.arguments import Arguments, Texts
from case_tools.adapter.messages import Parsed, Request, Resolved, Response
from case_tools.adapter.tool import Effect, Tool


class NoteArguments(Arguments):
    """The arguments of an invented tool."""

    notes: Texts | None = None
    status: str | None = None


class NoteTool(Tool[NoteArguments]):
    """A tool that only these tests know."""

    name = "add_note"
    title = "Add a note"
    description = "Add a note."
    scope = "cases:write"
    arguments = NoteArguments
    result = Written

    def __init__(self, effect: Effect, *, appending: frozenset[str] = frozenset(), because: str = "") -> None:
        self.usual_effect = effect
        self.appending = appending
        self.no_reconciler_because = because
        super().__init__()

    def build_request(self, arguments: NoteArguments, resolved: Resolved) -> Request:
        """Return nothing that these tests send."""
        raise NotImplementedError

    def parse_response(
        self, arguments: NoteArguments, request: Request, response: Response, resolved: Resolved
    ) -> Parsed:
        """Return nothing that these tests parse."""
        raise NotImplementedError


@pytest.mark.parametrize(
    ("effect", "appending"),
    [("create", frozenset[str]()), ("append", frozenset[str]()), ("set", frozenset({"notes"}))],
)
def test_a_write_that_cannot_be_found_again_is_refused_when_its_tool_is_made(
    effect: Effect, appending: frozenset[str]
) -> None:
    """*Ours*: a lost answer to it could never be settled; a tool may say why that is so."""
    with pytest.raises(TypeError, match="add_note creates or appends"):
        NoteTool(effect, appending=appending)

    assert NoteTool(effect, appending=appending, because="the desk has no search").may_append_or_create


@pytest.mark.parametrize("effect", ["read", "set"])
def test_a_tool_that_neither_creates_nor_appends_needs_no_reconciler(effect: Effect) -> None:
    """*Ours*: reads and set values are repeated freely."""
    assert NoteTool(effect).effect(NoteArguments(status="Open")) == effect


def test_an_appending_argument_that_the_model_lacks_is_refused_when_the_tool_is_made() -> None:
    """*Ours*: a misspelled name would turn an append into a set."""
    with pytest.raises(TypeError, match="no arguments comments"):
        NoteTool("set", appending=frozenset({"comments"}), because="the desk has no search")


def test_an_append_tool_without_appending_arguments_always_appends() -> None:
    """*Ours*: once it was taken for one that sets values, and posted a public comment three times."""
    tool = NoteTool("append", because="the desk has no search")
    assert tool.effect(NoteArguments(status="Open")) == "append"


@pytest.mark.parametrize("usual", ["append", "set"])
def test_what_a_call_does_depends_on_its_appending_arguments_alone(usual: Effect) -> None:
    """*Ours*: whichever of the two a tool calls usual."""
    tool = NoteTool(usual, appending=frozenset({"notes"}), because="the desk has no search")
    assert tool.effect(NoteArguments(notes=["Called back"], status="Open")) == "append"
    assert tool.effect(NoteArguments(status="Open")) == "set"


@pytest.mark.parametrize("vendor", ["kore", "talkdesk"])
def test_every_write_of_a_vendor_can_be_found_again(vendor: Any) -> None:
    """*Ours*: each tool that creates or appends has a reconciler."""
    settings = Settings(
        state=":memory:", embedded_dialect=vendor, toolsets=("cases", "tasks") if vendor == "kore" else ("cases",)
    )
    writes = [tool for tool in CaseDesk(settings).tools.values() if tool.may_append_or_create]
    assert writes
    assert all(tool.reconciler is not None for tool in writes)
