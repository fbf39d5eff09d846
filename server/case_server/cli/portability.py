"""The rules that a tool keeps so that every client takes it, each with the client that breaks without it.

Each was measured with that client or is described in its issues. `schema.py` makes schemas that keep them, and
this checks the definitions that came out.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcp import types

Node = Mapping[str, Any]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,51}")
_KEY: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONGEST_DESCRIPTION: Final = 1000
_REFERENCES: Final = frozenset({"$ref", "$defs", "definitions", "$dynamicRef"})
_COMBINATORS: Final = frozenset({"anyOf", "oneOf", "allOf", "not", "if", "then", "else"})
_BEYOND_DIALECTS: Final = frozenset(
    {"const", "exclusiveMinimum", "exclusiveMaximum", "pattern", "patternProperties"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        says: what a tool does, one clause.
        breaks: which client breaks without it, and how.
        places: tool -> where it is broken.
    """

    says: str
    breaks: str
    places: Callable[[types.Tool], Iterator[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One place at which a tool breaks a rule."""

    tool: str
    place: str
    rule: Rule

    def __str__(self) -> str:
        return f"{self.tool}, {self.place}: must {self.rule.says}; else {self.rule.breaks}."


def broken(tool: types.Tool) -> list[Broken]:
    """Return every place at which the tool breaks a rule."""
    return [Broken(tool=tool.name, place=place, rule=rule) for rule in RULES for place in rule.places(tool)]


def _nodes(schema: object, place: str) -> Iterator[tuple[str, object]]:
    """Yield every schema in a schema, with the place where it stands."""
    yield place, schema
    if isinstance(schema, Mapping):
        for name, inner in (schema.get("properties") or {}).items():
            yield from _nodes(inner, f"{place}.{name}")
        if "items" in schema:
            yield from _nodes(schema["items"], f"{place}[]")


def _both(tool: types.Tool) -> Iterator[tuple[str, object]]:
    yield from _nodes(tool.input_schema, "input")
    yield from _nodes(tool.output_schema or {}, "output")


def _each(fails: Callable[[Node], bool]) -> Callable[[types.Tool], Iterator[str]]:
    """Return the places of the schemas that fail, in and out."""

    def places(tool: types.Tool) -> Iterator[str]:
        yield from (place for place, node in _both(tool) if isinstance(node, Mapping) and fails(node))

    return places


def _tool(place: str, fails: Callable[[types.Tool], bool]) -> Callable[[types.Tool], Iterator[str]]:
    return lambda tool: iter([place] if fails(tool) else [])


def _keys(node: Node) -> Mapping[str, Any]:
    return node.get("properties") or {}


def _undescribed(tool: types.Tool) -> Iterator[str]:
    for place, node in _nodes(tool.input_schema, "input"):
        if isinstance(node, Mapping):
            yield from (f"{place}.{name}" for name, each in _keys(node).items() if not _described(each))


def _described(schema: object) -> bool:
    return isinstance(schema, Mapping) and bool(schema.get("description"))


def _no_schema(tool: types.Tool) -> Iterator[str]:
    yield from (place for place, node in _both(tool) if not isinstance(node, Mapping))


def _open(tool: types.Tool) -> bool:
    return tool.input_schema.get("type") != "object" or tool.input_schema.get("additionalProperties") is not False


def _hintless(tool: types.Tool) -> bool:
    hints = tool.annotations
    return hints is None or None in {
        hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint
    }  # fmt: skip


RULES: Final = (
    Rule(
        says="have a name of at most 52 small letters, digits and underscores",
        breaks="Cursor drops it beyond 60 characters with the server's, Gemini and OpenAI beyond 64",
        places=_tool("name", lambda tool: not _NAME.fullmatch(tool.name)),
    ),
    Rule(
        says="be described in 1 to 1,000 characters",
        breaks="OpenAI's models refuse more than 1,024, and no model finds a tool without",
        places=_tool("description", lambda tool: not 0 < len(tool.description or "") <= _LONGEST_DESCRIPTION),
    ),
    Rule(
        says="state all four hints",
        breaks="hosts take the worst of what is not said and ask a person before each search",
        places=_tool("annotations", _hintless),
    ),
    Rule(
        says="take one object and nothing that it does not name",
        breaks="OpenAI cannot hold it to its schema, and a misspelt filter is dropped on the way",
        places=_tool("input", _open),
    ),
    Rule(
        says="require nothing of its answer",
        breaks="a client that checks answers, as the SDK's does, throws what came away",
        places=_tool("output", lambda tool: bool((tool.output_schema or {}).get("required"))),
    ),
    Rule(
        says="have a schema of its own at each place, no true or false",
        breaks="Gemini refuses the whole request",
        places=_no_schema,
    ),
    Rule(
        says="have one plain type",
        breaks="Semantic Kernel and AutoGen lose the whole server on a list of types",
        places=_each(lambda node: not isinstance(node.get("type"), str)),
    ),
    Rule(
        says="be without references",
        breaks="Copilot Studio drops the tool without a word, also for its answer; Gemini empties the argument",
        places=_each(lambda node: bool(_REFERENCES & set(node))),
    ),
    Rule(
        says="be without unions and conditions",
        breaks="Anthropic's API refuses the whole request, Claude Code and Vertex drop the tool",
        places=_each(lambda node: bool(_COMBINATORS & set(node))),
    ),
    Rule(
        says="be without const, exclusive bounds and patterns",
        breaks="Copilot Studio and Gemini fail on them",
        places=_each(lambda node: bool(_BEYOND_DIALECTS & set(node))),
    ),
    Rule(
        says="have items where it is an array",
        breaks="VS Code refuses the tool",
        places=_each(lambda node: node.get("type") == "array" and not isinstance(node.get("items"), Mapping)),
    ),
    Rule(
        says="list texts alone as its choices",
        breaks="Gemini and Copilot Studio read every choice as a text",
        places=_each(lambda node: not all(isinstance(each, str) for each in node.get("enum", []))),
    ),
    Rule(
        says="name its keys with at most 64 letters, digits, dots, hyphens and underscores",
        breaks="Anthropic's API and Bedrock refuse the whole request",
        places=_each(lambda node: not all(_KEY.fullmatch(key) for key in _keys(node))),
    ),
    Rule(
        says="begin no key with an underscore",
        breaks="LlamaIndex, CrewAI, mcp-use and AutoGen lose the whole server",
        places=_each(lambda node: any(key.startswith("_") for key in _keys(node))),
    ),
    Rule(
        says="call no key properties",
        breaks="Vertex takes it for a schema",
        places=_each(lambda node: "properties" in _keys(node)),
    ),
    Rule(
        says="call no key of its answer result",
        breaks="Rasa's sub-agents keep nothing but that key",
        places=_tool("output", lambda tool: "result" in _keys(tool.output_schema or {})),
    ),
    Rule(
        says="give no default",
        breaks="CrewAI and mcp-use fill it in, and an update writes what nobody asked for",
        places=_each(lambda node: "default" in node),
    ),
    Rule(
        says="have no title beside its key",
        breaks="every model reads a fifth more for the same",
        places=_each(lambda node: "title" in node),
    ),
    Rule(
        says="describe each argument",
        breaks="models guess what belongs there",
        places=_undescribed,
    ),
)
"""In the order in which they are reported."""
