"""Errors that teach: one table of what each kind says, and every place that raises held to it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from case_tools import CaseDesk, Settings, errors
from case_tools.errors import (
    CHANGED,
    KINDS,
    CallerError,
    CaseError,
    OperatorError,
    TransientError,
    UnexpectedAnswer,
)
from loopback import LoopbackDesk, Reply

TOP: Final = Path(__file__).parents[2]
MENDERS: Final = {
    CallerError: "the caller",
    TransientError: "waiting",
    OperatorError: "the administrator",
    UnexpectedAnswer: "the administrator",
}
RAISED: Final = {
    name: each
    for name, each in vars(errors).items()
    if isinstance(each, type) and issubclass(each, CaseError) and each.kind != "error"
}


def raising() -> Iterator[Any]:
    """Yield each place of the code that makes an error, with its class and the call."""
    for folder in ("tools/case_tools", "server/case_server"):
        for file in sorted((TOP / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                    place = f"{file.parent.name}.{file.stem}:{node.lineno}"
                    yield pytest.param(RAISED[node.func.id], node, id=place)


def words(node: ast.expr) -> str:
    """Return what can be read of a text in the code, with an ellipsis for each value put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(words(each) if isinstance(each, ast.Constant) else "…" for each in node.values)
    return "…"


def test_the_table_has_each_kind_under_who_can_mend_it() -> None:
    """*Ours*: the tree of classes and the table say the same."""
    of_the_tree = {
        each.kind: mender
        for parent, mender in MENDERS.items()
        for each in RAISED.values()
        if issubclass(each, parent)
    }
    assert {kind: each.fixed_by for kind, each in KINDS.items()} == of_the_tree


@pytest.mark.parametrize(("kind", "call"), [*raising()])
def test_each_place_says_what_happened_what_changed_and_what_is_next(
    kind: type[CaseError], call: ast.Call
) -> None:
    """*Ours*: two sentences, and of changes only what the table lets this kind say."""
    given = {each.arg: each.value for each in call.keywords}
    changed = {
        node.value
        for node in ast.walk(given.get("changed", ast.Constant("nothing")))
        if isinstance(node, ast.Constant) and node.value in CHANGED
    }
    what, next_step = words(call.args[0]), words(given["next_step"])
    assert re.search(r"[.…]$", what), what
    assert re.search(r"[.…]$", next_step), next_step
    assert len(next_step) > len("again.") or next_step == "…", next_step
    assert changed <= {*KINDS[kind.kind].changed}


@pytest.mark.parametrize("changed", CHANGED)
def test_an_error_is_three_sentences_in_this_order(changed: Any) -> None:
    """*Ours*: what happened, whether anything changed, the next step."""
    error = errors.Unavailable("The desk failed.", changed=changed, next_step="Try again.")
    assert str(error) == error.text("AAAAAAAA") == f"The desk failed. {CHANGED[changed]} Try again."


def test_what_the_desk_shows_stands_below_in_the_boundary() -> None:
    """*Ours*: for a model between the two lines, for a person as a list."""
    error = errors.NotApplied(
        "The desk shows another value.", changed="unknown", next_step="Look.", theirs=["title (asked 'a')"]
    )
    sentences = f"The desk shows another value. {CHANGED['unknown']} Look."
    assert error.text("AAAAAAAA") == f"{sentences}\n<untrusted-AAAAAAAA>\ntitle (asked 'a')\n</untrusted-AAAAAAAA>"
    assert str(error) == f"{sentences}\n- title (asked 'a')"


async def test_a_missing_scope_is_told_in_words_that_an_administrator_can_act_on(
    loopback: LoopbackDesk, settings: Settings
) -> None:
    """*Documented* (K-INTRO): the scope is ticked under API Scope, and works once the app is published."""
    loopback.will_answer(Reply.of({"errors": [{"code": 4002, "msg": "Insufficient scope"}]}, status=403))
    async with CaseDesk(settings) as desk:
        with pytest.raises(errors.MissingScope) as caught:
            await desk.call("search_cases")
    assert str(caught.value) == (
        "The JWT app may not work on cases: it lacks the scope, or was not published since it was given. "
        "Nothing was changed. The administrator opens App Settings > Dev Tools > API Scope, gives the JWT app of "
        "KORE_CLIENT_ID the scope `Case Management Configuration`, saves, and publishes the app."
    )
