"""A Rasa dialog for each tool: endpoints, slots, questions and flows, as four YAML documents.

Rasa's own checker needs a licence; the forms follow its MCP tool steps (`call`, `mcp_server`, `mapping`).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from case_server.app import tool_of
from case_tools.adapter.tool import Tool

_SERVER: Final = "case-mcp"
_TYPES: Final = {"boolean": "bool", "integer": "float"}
_ANSWERS: Final = {"ok": "bool", "problem": "text", "say": "text"}
_OF_WRITES: Final = {"ref": "text", "status": "text"}
_OF_SEARCHES: Final = {"total": "float", "cases": "any"}


def rasa(actions: Mapping[str, Tool[Any]]) -> str:
    """Return endpoints.yml, domain.yml, responses.yml and flows.yml in one text, parted by `---`."""
    documents = [
        ("endpoints.yml", _endpoints()),
        ("domain.yml", _slots(actions)),
        ("responses.yml", _responses(actions)),
        ("flows.yml", _flows(actions)),
    ]
    head = "# Start the server with CASE_MCP_OUTCOMES=data: Rasa leaves a flow where a tool answers an error.\n"
    return head + "".join(f"---\n# {name}\n" + "\n".join(lines) + "\n" for name, lines in documents)


def slots_of(action: Tool[Any]) -> dict[str, str]:
    """Return what a person is asked for: argument -> slot."""
    properties = tool_of(action).input_schema["properties"]
    return {name: f"{action.name}_{name}" for name in action.dialog.questions if name in properties}


def _answers(action: Tool[Any]) -> dict[str, str]:
    return _ANSWERS | (_OF_SEARCHES if action.reads else _OF_WRITES)


def _endpoints() -> Iterator[str]:
    yield "mcp_servers:"
    yield f"  - name: {_SERVER}"
    yield "    url: http://127.0.0.1:8000/mcp"
    yield "    type: http"


def _slots(actions: Mapping[str, Tool[Any]]) -> Iterator[str]:
    yield "slots:"
    for action in actions.values():
        properties = tool_of(action).input_schema["properties"]
        for name, slot in slots_of(action).items():
            yield from _slot(slot, _TYPES.get(properties[name]["type"], "text"), "from_llm")
        for name, kind in _answers(action).items():
            yield from _slot(f"{action.name}_answer_{name}", kind, "controlled")


def _slot(name: str, kind: str, filled: str) -> Iterator[str]:
    yield f"  {name}:"
    yield f"    type: {kind}"
    yield "    mappings:"
    yield f"      - type: {filled}"


def _responses(actions: Mapping[str, Tool[Any]]) -> Iterator[str]:
    yield "responses:"
    for action in actions.values():
        for name, slot in slots_of(action).items():
            yield from _response(f"utter_ask_{slot}", action.dialog.questions[name])
        done = "{total} found." if action.reads else "Done: {ref}, {status}."
        for name in _answers(action):
            done = done.replace(f"{{{name}}}", f"{{{action.name}_answer_{name}}}")
        yield from _response(f"utter_{action.name}_done", done)
        yield from _response(f"utter_{action.name}_say", f"{{{action.name}_answer_say}}")


def _response(name: str, text: str) -> Iterator[str]:
    yield f"  {name}:"
    yield f"    - text: {json.dumps(text, ensure_ascii=False)}"


def _flows(actions: Mapping[str, Tool[Any]]) -> Iterator[str]:
    yield "flows:"
    for action in actions.values():
        slots = slots_of(action)
        required = tool_of(action).input_schema.get("required", [])
        asked = [name for name in slots if name in required or action.dialog.labels.get(name) == "e-mail"]
        yield f"  {action.name}:"
        yield f"    name: {json.dumps(action.title)}"
        yield f"    description: {json.dumps(action.description.split('. ')[0] + '.', ensure_ascii=False)}"
        yield "    steps:"
        for name in asked if not action.reads else slots:
            yield f"      - collect: {slots[name]}"
        yield from _call(action, slots)


def _call(action: Tool[Any], slots: Mapping[str, str]) -> Iterator[str]:
    yield f"      - call: {action.name}"
    yield f"        mcp_server: {_SERVER}"
    yield "        mapping:"
    yield "          input:"
    for name, slot in slots.items():
        yield f"            - param: {name}"
        yield f"              slot: {slot}"
    yield "          output:"
    for name in _answers(action):
        yield f"            - slot: {action.name}_answer_{name}"
        yield f"              value: result.structuredContent.{name}"
    yield "        next:"
    yield f"          - if: slots.{action.name}_answer_ok"
    yield "            then:"
    yield f"              - action: utter_{action.name}_done"
    yield "                next: END"
    yield "          - else:"
    yield f"              - action: utter_{action.name}_say"
    yield "                next: END"
