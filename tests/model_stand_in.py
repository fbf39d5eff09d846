"""Scripted models behind each of the two APIs, on a loopback socket, as strict as the real ones are.

What a model says next hangs on the request and on how often it has spoken, so that plays may run at the same
time. A request that the real API would refuse is refused with the error body that it documents.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evals.task import Task
from loopback import Received, Reply

Json = dict[str, Any]
KEY: Final = "sk-invented-key-of-the-tests"
MODEL: Final = "scripted-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """One turn of a scripted model: what it calls, or its last words. A text for arguments goes out as it is."""

    words: str = ""
    calls: Sequence[tuple[str, Mapping[str, Any] | str]] = ()


Script = Callable[[int], Says]
"""How often the model has spoken -> what it says next."""


def careful(task: Task) -> Script:
    """Return a model that does what the careful agent of the task does."""
    turns = [Says(calls=[(each.tool, each.arguments)]) for each in task.calls]
    return lambda spoken: turns[spoken] if spoken < len(turns) else Says(words=task.reply.careful)


def openai(scripts: Mapping[str, Script]) -> Callable[[Received], Reply]:
    """Return what answers chat completions; the request's first words of the user choose the script."""

    def answer(received: Received) -> Reply:
        if received.path != "/v1/chat/completions":
            return _openai_error(404, f"Unknown request URL: POST {received.path}.")
        if (given := received.headers.get("authorization", "")) != f"Bearer {KEY}":
            return _openai_error(401, f"Incorrect API key provided: {given.removeprefix('Bearer ')}.")
        body = received.body
        if wrong := _wrong_in_chat(body):
            return _openai_error(400, wrong)
        says = _next(scripts, body["messages"])
        message: Json = {"role": "assistant", "content": says.words or None, "refusal": None, "annotations": []}
        if says.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{number}",
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": given if isinstance(given, str) else json.dumps(given),
                    },
                }
                for number, (name, given) in enumerate(says.calls)
            ]
        return Reply.of(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "model": MODEL,
                "choices": [
                    {
                        "index": 0,
                        "message": message,
                        "finish_reason": "tool_calls" if says.calls else "stop",
                    }
                ],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010},
            }
        )

    return answer


def anthropic(scripts: Mapping[str, Script]) -> Callable[[Received], Reply]:
    """Return what answers messages; the request's first words of the user choose the script."""

    def answer(received: Received) -> Reply:
        if received.path != "/v1/messages":
            return _anthropic_error(404, "not_found_error", "Not found")
        if received.headers.get("x-api-key") != KEY:
            return _anthropic_error(401, "authentication_error", "invalid x-api-key")
        if received.headers.get("anthropic-version") != "2023-06-01":
            return _anthropic_error(400, "invalid_request_error", "anthropic-version: header is required")
        body = received.body
        if wrong := _wrong_in_messages(body):
            return _anthropic_error(400, "invalid_request_error", wrong)
        says = _next(scripts, body["messages"])
        blocks: list[Json] = [{"type": "text", "text": says.words}] if says.words else []
        blocks += [
            {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": given}
            for number, (name, given) in enumerate(says.calls)
        ]
        return Reply.of(
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": MODEL,
                "content": blocks,
                "stop_reason": "tool_use" if says.calls else "end_turn",
                "stop_sequence": None,
                "usage": {
                    "input_tokens": 700,
                    "cache_creation_input_tokens": 200,
                    "cache_read_input_tokens": 100,
                    "output_tokens": 10,
                },
            }
        )

    return answer


def _next(scripts: Mapping[str, Script], messages: Sequence[Json]) -> Says:
    asked = next(each["content"] for each in messages if each["role"] == "user")
    return scripts[asked](sum(each["role"] == "assistant" for each in messages))


def _openai_error(status: int, words: str) -> Reply:
    error = {"message": words, "type": "invalid_request_error", "param": None, "code": None}
    return Reply.of({"error": error}, status=status)


def _anthropic_error(status: int, kind: str, words: str) -> Reply:
    return Reply.of({"type": "error", "error": {"type": kind, "message": words}}, status=status)


def _wrong_in_chat(body: Json) -> str:
    if {*body} != {"model", "messages", "tools", "max_completion_tokens"}:
        return f"Unrecognized request arguments: {', '.join(body)}"
    for tool in body["tools"]:
        if tool["type"] != "function" or tool["function"]["parameters"].get("type") != "object":
            return "Invalid schema for function"
    waiting: list[str] = []
    for message in body["messages"]:
        if waiting and message["role"] != "tool":
            return "An assistant message with 'tool_calls' must be followed by tool messages"
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting or not isinstance(message["content"], str):
                return "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            waiting.remove(message["tool_call_id"])
        waiting += [each["id"] for each in message.get("tool_calls", [])]
    return "An assistant message with 'tool_calls' must be followed by tool messages" if waiting else ""


def _wrong_in_messages(body: Json) -> str:
    if {*body} != {"model", "messages", "tools", "max_tokens", "system"}:
        return "messages: Field required"
    if any(tool["input_schema"].get("type") != "object" for tool in body["tools"]):
        return "tools.0.input_schema.type: Field required"
    roles = [each["role"] for each in body["messages"]]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        return "messages: roles must alternate"
    for said, told in zip(body["messages"][1::2], body["messages"][2::2], strict=True):
        called = [block["id"] for block in said["content"] if block["type"] == "tool_use"]
        if called != [block["tool_use_id"] for block in told["content"] if block["type"] == "tool_result"]:
            return "`tool_use` ids were found without `tool_result` blocks immediately after"
    return ""
