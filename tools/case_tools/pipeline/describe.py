"""A write in words, before it is done: our own checked request, and never a text of the desk's.

A customer's words could ask a person to say yes. So of what stands at the desk only what the desk itself names is
shown: statuses, priorities, types and times.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from case_tools.adapter.arguments import Arguments
from case_tools.pipeline.invocation import Built
from case_tools.pipeline.preview import Preview
from case_tools.pipeline.resolve import Resolver
from case_tools.results import moment
from case_tools.untrusted import CUT, line

_LONGEST: Final = 300


def preview_of(built: Built, resolver: Resolver) -> Preview:
    """Return what a write would do."""
    invocation, request = built.invocation, built.request
    tool, arguments = invocation.tool, invocation.arguments
    address = tool.address.of(arguments) if tool.address else None
    before = tool.shown_before(request, built.resolved)
    hidden = {"expected_updated_at", tool.address.argument if tool.address else ""}
    fields: dict[str, tuple[str, str]] = {}
    for name, value in parts_of(arguments).items():
        if name in hidden:
            continue
        in_body = (request.body or {}).get(name)
        named = {"name": in_body["name"]} if isinstance(in_body, dict) and "name" in in_body else {}
        new = {**parts_of(value), **named} if isinstance(value, Arguments) else value
        fields[tool.dialog.labels.get(name, name)] = (before.get(name, ""), shown(new))
    ref = resolver.reference(address.kind, address.name) if address else ""
    return Preview(tool=tool.name, title=tool.title, ref=ref, fields=fields)


def parts_of(given: BaseModel) -> dict[str, object]:
    """Return what was given, by the arguments' own names."""
    parts = {name: getattr(given, name) for name in type(given).model_fields if name in given.model_fields_set}
    return {name: each for name, each in {**parts, **(given.model_extra or {})}.items() if each is not None}


def shown(value: object) -> str:
    """Return an argument on one line, all of its parts, and how long it is where it is cut."""
    words = _words(value)
    cut = line(words, _LONGEST)
    return f"{cut} ({len(words):,} characters in all)" if cut.endswith(CUT) else cut


def _words(value: object) -> str:
    if isinstance(value, BaseModel):
        return _words(parts_of(value))
    if isinstance(value, Mapping):
        named: dict[str, Any] = {key: each for key, each in value.items() if each is not None}
        if [*named] == ["name"]:
            return _words(named["name"])
        return ", ".join(f"{key} {_words(each)}" for key, each in named.items())
    if isinstance(value, list):
        return "; ".join(map(_words, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return moment(value) if isinstance(value, datetime) else str(value)
