"""A Rasa dialog for each tool: endpoints, slots, questions and flows, as four YAML documents.

Rasa's own checker needs a licence; the forms follow its MCP tool steps (`call`, `mcp_server`, `mapping`).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from case_server.mcp.definitions import definition_of
from case_tools.adapter.tool import Tool

_SERVER: Final = "case-mcp"
_TYPES: Final = {"boolean": "bool", "integer": "float"}
_ANSWERS: Final = {"ok": "bool", "problem": "text", "say": "text"}
_OF_WRITES: Final = {"ref": "text", "status": "text"}
_OF_SEARCHES: Final = {"total": "float", "cases": "any"}


def rasa(tools: Mapping[str, Tool[Any]]) -> str:
    """Return endpoints.yml, domain.yml, responses.yml and flows.yml in one text, parted by `---`."""
    documents = [
        ("endpoints.yml", _endpoints()),
        ("domain.yml", _slots(tools)),
        ("responses.yml", _responses(tools)),
        ("flows.yml", _flows(tools)),
    ]
    head = "# Start the server with CASE_MCP_OUTCOMES=data: Rasa leaves a flow where a tool answers an error.\n"
    return head + "".join(f"---\n# {name}\n" + "\n".join(lines) + "\n" for name, lines in documents)


def slots_of(tool: Tool[Any]) -> dict[str, str]:
    """Return what a person is asked for: argument -> slot."""
    properties = definition_of(tool).input_schema["properties"]
    return {name: f"{tool.name}_{name}" for name in tool.dialog.questions if name in properties}


def _answers(tool: Tool[Any]) -> dict[str, str]:
    return _ANSWERS | (_OF_SEARCHES if tool.reads else _OF_WRITES)


def _endpoints() -> Iterator[str]:
    yield "mcp_servers:"
    yield f"  - name: {_SERVER}"
    yield "    url: http://127.0.0.1:8000/mcp"
    yield "    type: http"


def _slots(tools: Mapping[str, Tool[Any]]) -> Iterator[str]:
    yield "slots:"
    for tool in tools.values():
        properties = definition_of(tool).input_schema["properties"]
        for name, slot in slots_of(tool).items():
            yield from _slot(slot, _TYPES.get(properties[name]["type"], "text"), "from_llm")
        for name, kind in _answers(tool).items():
            yield from _slot(f"{tool.name}_answer_{name}", kind, "controlled")


def _slot(name: str, kind: str, filled: str) -> Iterator[str]:
    yield f"  {name}:"
    yield f"    type: {kind}"
    yield "    mappings:"
    yield f"      - type: {filled}"


def _responses(tools: Mapping[str, Tool[Any]]) -> Iterator[str]:
    yield "responses:"
    for tool in tools.values():
        for name, slot in slots_of(tool).items():
            yield from _response(f"utter_ask_{slot}", tool.dialog.questions[name])
        done = "{total} found." if tool.reads else "Done: {ref}, {status}."
        for name in _answers(tool):
            done = done.replace(f"{{{name}}}", f"{{{tool.name}_answer_{name}}}")
        yield from _response(f"utter_{tool.name}_done", done)
        yield from _response(f"utter_{tool.name}_say", f"{{{tool.name}_answer_say}}")


def _response(name: str, text: str) -> Iterator[str]:
    yield f"  {name}:"
    yield f"    - text: {json.dumps(text, ensure_ascii=False)}"


def _flows(tools: Mapping[str, Tool[Any]]) -> Iterator[str]:
    yield "flows:"
    for tool in tools.values():
        slots = slots_of(tool)
        required = definition_of(tool).input_schema.get("required", [])
        asked = [name for name in slots if name in required or tool.dialog.labels.get(name) == "e-mail"]
        yield f"  {tool.name}:"
        yield f"    name: {json.dumps(tool.title)}"
        yield f"    description: {json.dumps(tool.description.split('. ')[0] + '.', ensure_ascii=False)}"
        yield "    steps:"
        for name in asked if not tool.reads else slots:
            yield f"      - collect: {slots[name]}"
        yield from _call(tool, slots)


def _call(tool: Tool[Any], slots: Mapping[str, str]) -> Iterator[str]:
    yield f"      - call: {tool.name}"
    yield f"        mcp_server: {_SERVER}"
    yield "        mapping:"
    yield "          input:"
    for name, slot in slots.items():
        yield f"            - param: {name}"
        yield f"              slot: {slot}"
    yield "          output:"
    for name in _answers(tool):
        yield f"            - slot: {tool.name}_answer_{name}"
        yield f"              value: result.structuredContent.{name}"
    yield "        next:"
    yield f"          - if: slots.{tool.name}_answer_ok"
    yield "            then:"
    yield f"              - action: utter_{tool.name}_done"
    yield "                next: END"
    yield "          - else:"
    yield f"              - action: utter_{tool.name}_say"
    yield "                next: END"
