"""The entry of each client as that client's own documentation has it; sources beside the fixtures of the tests."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEntry:
    """What a client must know to reach the server.

    Attributes:
        command: the program and its arguments; empty where it is reached over HTTP.
        variables: settings that are written as they are.
        secrets: names of variables that hold secrets, to be referred to.
        url: where the server is reached over HTTP.
        key_variable: the variable that holds the API key for HTTP.
    """

    command: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    url: str = ""
    key_variable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One client.

    Attributes:
        title: its name for people.
        file: the environment and the system -> its configuration for the user.
        section: the keys that lead to its servers.
        shape: the entry -> what the file says.
        refers: whether the file can refer to a variable, so that no secret is written.
        takes_http: whether the file can name a server over HTTP.
        restart: what to do after the change.
    """

    title: str
    file: Callable[[Mapping[str, str], str], Path]
    section: Sequence[str]
    shape: Callable[[ServerEntry], Json]
    refers: bool = True
    takes_http: bool = True
    restart: str

    def inputs(self, entry: ServerEntry) -> list[Json]:
        """Return what the client asks its user for, where it does so for secrets."""
        if self.section != _SERVERS:
            return []
        names = [*entry.secrets, *([entry.key_variable] if entry.key_variable else [])]
        return [{"type": "promptString", "id": name, "description": name, "password": True} for name in names]


_SERVERS: Final = ("servers",)
_MCP_SERVERS: Final = ("mcpServers",)


def _home(environment: Mapping[str, str]) -> Path:
    named = environment.get("HOME") or environment.get("USERPROFILE")
    return Path(named) if named else Path.home()


def _settings_folder(environment: Mapping[str, str], system: str) -> Path:
    """Return where programs keep their settings on a system, as `sys.platform` names it."""
    if system == "win32":
        return Path(environment.get("APPDATA") or _home(environment) / "AppData" / "Roaming")
    if system == "darwin":
        return _home(environment) / "Library" / "Application Support"
    return Path(environment.get("XDG_CONFIG_HOME") or _home(environment) / ".config")


def _plain(entry: ServerEntry, reference: Callable[[str], str]) -> Json:
    """Return command, arguments and environment, secrets as references."""
    shape: Json = {"command": entry.command[0], "args": [*entry.command[1:]]}
    variables = {**entry.variables, **{name: reference(name) for name in entry.secrets}}
    return {**shape, "env": variables} if variables else shape


def _headers(entry: ServerEntry, reference: Callable[[str], str]) -> Json:
    if not entry.key_variable:
        return {}
    return {"headers": {"Authorization": f"Bearer {reference(entry.key_variable)}"}}


def _typed(reference: Callable[[str], str]) -> Callable[[ServerEntry], Json]:
    """Return the shape with a type beside the command or the address."""

    def shape(entry: ServerEntry) -> Json:
        if entry.url:
            return {"type": "http", "url": entry.url, **_headers(entry, reference)}
        return {"type": "stdio", **_plain(entry, reference)}

    return shape


def _gemini(entry: ServerEntry) -> Json:
    if entry.url:
        return {"url": entry.url, "type": "http", **_headers(entry, lambda name: f"${name}")}
    return _plain(entry, lambda name: f"${name}")


def _cursor(entry: ServerEntry) -> Json:
    if entry.url:
        return {"url": entry.url, **_headers(entry, _in_env)}
    return {"type": "stdio", **_plain(entry, _in_env)}


def _in_env(name: str) -> str:
    return f"${{env:{name}}}"


def _codex(entry: ServerEntry) -> Json:
    """Return the table; `required` makes Codex wait for the server, `env_vars` are taken from its environment."""
    if entry.url:
        key = {"bearer_token_env_var": entry.key_variable} if entry.key_variable else {}
        return {"url": entry.url, "required": True, **key}
    shape: Json = {"command": entry.command[0], "args": [*entry.command[1:]], "required": True}
    if entry.secrets:
        shape["env_vars"] = [*entry.secrets]
    return {**shape, "env": dict(entry.variables)} if entry.variables else shape


def _claude_code_file(environment: Mapping[str, str], _system: str) -> Path:
    folder = environment.get("CLAUDE_CONFIG_DIR")
    return (Path(folder) if folder else _home(environment)) / ".claude.json"


def _codex_file(environment: Mapping[str, str], _system: str) -> Path:
    folder = environment.get("CODEX_HOME")
    return (Path(folder) if folder else _home(environment) / ".codex") / "config.toml"


CLIENTS: Final[Mapping[str, Client]] = {
    "claude-code": Client(
        title="Claude Code",
        file=_claude_code_file,
        section=_MCP_SERVERS,
        shape=_typed(lambda name: f"${{{name}}}"),
        restart="Start a new session; /mcp shows the server.",
    ),
    "claude-desktop": Client(
        title="Claude Desktop",
        file=lambda environment, system: (
            _settings_folder(environment, system) / "Claude" / "claude_desktop_config.json"
        ),
        section=_MCP_SERVERS,
        shape=lambda entry: _plain(entry, lambda name: os.environ.get(name, "")),
        refers=False,
        takes_http=False,
        restart="Quit Claude Desktop wholly and start it again.",
    ),
    "cursor": Client(
        title="Cursor",
        file=lambda environment, _system: _home(environment) / ".cursor" / "mcp.json",
        section=_MCP_SERVERS,
        shape=_cursor,
        restart="Restart Cursor, and switch the server on in its settings.",
    ),
    "vscode": Client(
        title="VS Code",
        file=lambda environment, system: _settings_folder(environment, system) / "Code" / "User" / "mcp.json",
        section=_SERVERS,
        shape=_typed(lambda name: f"${{input:{name}}}"),
        restart="Run `MCP: List Servers` and start case-mcp; it asks for the secrets once.",
    ),
    "codex": Client(
        title="Codex",
        file=_codex_file,
        section=("mcp_servers",),
        shape=_codex,
        restart="Start a new session; /mcp shows the server.",
    ),
    "gemini": Client(
        title="Gemini CLI",
        file=lambda environment, _system: _home(environment) / ".gemini" / "settings.json",
        section=_MCP_SERVERS,
        shape=_gemini,
        restart="Start a new session in a trusted folder; /mcp shows the server.",
    ),
}


def file_of(client: Client, environment: Mapping[str, str]) -> Path:
    """Return the client's configuration on this machine."""
    return client.file(environment, sys.platform)
