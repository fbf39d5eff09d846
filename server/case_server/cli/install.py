"""`case-mcp install CLIENT`: write this server's entry into a client's configuration, and nothing else."""

import difflib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from case_server.cli.clients import CLIENTS, Client, ServerEntry, file_of
from case_server.cli.clients.jsonc import NotJsonError, get_member, remove_member, set_member
from case_tools.errors import ConfigurationError
from case_tools.settings import KoreSettings, Settings, TalkdeskSettings

NAME: Final = "case-mcp"
_SECRET: Final = re.compile(r"_(SECRET|HEADERS|PASSWORD|TOKEN)$")


def install(
    client_name: str,
    environment: Mapping[str, str],
    *,
    url: str = "",
    key_variable: str = "",
    remove: bool = False,
    dry_run: bool = False,
    write_secrets: bool = False,
) -> int:
    """Show what changes in the client's configuration, keep a copy of the file, and write it.

    Args:
        client_name: one of `CLIENTS`.
        environment: its settings for this server go into the entry, secrets by reference.
        url: the server's address, where the client shall reach it over HTTP.
        key_variable: the variable that holds the API key for that address.
        remove: take the entry out instead.
        dry_run: write nothing.
        write_secrets: let secrets be written into the file of a client that cannot refer to a variable.

    Raises:
        ConfigurationError: the client cannot have the entry, or its file cannot be read or written.
    """
    client = CLIENTS[client_name]
    file = file_of(client, environment)
    before = _read(file, client)
    entry = None if remove else _entry(client, environment, url, key_variable, write_secrets=write_secrets)
    try:
        after = _changed(client, before, entry, toml=file.suffix == ".toml")
    except (NotJsonError, ValueError):
        raise ConfigurationError(
            f"The configuration of {client.title} cannot be read as {file.suffix[1:].upper()}: {file}.",
            next_step="Correct it by hand and call again; nothing was written.",
        ) from None
    if after == before:
        print(f"{client.title}: nothing to change in {file}")  # noqa: T201 - the command's answer
        return 0
    print("\n".join(_difference(before, after, file)))  # noqa: T201
    if dry_run:
        print("Nothing was written (--dry-run).")  # noqa: T201
        return 0
    copy = _write(file, after)
    print(f"Written. {f'The file as it was: {copy}. ' if copy else ''}{client.restart}")  # noqa: T201
    return 0


def _entry(
    client: Client, environment: Mapping[str, str], url: str, key_variable: str, *, write_secrets: bool
) -> ServerEntry:
    if url:
        if not client.takes_http:
            raise ConfigurationError(
                f"{client.title} takes no address in its file.",
                next_step="Add it there under Settings > Connectors, or install without --http.",
            )
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise ConfigurationError("--http is no address.", next_step="Give e.g. http://127.0.0.1:8000/mcp.")
        return ServerEntry(url=url, key_variable=key_variable)
    names = {name for model in (Settings, KoreSettings, TalkdeskSettings) for name in model.variables()}
    given = {name: environment[name] for name in sorted(names & set(environment)) if environment[name].strip()}
    secrets = [name for name in given if _is_secret(name, given[name])]
    if secrets and not client.refers and not write_secrets:
        raise ConfigurationError(
            f"{client.title} cannot refer to a variable, so {', '.join(secrets)} would be written into its file.",
            next_step="Use the desktop bundle, which keeps them in the system's store, or give --write-secrets.",
        )
    plain = {name: value for name, value in given.items() if name not in secrets}
    return ServerEntry(command=_command(), variables=plain, secrets=secrets)


def _is_secret(name: str, value: str) -> bool:
    return bool(_SECRET.search(name)) or ("://" in value and "@" in value)


def _command() -> Sequence[str]:
    """Return how a client starts this very installation, by an absolute path: hosts have another PATH."""
    beside = Path(sys.executable).with_name("case-mcp.exe" if sys.platform == "win32" else "case-mcp")
    if beside.is_file():
        return [str(beside), "serve"]
    if found := shutil.which("case-mcp"):
        return [found, "serve"]
    return [sys.executable, "-m", "case_server", "serve"]


def _changed(client: Client, before: str, entry: ServerEntry | None, *, toml: bool) -> str:
    if toml:
        return _changed_toml(client, before, entry)
    path = [*client.section, NAME]
    if entry is None:
        return remove_member(before, path)
    after = set_member(before, path, client.shape(entry))
    inputs = client.inputs(entry)
    return _with_inputs(after, inputs) if inputs else after


def _with_inputs(text: str, inputs: list[dict[str, object]]) -> str:
    """Return the text with the questions of this server among the client's others."""
    present = get_member(text, ["inputs"])
    if present is None:
        return set_member(text, ["inputs"], inputs)
    added = [each for each in inputs if f'"{each["id"]}"' not in present]
    if not added:
        return text
    import json  # noqa: PLC0415 - for this client alone

    listed = json.loads(re.sub(r"(?m)^\s*//.*$|,(?=\s*\])", "", present))
    return set_member(text, ["inputs"], [*listed, *added])


def _changed_toml(client: Client, before: str, entry: ServerEntry | None) -> str:
    import tomlkit  # noqa: PLC0415 - for this client alone
    from tomlkit.exceptions import ParseError  # noqa: PLC0415

    try:
        document = tomlkit.parse(before)
    except ParseError:
        raise NotJsonError from None
    [section] = client.section
    servers = document.get(section)
    if entry is None:
        if servers is None or NAME not in servers:
            return before
        del servers[NAME]
        if not servers:
            del document[section]
        return tomlkit.dumps(document)
    shape = client.shape(entry)
    if servers is None:
        servers = tomlkit.table(is_super_table=True)
        document[section] = servers
    if NAME in servers and servers[NAME].unwrap() == shape:
        return before
    servers[NAME] = tomlkit.item(shape)
    return tomlkit.dumps(document)


def _difference(before: str, after: str, file: Path) -> list[str]:
    """Return the changed lines alone: those around them may hold others' secrets."""
    return [
        line.rstrip("\r\n")
        for line in difflib.unified_diff(
            before.splitlines(), after.splitlines(), str(file), f"{file} (new)", n=0, lineterm=""
        )
    ]


def _read(file: Path, client: Client) -> str:
    try:
        return file.read_bytes().decode("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(
            f"The configuration of {client.title} cannot be read: {file}.", next_step="Check the file."
        ) from None


def _write(file: Path, text: str) -> Path | None:
    """Replace the file in one step, with the mode that it had; return the copy of what it held."""
    target = file.resolve()
    copy = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
            copy = target.with_name(f"{target.name}.{stamp}.bak")
            shutil.copy2(target, copy)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        if copy is not None:
            shutil.copymode(copy, name)
        Path(name).replace(target)
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written ({error.strerror}).", next_step="Check the folder's permissions."
        ) from None
    return copy
