"""Check exports with each program's own library: run by a test, in an environment of these libraries alone."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

STARTED = "the libraries are here"


def main(folder: Path) -> None:
    """Check every export in the folder."""
    pydantic: Any = importlib.import_module("pydantic")
    chat: Any = importlib.import_module("openai.types.chat")
    anthropic: Any = importlib.import_module("anthropic.types")
    gemini: Any = importlib.import_module("google.genai.types")
    yaml: Any = importlib.import_module("yaml")
    names: dict[str, list[str]] = {}
    print(STARTED)

    tools = json.loads((folder / "openai").read_text())
    for tool in tools:
        pydantic.TypeAdapter(chat.ChatCompletionFunctionToolParam).validate_python(tool, strict=True)
    names["openai"] = [tool["function"]["name"] for tool in tools]

    tools = json.loads((folder / "anthropic").read_text())
    for tool in tools:
        pydantic.TypeAdapter(anthropic.ToolParam).validate_python(tool)
    names["anthropic"] = [tool["name"] for tool in tools]

    [tool] = json.loads((folder / "gemini").read_text())
    read = gemini.Tool.model_validate(tool)
    assert all(each.parameters.properties for each in read.function_declarations)
    names["gemini"] = [each.name for each in read.function_declarations]

    endpoints, domain, responses, flows = yaml.safe_load_all((folder / "rasa").read_text())
    names["rasa"] = [*flows["flows"]]
    checked = {"server": endpoints["mcp_servers"][0]["name"], "slots": 0, "questions": 0}
    for name, flow in flows["flows"].items():
        *collects, call = flow["steps"]
        assert (call["call"], call["mcp_server"]) == (name, checked["server"])
        for step in collects:
            assert f"utter_ask_{step['collect']}" in responses["responses"]
            checked["questions"] += 1
        for each in [*call["mapping"]["input"], *call["mapping"]["output"]]:
            assert each["slot"] in domain["slots"], each
            checked["slots"] += 1
        for branch in call["next"]:
            for step in branch.get("then") or branch["else"]:
                assert step["action"] in responses["responses"]
    print(json.dumps({"names": names, "checked": checked}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
