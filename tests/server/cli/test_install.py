"""`case-mcp install`: entries as the clients' own documentation has them, and nothing else changed.

Sources: Claude Code, Codex and Gemini CLI by their own commands (run below); Claude Desktop
modelcontextprotocol.io/quickstart/user; Cursor cursor.com/docs/mcp; VS Code
code.visualstudio.com/docs/copilot/reference/mcp-configuration. The last three programs were not run.
"""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from brought import node_program
from case_server.cli.install import install as write_entry
from served import run

PATIENCE: Final = 120.0
SECRET: Final = "Lettuce-4711-invented"
CLIENTS: Final = ["claude-code", "claude-desktop", "cursor", "vscode", "codex", "gemini"]
FILES: Final = {
    "claude-code": ".claude.json",
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".config/Code/User/mcp.json",
    "codex": ".codex/config.toml",
    "gemini": ".gemini/settings.json",
}
SECTIONS: Final = {"vscode": "servers", "codex": "mcp_servers"}
KORE: Final = {"KORE_HOST": "platform.kore.example", "KORE_CLIENT_SECRET": SECRET}
REFERENCES: Final[Mapping[str, Mapping[str, Any]]] = {
    "claude-code": {
        "type": "stdio",
        "env": {"KORE_HOST": KORE["KORE_HOST"], "KORE_CLIENT_SECRET": "${KORE_CLIENT_SECRET}"},
    },
    "cursor": {
        "type": "stdio",
        "env": {"KORE_HOST": KORE["KORE_HOST"], "KORE_CLIENT_SECRET": "${env:KORE_CLIENT_SECRET}"},
    },
    "vscode": {
        "type": "stdio",
        "env": {"KORE_HOST": KORE["KORE_HOST"], "KORE_CLIENT_SECRET": "${input:KORE_CLIENT_SECRET}"},
    },
    "codex": {
        "required": True,
        "env": {"KORE_HOST": KORE["KORE_HOST"]},
        "env_vars": ["KORE_CLIENT_SECRET"],
    },
    "gemini": {"env": {"KORE_HOST": KORE["KORE_HOST"], "KORE_CLIENT_SECRET": "$KORE_CLIENT_SECRET"}},
}
ADDRESS: Final = "http://127.0.0.1:8000/mcp"
OVER_HTTP: Final[Mapping[str, Mapping[str, Any]]] = {
    "claude-code": {"type": "http", "url": ADDRESS, "headers": {"Authorization": "Bearer ${CASES_KEY}"}},
    "cursor": {"url": ADDRESS, "headers": {"Authorization": "Bearer ${env:CASES_KEY}"}},
    "vscode": {"type": "http", "url": ADDRESS, "headers": {"Authorization": "Bearer ${input:CASES_KEY}"}},
    "codex": {"url": ADDRESS, "required": True, "bearer_token_env_var": "CASES_KEY"},
    "gemini": {"url": ADDRESS, "type": "http", "headers": {"Authorization": "Bearer $CASES_KEY"}},
}
COMMENTED: Final = """// mine
{
    /* servers of others */
    "NAME": {
        "other": {"command": "x", "args": ["a, }]", "//no comment"]}, // keep
    },
    "theme": "dark"  // and this
}
"""
TOML: Final = """# mine
model = "gpt"   # the good one

[mcp_servers.other]
command = "x"  # keep

[tui]
notifications = true
"""
OTHERS: Final = {
    "empty": "",
    "blank": "\n",
    "no section": '{\n  "theme": "dark"\n}\n',
    "empty object": "{}",
    "empty section": '{"NAME": {}}',
    "one line": '{"theme": "dark", "NAME": {"other": {"command": "x"}}}',
    "tabs": '{\n\t"NAME": {\n\t\t"other": {\n\t\t\t"command": "x"\n\t\t}\n\t}\n}\n',
    "comments": COMMENTED,
    "CRLF": COMMENTED.replace("\n", "\r\n"),
    "a mark": "\ufeff" + COMMENTED,
    "entry first": '{"NAME": {"case-mcp": {"command": "old"}, "other": {"command": "x"}}}',
    "entry last": '{\n  "NAME": {\n    "other": {"command": "x"},\n    "case-mcp": {"command": "old"}\n  }\n}\n',
    "entry alone": '{\n  "NAME": {\n    "case-mcp": {"command": "old"},\n  },\n}\n',
}
TOMLS: Final = {
    "empty": "",
    "comments": TOML,
    "CRLF": TOML.replace("\n", "\r\n"),
    "entry": TOML + '\n[mcp_servers.case-mcp]\ncommand = "old"\n\n[mcp_servers.case-mcp.env]\nA = "b"\n',
}


def install(home: Path, *arguments: str, **more: str) -> tuple[int, str, str]:
    """Run the command for a home of the test's own."""
    return run(
        "install", *arguments, settings={"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), **more}
    )


def plain(text: str, client: str) -> dict[str, Any]:
    """Read what a client reads, comments and trailing commas left out as JSONC readers do."""
    if client == "codex":
        return tomllib.loads(text)
    kept = r'("(?:[^"\\]|\\.)*")|'
    bare = re.sub(kept + r"//[^\n]*|/\*[\s\S]*?\*/", lambda match: match[1] or "", text.lstrip("\ufeff"))
    parsed: dict[str, Any] = json.loads(re.sub(kept + r",(?=\s*[}\]])", lambda match: match[1] or "", bare))
    return parsed


def entry_of(home: Path, client: str) -> Any:
    """Return the entry in the client's file."""
    text = (home / FILES[client]).read_bytes().decode()
    return plain(text, client)[SECTIONS.get(client, "mcpServers")]["case-mcp"]


@pytest.mark.parametrize("client", REFERENCES)
def test_an_entry_refers_to_secrets_and_holds_none(client: str, tmp_path: Path) -> None:
    """Documented (each client's page): how its file refers to a variable; the command is absolute."""
    status, out, errors = install(tmp_path, client, **KORE)
    assert (status, errors) == (0, "")
    entry = entry_of(tmp_path, client)
    command = entry.pop("command")
    assert (Path(command).is_absolute(), entry.pop("args")[-1]) == (True, "serve")
    assert entry == REFERENCES[client]
    assert SECRET not in out + (tmp_path / FILES[client]).read_text()


def test_vs_code_asks_for_the_secrets_beside_what_it_asks_already(tmp_path: Path) -> None:
    """Documented (VS Code): inputs of the type promptString."""
    file = tmp_path / FILES["vscode"]
    file.parent.mkdir(parents=True)
    file.write_text('{"inputs": [{"type": "promptString", "id": "mine", "description": "d"}], "servers": {}}')
    for _ in range(2):
        assert install(tmp_path, "vscode", **KORE)[0] == 0
    asked = json.loads(file.read_text())["inputs"]
    assert [(each["id"], each.get("password")) for each in asked] == [("mine", None), ("KORE_CLIENT_SECRET", True)]


def test_a_client_that_cannot_refer_gets_no_secret_unless_told_to(tmp_path: Path) -> None:
    """Ours: Claude Desktop's file takes values alone."""
    status, _, errors = install(tmp_path, "claude-desktop", **KORE)
    assert (status, (tmp_path / FILES["claude-desktop"]).exists()) == (2, False)
    assert "cannot refer to a variable, so KORE_CLIENT_SECRET would be written" in errors
    assert install(tmp_path, "claude-desktop", "--write-secrets", **KORE)[0] == 0
    assert entry_of(tmp_path, "claude-desktop")["env"] == KORE


@pytest.mark.parametrize("client", OVER_HTTP)
def test_an_address_is_written_with_a_reference_to_the_key(client: str, tmp_path: Path) -> None:
    """Documented (each client's page): how a server over HTTP is named."""
    assert install(tmp_path, client, "--http", ADDRESS, "--key-variable", "CASES_KEY")[0] == 0
    assert entry_of(tmp_path, client) == OVER_HTTP[client]


@pytest.mark.parametrize(
    ("client", "content"),
    [
        pytest.param(client, text, id=f"{client} {name}")
        for client in CLIENTS
        for name, text in (TOMLS if client == "codex" else OTHERS).items()
    ],
)
def test_nothing_else_is_changed_and_the_second_time_nothing_at_all(
    client: str, content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ours: comments, order and line ends stay; a copy is kept; --dry-run writes nothing."""
    section = SECTIONS.get(client, "mcpServers")
    before = content.replace("NAME", section)
    file = tmp_path / FILES[client]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(before.encode())
    others = plain(before, client) if before.strip("\ufeff\n") else {}
    others.get(section, {}).pop("case-mcp", None)

    home = {"HOME": str(tmp_path)}
    assert write_entry(client, home, dry_run=True) == 0
    assert file.read_bytes().decode() == before
    assert write_entry(client, home) == 0
    once = file.read_bytes().decode()
    copies = [*file.parent.glob(f"{file.name}.*.bak")]
    assert [copy.read_bytes().decode() for copy in copies] == [before]
    capsys.readouterr()
    status = write_entry(client, home)
    assert (status, "nothing to change" in capsys.readouterr().out, file.read_bytes().decode()) == (0, True, once)
    assert [line for line in before.splitlines() if "keep" in line or "mine" in line or "and this" in line] == [
        line for line in once.splitlines() if "keep" in line or "mine" in line or "and this" in line
    ]
    shown = plain(once, client)
    assert Path(shown[section].pop("case-mcp")["command"]).is_absolute()
    assert {key: value for key, value in shown.items() if value} == {k: v for k, v in others.items() if v}
    assert ("\r\n" in before) == ("\r\n" in once)

    assert write_entry(client, home, remove=True) == 0
    left = file.read_bytes().decode()
    after = plain(left, client) if left.strip() else {}
    assert {key: value for key, value in after.items() if value} == {k: v for k, v in others.items() if v}


@pytest.mark.parametrize("content", ["[]", "{", '{"mcpServers": []}', '{"mcpServers": {"a": }}', "no JSON"])
def test_a_file_that_cannot_be_read_is_left_alone(content: str, tmp_path: Path) -> None:
    """Ours: it is said, with the file's name."""
    file = tmp_path / FILES["cursor"]
    file.parent.mkdir()
    file.write_text(content)
    status, _, errors = install(tmp_path, "cursor")
    assert (status, file.read_text(), [*file.parent.iterdir()]) == (2, content, [file])
    assert f"cannot be read as JSON: {file}" in errors


PROGRAMS: Final = {
    "claude-code": ("@anthropic-ai/claude-code", "2.1.197", "claude", ["mcp", "get", "case-mcp"]),
    "codex": ("@openai/codex", "0.171.0", "codex", ["mcp", "get", "case-mcp"]),
    "gemini": ("@google/gemini-cli", "0.61.0", "gemini", ["mcp", "list"]),
}


@pytest.mark.parametrize("client", PROGRAMS)
def test_the_real_program_reads_the_entry(
    client: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Documented (the program itself): it names the server and the command."""
    package, version, command, arguments = PROGRAMS[client]
    node, script = node_program(tmp_path_factory.mktemp("npm"), package, version, command)
    assert install(tmp_path, client)[0] == 0
    started = entry_of(tmp_path, client)["command"]
    program = [node, str(script)] if script.suffix in {".js", ".mjs", ".cjs"} else [str(script)]
    done = subprocess.run(
        [*program, *arguments],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GEMINI_CLI_TRUST_WORKSPACE": "true"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    said = done.stdout + done.stderr
    assert "case-mcp" in said
    assert started in said
