"""The two wire formats in which models are offered tools: OpenAI's chat completions and Anthropic's messages.

A conversation holds what was said so far; it gives the next request and takes in its answer. It sends nothing.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from mcp.types import Tool

Json = dict[str, Any]
_MOST_TOKENS_A_TURN: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A tool that the model calls; `arguments` is None where they are no JSON object."""

    id: str
    name: str
    arguments: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the model said, what it calls, and the tokens that the API counted."""

    words: str
    calls: Sequence[ToolCall]
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a call came to."""

    call: ToolCall
    text: str
    refused: bool


class Conversation(Protocol):
    """A conversation in one wire format."""

    def body(self) -> Json:
        """Return the next request."""

    def hear(self, answer: Json) -> Turn:
        """Take in an answer.

        Raises:
            KeyError, TypeError, IndexError: it is none.
        """

    def tell(self, results: Sequence[ToolResult]) -> None:
        """Add what the calls came to."""


class OpenAI:
    """Chat completions with tools."""

    def __init__(self, *, model: str, system: str, request: str, tools: Sequence[Tool]) -> None:
        self._model = model
        self._messages: list[Json] = [
            {"role": "system", "content": system},
            {"role": "user", "content": request},
        ]
        self._tools = [
            {
                "type": "function",
                "function": {
                    "name": each.name,
                    "description": each.description,
                    "parameters": each.input_schema,
                },
            }
            for each in tools
        ]

    @staticmethod
    def address(url: str) -> str:
        """Return the endpoint below the API's address."""
        return _below(url, "/chat/completions")

    @staticmethod
    def headers(key: str) -> dict[str, str]:
        """Return what proves the caller."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def body(self) -> Json:
        """Return the next request."""
        return {
            "model": self._model,
            "max_completion_tokens": _MOST_TOKENS_A_TURN,
            "messages": self._messages,
            "tools": self._tools,
        }

    def hear(self, answer: Json) -> Turn:
        """Take in an answer; its arguments are JSON in a text."""
        said = answer["choices"][0]["message"]
        called = said.get("tool_calls") or []
        words = said.get("content") or said.get("refusal") or ""
        message = {"role": "assistant", "content": said.get("content")}
        self._messages.append(message | ({"tool_calls": called} if called else {}))
        calls = [
            ToolCall(
                id=each["id"],
                name=each["function"]["name"],
                arguments=_object(each["function"].get("arguments") or "{}"),
            )
            for each in called
        ]
        used = answer.get("usage") or {}
        return Turn(
            words=words,
            calls=calls,
            tokens_in=used.get("prompt_tokens") or 0,
            tokens_out=used.get("completion_tokens") or 0,
        )

    def tell(self, results: Sequence[ToolResult]) -> None:
        """Add one message for each call; the format has no mark for an error."""
        self._messages += [
            {"role": "tool", "tool_call_id": each.call.id, "content": each.text} for each in results
        ]


class Anthropic:
    """Messages with tools."""

    def __init__(self, *, model: str, system: str, request: str, tools: Sequence[Tool]) -> None:
        self._model = model
        self._system = system
        self._messages: list[Json] = [{"role": "user", "content": request}]
        self._tools = [
            {"name": each.name, "description": each.description, "input_schema": each.input_schema}
            for each in tools
        ]

    @staticmethod
    def address(url: str) -> str:
        """Return the endpoint below the API's address, which is given with or without its version."""
        return _below(url.rstrip("/").removesuffix("/v1"), "/v1/messages")

    @staticmethod
    def headers(key: str) -> dict[str, str]:
        """Return what proves the caller, and the version of the format."""
        return {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})

    def body(self) -> Json:
        """Return the next request."""
        return {
            "model": self._model,
            "max_tokens": _MOST_TOKENS_A_TURN,
            "system": self._system,
            "messages": self._messages,
            "tools": self._tools,
        }

    def hear(self, answer: Json) -> Turn:
        """Take in an answer; its blocks go back as they came, those of thinking among them."""
        blocks: list[Json] = answer["content"]
        if blocks:
            self._messages.append({"role": "assistant", "content": blocks})
        calls = [
            ToolCall(
                id=each["id"],
                name=each["name"],
                arguments=each["input"] if isinstance(each["input"], dict) else None,
            )
            for each in blocks
            if each["type"] == "tool_use"
        ]
        used = answer.get("usage") or {}
        kinds = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        return Turn(
            words="\n".join(each["text"] for each in blocks if each["type"] == "text"),
            calls=calls,
            tokens_in=sum(used.get(kind) or 0 for kind in kinds),
            tokens_out=used.get("output_tokens") or 0,
        )

    def tell(self, results: Sequence[ToolResult]) -> None:
        """Add one message with a block for each call."""
        blocks = [
            {
                "type": "tool_result",
                "tool_use_id": each.call.id,
                "content": each.text,
                "is_error": each.refused,
            }
            for each in results
        ]
        self._messages.append({"role": "user", "content": blocks})


APIS: Final[Mapping[str, type[OpenAI | Anthropic]]] = {"openai": OpenAI, "anthropic": Anthropic}


def _below(url: str, path: str) -> str:
    plain = url.rstrip("/")
    return plain if plain.endswith(path) else plain + path


def _object(text: str) -> Json | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
