"""`case-mcp keys`: the commands on the file of API keys."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, get_args

from case_server.http.keys import KeyFile
from case_tools.adapter.tool import Scope
from case_tools.errors import ConfigurationError
from case_tools.settings import Settings

MOST_DAYS: Final = 3650
_VARIABLE: Final = "CASE_MCP_KEYS"


def add(environment: Mapping[str, str], name: str, *, scopes: str, days: int) -> int:
    """Add a key and print it, alone and for the only time, on stdout.

    Raises:
        ConfigurationError: a scope or the days are wrong, or the file cannot be used.
    """
    if not 0 < days <= MOST_DAYS:
        raise ConfigurationError("--days is out of range.", next_step=f"Give 1 to {MOST_DAYS} days.")
    file = _file(environment)
    key, entry = file.add(name, scopes=_scopes(scopes), days=days)
    print(key)  # noqa: T201 - the command's answer
    print(  # noqa: T201
        f"case-mcp: {name} may use this key for {', '.join(entry.scopes)} until {entry.expires:%Y-%m-%d}; "
        "it is not shown again",
        file=sys.stderr,
    )
    return 0


def show(environment: Mapping[str, str]) -> int:
    """Print a line for each key: name, scopes, when it was added and until when it is good.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    now = datetime.now(UTC)
    for entry in _file(environment).entries():
        until = f"{'until' if now < entry.expires else 'EXPIRED'} {entry.expires:%Y-%m-%d}"
        print(f"{entry.name}  {','.join(entry.scopes)}  added {entry.created:%Y-%m-%d}  {until}")  # noqa: T201
    return 0


def revoke(environment: Mapping[str, str], name: str) -> int:
    """Take a key away; a server that runs refuses it from its next request on.

    Raises:
        ConfigurationError: there is no such key, or the file cannot be used.
    """
    _file(environment).revoke(name)
    print(f"case-mcp: {name} is revoked", file=sys.stderr)  # noqa: T201
    return 0


def _file(environment: Mapping[str, str]) -> KeyFile:
    given = {name: value for name, value in environment.items() if name == _VARIABLE}
    path = Settings.read(given).keys
    if path is None:
        raise ConfigurationError(f"{_VARIABLE} is missing.", next_step="Set it to the file that keeps the keys.")
    return KeyFile(path)


def _scopes(given: str) -> Sequence[Scope]:
    named = {part.strip() for part in given.split(",")}
    scopes: tuple[Scope, ...] = tuple(scope for scope in get_args(Scope) if scope in named)
    if len(scopes) != len(named):
        raise ConfigurationError(
            "--scopes names something else than a scope.", next_step=f"Known are {', '.join(get_args(Scope))}."
        )
    return scopes
